// Package docs_test holds the project's documents to what the code does.
package docs_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/internal/gen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCode compiles the Go code of all documents. A file that belongs into the tree is
// compiled in its place, with what the generator makes of it. Nothing is written
// there: the go command is given an overlay.
func TestCode(t *testing.T) {
	root := moduleRoot(t)
	o := overlay{root: root, files: map[string][]byte{}}
	for _, b := range allBlocks(t, root) {
		o.add(t, b)
	}
	o.generate(t)
	cmd := exec.CommandContext(t.Context(), "go", "vet", "-overlay", o.write(t), "./internal/docs", "./ops", "./flow")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// TestFirstProgram compares the first program of the README with the Example that
// runs it.
func TestFirstProgram(t *testing.T) {
	root := moduleRoot(t)
	text := read(t, filepath.Join(root, "flow", "example_readme_test.go"))
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var want string
	for _, decl := range tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "Example_readme" {
			body := text[fset.Position(fn.Body.Lbrace).Offset+1 : fset.Position(fn.Body.Rbrace).Offset]
			body, _, _ = strings.Cut(body, "\n\t// Output:")
			want = strings.TrimSpace(strings.ReplaceAll(body, "\n\t", "\n"))
		}
	}
	readme, err := blocks("README.md", read(t, filepath.Join(root, "README.md")))
	if err != nil || len(readme) == 0 {
		t.Fatalf("README.md has %d programs, error %v", len(readme), err)
	}
	if diff := cmp.Diff(want, strings.TrimSpace(readme[0].code)); diff != "" {
		t.Errorf("first program of README.md mismatch with Example_readme (-want +got):\n%s", diff)
	}
}

func TestBlocks(t *testing.T) {
	text := func(lines ...string) string { return strings.Join(lines, "\n") }
	for _, tt := range []struct {
		name, text string
		want       []block
		err        string
	}{
		{"other code", text("```sh", "make", "```"), nil, ""},
		{"statements", text("a", "```go", "f()", "```"), []block{{doc: "d", line: 3, code: "f()\n"}}, ""},
		{"a comment", text("<!-- preamble:", "var x int", "-->", "", "```go", "f(x)", "```"),
			[]block{{doc: "d", line: 6, code: "f(x)\n", preamble: "var x int"}}, ""},
		{"lines of a file", text("<!-- file: a.go, after: x: -->", "```go", "\tf()", "```"),
			[]block{{doc: "d", line: 3, code: "\tf()\n", place: "a.go", after: "x:"}}, ""},
		{"text after the comment", text("<!-- file: a.go -->", "a", "```go", "package a", "```"),
			[]block{{doc: "d", line: 4, code: "package a\n"}}, ""},
		{"does not compile", text("```go ignore", "// does not compile: x", "f(", "```"), nil, ""},
		{"ignored in silence", text("```go ignore", "f()", "```"), nil, `d:1: code marked "go ignore"`},
		{"no end", text("```go", "f()"), nil, "d:1: the code has no end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := blocks("d", tt.text)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(block{})); diff != "" {
				t.Errorf("blocks() mismatch (-want +got):\n%s", diff)
			}
			if msg := errorText(err); msg != tt.err {
				t.Errorf("blocks() error = %q, want %q", msg, tt.err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// allBlocks reads every document of the module. It walks the whole tree, so that a
// cached result of this test is not used after a change of any file.
func allBlocks(t *testing.T, root string) []block {
	t.Helper()
	var all []block
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (d.Name()[0] == '.' || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		found, err := blocks(filepath.ToSlash(rel), read(t, name))
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// overlay is what the go command is to see beside the files on disk, by their paths
// from the root of the module.
type overlay struct {
	root  string
	files map[string][]byte
}

func (o overlay) add(t *testing.T, b block) {
	t.Helper()
	if want := b.unformatted(); want != "" {
		t.Errorf("%s:%d: not formatted, want:\n%s", b.doc, b.line, want)
	}
	if b.after != "" {
		o.insert(t, b)
		return
	}
	content, err := b.file(o.root)
	if err != nil {
		t.Fatal(err)
	}
	name := b.place
	if name == "" {
		name = "internal/docs/block" + strconv.Itoa(len(o.files)) + "_test.go"
	}
	o.files[name] = content
}

// insert adds lines to a file of the tree, unless they are there.
func (o overlay) insert(t *testing.T, b block) {
	t.Helper()
	before, after, ok := strings.Cut(read(t, filepath.Join(o.root, b.place)), b.after+"\n")
	if !ok {
		t.Fatalf("%s:%d: %s has no line %q", b.doc, b.line, b.place, b.after)
	}
	if !strings.HasPrefix(after, b.code) {
		o.files[b.place] = []byte(before + b.after + "\n" + b.code + after)
	}
}

// generate adds what the generator makes of the processors in the overlay.
func (o overlay) generate(t *testing.T) {
	t.Helper()
	cfg, err := gen.Load(o.root)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range o.files {
		if path.Dir(name) == "ops" && !strings.HasSuffix(name, "_test.go") {
			cfg.Sources[name] = content
		}
	}
	if err := gen.Check(cfg); err != nil {
		t.Fatal(err)
	}
	files, err := gen.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if _, err := os.Stat(filepath.Join(o.root, name)); err != nil {
			o.files[name] = content
		}
	}
}

// write writes the overlay for the go command and gives the name of its list.
func (o overlay) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(o.files)) {
		file := filepath.Join(dir, strconv.Itoa(i)+"_"+path.Base(name))
		replace[filepath.Join(o.root, name)] = file
		if err := os.WriteFile(file, o.files[name], 0o666); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, list, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// moduleRoot is two folders above this package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
