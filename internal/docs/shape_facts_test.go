package docs_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-streamz/streamz/flow"
)

// TestBranchThenZip proves what the page says of a diamond: the source runs once for each way of
// a Zip, so that ways of which one gives far less than the other do not block each other.
func TestBranchThenZip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		numbers := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			runs.Add(1)
			for n := range 10_000 {
				if err := emit(n); err != nil {
					return err
				}
			}
			return nil
		}).Async(1)
		same := func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1) }
		few := func(f flow.Flow[int]) flow.Flow[int] {
			return f.Async(1).Filter(func(n int) bool { return n%1_000 == 0 })
		}
		n, err := numbers.Branch(same, few).Zip(numbers.Branch(few)).Count(t.Context())
		if n != 10 || runs.Load() != 2 || err != nil {
			t.Errorf("%d pairs from %d runs of the source, error %v, want 10 from 2", n, runs.Load(), err)
		}
	})
}

// TestBranch_parameters proves that the ways of a Branch cannot be tied together.
func TestBranch_parameters(t *testing.T) {
	var kept flow.Flow[int]
	keep := func(f flow.Flow[int]) flow.Flow[int] {
		kept = f
		return f
	}
	with := func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, kept) }
	twice := func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, f) }
	numbers := flow.Range(0, 9)
	for name, f := range map[string]flow.Flow[int]{
		"one way in another":  numbers.Branch(keep, with),
		"one way at its side": flow.Merge(numbers.Branch(keep), kept),
		"a way with itself":   numbers.Branch(twice),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Collect(t.Context())
			if bad, ok := errors.AsType[*flow.ConfigError](err); !ok || bad.Field != "parameter" {
				t.Errorf("Collect() error = %v, want a ConfigError of the parameter", err)
			}
		})
	}
}

// TestShapes_all looks for shapes that the page does not have: exported functions of package
// flow that take a flow, or a function that is given one, beside the receiver.
func TestShapes_all(t *testing.T) {
	root := moduleRoot(t)
	page := read(t, filepath.Join(root, "docs", "shapes.md"))
	found := 0
	for _, fn := range functions(t, filepath.Join(root, "flow")) {
		name := fn.Name.Name
		if !fn.Name.IsExported() || !takesFlow(fn.Type) || slices.Contains(noShapes, name) {
			continue
		}
		if found++; !strings.Contains(page, "\n### "+name+"\n") {
			t.Errorf("docs/shapes.md has no %s", name)
		}
	}
	if found < 15 {
		t.Errorf("%d functions take a flow: the test does not see them", found)
	}
}

// noShapes take a flow, or a function that gives one, and are parts of a shape, stages, or matters
// of docs/supervision.md.
var noShapes = []string{"Case", "Default", "Restart", "Unbatch", "Using"}

// functions gives those of a package, without its tests.
func functions(t *testing.T, folder string) (fns []*ast.FuncDecl) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				fns = append(fns, fn)
			}
		}
	}
	return fns
}

// takesFlow tells whether a Flow is anywhere in the parameters.
func takesFlow(fn *ast.FuncType) (takes bool) {
	ast.Inspect(fn.Params, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		takes = takes || ok && (id.Name == "Flow" || id.Name == "RouteCase")
		return !takes
	})
	return takes
}
