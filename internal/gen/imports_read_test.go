package gen_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goFile is what the rules need of one file.
type goFile struct {
	path    string // relative to the root of the module
	imports []string
	times   []string // uses of realTime, with their lines
}

// moduleFiles parses all files that are not tests, those of nested modules
// included.
func moduleFiles(t *testing.T, root string) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (d.Name() == "testdata" || d.Name()[0] == '.' || d.Name()[0] == '_') {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		files = append(files, parseFile(t, filepath.ToSlash(rel), readFile(t, name)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func parseFile(t *testing.T, name, text string) goFile {
	t.Helper()
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	file := goFile{path: name}
	for _, spec := range tree.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		file.imports = append(file.imports, target)
		if target == "time" {
			file.times = append(file.times, timeUses(fset, tree, spec)...)
		}
	}
	return file
}

// timeUses lists where a file reads the real time through one import.
func timeUses(fset *token.FileSet, tree *ast.File, spec *ast.ImportSpec) []string {
	name := "time"
	if spec.Name != nil {
		name = spec.Name.Name
	}
	line := func(n ast.Node, what string) string {
		at := fset.Position(n.Pos())
		return fmt.Sprintf("%s:%d: %s, want the clock", at.Filename, at.Line, what)
	}
	if name == "." {
		return []string{line(spec, "dot import of time")}
	}
	var uses []string
	ast.Inspect(tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains(strings.Fields(realTime), sel.Sel.Name) {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == name {
			uses = append(uses, line(sel, "time."+sel.Sel.Name))
		}
		return true
	})
	return uses
}
