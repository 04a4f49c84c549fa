package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The numbers of items are such that batches are empty, full and partial, and that a
// boundary is filled more than once.
func TestContendersAgree(t *testing.T) {
	for _, r := range table() {
		t.Run(r.name, func(t *testing.T) {
			for _, c := range r.contenders {
				for _, n := range []int{0, 1, 2, 99, 100, 257, 3000} {
					agrees(t, c.name, c.run, n, r.want(n))
					if c.base != nil {
						agrees(t, c.name+", base", c.base, n, r.want(n))
					}
				}
			}
		})
	}
}

func agrees(t *testing.T, name string, run runner, n, want int) {
	t.Helper()
	if got, err := run(n); got != want || err != nil {
		t.Errorf("%s over %d items: want %d, got %d, %v", name, n, want, got, err)
	}
}

// The ratios need a twin and one of ours, names have to be unique for benchstat, and a
// base needs its number.
func TestRowsAreComplete(t *testing.T) {
	rows := make(map[string]bool)
	for _, r := range table() {
		if rows[r.name] {
			t.Errorf("two rows %q", r.name)
		}
		rows[r.name] = true
		names, roles := make(map[string]bool), make(map[role]bool)
		for _, c := range r.contenders {
			if names[c.name] {
				t.Errorf("%s: two contenders %q", r.name, c.name)
			}
			names[c.name], roles[c.role] = true, true
			if (c.base != nil) != (c.times > 0) {
				t.Errorf("%s: %s: base and times go together", r.name, c.name)
			}
			if c.role != ours && c.budget != (budget{}) {
				t.Errorf("%s: %s: only ours have a budget", r.name, c.name)
			}
		}
		if !roles[twin] || !roles[ours] {
			t.Errorf("%s: want a twin and one of ours, got %v", r.name, roles)
		}
	}
}

// withoutRow are the processors that no row names, and why.
var withoutRow = map[string]string{
	"Debounce":       "what it passes depends on the time",
	"ElementAt":      "it ends the stream at one item",
	"FanIn":          "it is the row of the merge",
	"FanOut":         "it has several outputs",
	"Find":           "it ends the stream at one item",
	"Fold":           "it gives one item, as the sum of each row does",
	"Gathering":      "it is the row of Gather",
	"Partition":      "it has several outputs",
	"Router":         "it has several outputs",
	"SampleEvery":    "what it passes depends on the time",
	"Split":          "it has several outputs",
	"ThrottleFirst":  "what it passes depends on the time",
	"ThrottleLatest": "what it passes depends on the time",
}

func TestEveryProcessorHasARow(t *testing.T) {
	var names strings.Builder
	for _, r := range table() {
		names.WriteString(r.name + "\n")
		for _, c := range r.contenders {
			names.WriteString(c.name + "\n")
		}
	}
	all := processors(t)
	for name := range all {
		named := regexp.MustCompile(`\b` + name + `\b`).MatchString(names.String())
		if why := withoutRow[name]; named == (why != "") {
			t.Errorf("%s: named in a row: %v, reason to have none: %q", name, named, why)
		}
	}
	for name := range withoutRow {
		if !all[name] {
			t.Errorf("%s is no processor", name)
		}
	}
}

// processors are the exported types of package ops whose pointers have a method Process.
func processors(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../ops/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("files of ops: %d, %v", len(files), err)
	}
	all := make(map[string]bool)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Process" {
				if name := pointee(fn.Recv.List[0].Type); ast.IsExported(name) {
					all[name] = true
				}
			}
		}
	}
	return all
}

// pointee is the name of the type that a receiver points to, or empty.
func pointee(e ast.Expr) string {
	star, ok := e.(*ast.StarExpr)
	if !ok {
		return ""
	}
	e = star.X
	switch x := e.(type) {
	case *ast.IndexExpr:
		e = x.X
	case *ast.IndexListExpr:
		e = x.X
	}
	id, _ := e.(*ast.Ident)
	if id == nil {
		return ""
	}
	return id.Name
}
