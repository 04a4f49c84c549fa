package gen_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestImport_opsHasNoGoroutine holds package ops to what it leaves to the kernel: a
// processor starts no goroutine and makes no channel.
func TestImport_opsHasNoGoroutine(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(moduleRoot(t), "ops", "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no file of ops, error %v", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, line := range kernelWork(t, filepath.Base(name), readFile(t, name)) {
			t.Error(line)
		}
	}
}

// TestKernelWork breaks the rule: one that cannot fail holds nothing.
func TestKernelWork(t *testing.T) {
	got := kernelWork(t, "a.go", `package a
func f() {
	go f()
	c := make(chan int, 1)
	c <- 1
	_ = make([]chan int, 1)
}`)
	want := []string{
		"ops/a.go:3: a goroutine, want the kernel's",
		"ops/a.go:4: a channel, want a port of the kernel",
		"ops/a.go:5: a send, want a push",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines mismatch (-want +got):\n%s", diff)
	}
}

// kernelWork lists where a file of ops does what is the kernel's to do.
func kernelWork(t *testing.T, name, text string) []string {
	t.Helper()
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	ast.Inspect(tree, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "a goroutine, want the kernel's"
		case *ast.SendStmt:
			what = "a send, want a push"
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "make" && len(n.Args) > 0 {
				if _, ok := n.Args[0].(*ast.ChanType); ok {
					what = "a channel, want a port of the kernel"
				}
			}
		}
		if what != "" {
			lines = append(lines, fmt.Sprintf("ops/%s:%d: %s", name, fset.Position(n.Pos()).Line, what))
		}
		return true
	})
	return lines
}
