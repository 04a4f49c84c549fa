package ops_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSubjects_areAllProcessors: a processor that is not among the subjects would be
// held to nothing.
func TestSubjects_areAllProcessors(t *testing.T) {
	got := make(map[string]bool)
	for _, s := range subjects {
		got[s.typeName()] = true
	}
	if diff := cmp.Diff(processorTypes(t), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("types mismatch (-want +got): add it with conforms\n%s", diff)
	}
}

// processorTypes are the types of the package with a pointer method Process.
func processorTypes(t *testing.T) []string {
	t.Helper()
	var types []string
	for name, tree := range parsedFiles(t, "*.go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "Process" && fn.Recv != nil {
				types = append(types, pointedTo(fn.Recv.List[0].Type)...)
			}
		}
	}
	slices.Sort(types)
	return types
}

// parsedFiles are the files of a pattern by their names.
func parsedFiles(t *testing.T, pattern string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s, error %v", pattern, err)
	}
	files := make(map[string]*ast.File)
	for _, name := range names {
		if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// pointedTo is the name of the type that a receiver points to, none if it is no pointer.
func pointedTo(receiver ast.Expr) []string {
	star, ok := receiver.(*ast.StarExpr)
	if !ok {
		return nil
	}
	switch x := star.X.(type) {
	case *ast.IndexExpr:
		return []string{x.X.(*ast.Ident).Name}
	case *ast.IndexListExpr:
		return []string{x.X.(*ast.Ident).Name}
	case *ast.Ident:
		return []string{x.Name}
	}
	return nil
}
