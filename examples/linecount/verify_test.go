package main // a program has no exported surface

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/internal/source"
)

// sameAsPlain checks that the plain program counts the same.
func sameAsPlain(t *testing.T, tree fs.FS, s settings, got totals) {
	t.Helper()
	want, err := plainCount(t.Context(), tree, s.take, s.skip)
	if err != nil {
		t.Fatalf("the plain program: %v", err)
	}
	if diff := differences(want, got); diff != nil {
		t.Errorf("the plain program against the flow:\n%s", strings.Join(diff, "\n"))
	}
}

// pieces of files: whole lines, and what may not be whole.
var pieces = []string{
	"package p\n", "import \"fmt\"\n", "import (\n", "\t\"a/b\"\n", "\tx \"c\" // TODO(x): y\n", ")\n", "func f() {\n", "}\n",
	"import \"a\"; import . \"b\"\n", "/* import \"no\"\n", "*/", "//", "// BUG: z\n", "FIXME(", "TODO", "aTODO:", "BUG:BUG:",
	"var s = `\nimport \"no\"\n`\n", "`", "\"", "\\", "import", "package", " ", "\t", "\n", "\r\n", ";", ".", "_", "(", ")", ":", "é", "\xff", "\x00", "\ufeff",
}

func randomText(r *rand.Rand) string {
	var text strings.Builder
	for range r.IntN(40) {
		text.WriteString(pieces[r.IntN(len(pieces))])
	}
	return text.String()
}

func randomTree(r *rand.Rand) fstest.MapFS {
	folders := []string{"", "a/", "a/b/", "c/testdata/", "_d/"}
	files := make(map[string]string)
	for n := range r.IntN(20) {
		suffix := []string{".go", "_test.go", ".txt"}[r.IntN(3)]
		files[folders[r.IntN(len(folders))]+strconv.Itoa(n)+suffix] = randomText(r)
	}
	return mapFS(files)
}

func TestPlainCount_random_trees(t *testing.T) {
	for seed := range uint64(500) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			tree, s := randomTree(rand.New(rand.NewPCG(seed, 1))), settings{packages: seed%2 == 0}
			got, _, err := counted(t.Context(), t, tree, s)
			if err != nil {
				t.Fatal(err)
			}
			sameAsPlain(t, tree, s, got)
		})
	}
}

func FuzzPlainCount(f *testing.F) {
	for _, piece := range pieces {
		f.Add("package p\nimport (" + piece)
		f.Add(piece + "import \"x\"\n// TODO: x")
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree := mapFS(map[string]string{"a.go": text})
		got, _, err := counted(t.Context(), t, tree, settings{})
		if err != nil {
			t.Fatal(err)
		}
		sameAsPlain(t, tree, settings{}, got)
	})
}

func toolchain(t *testing.T) fs.FS {
	t.Helper()
	dir, err := source.Folder(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return os.DirFS(dir)
}

func sub(t *testing.T, tree fs.FS, dir string) fs.FS {
	t.Helper()
	part, err := fs.Sub(tree, dir)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// What the parsers of the toolchain are tested with is the hardest that there is.
func TestPlainCount_toolchain(t *testing.T) {
	for _, dir := range []string{"go", "cmd/go", "cmd/compile/internal/syntax", "internal/types"} {
		t.Run(dir, func(t *testing.T) {
			tree, s := sub(t, toolchain(t), dir), settings{}
			got, _, err := counted(t.Context(), t, tree, s)
			if err != nil {
				t.Fatal(err)
			}
			sameAsPlain(t, tree, s, got)
		})
	}
}

// In Go code that compiles the imports are those that the go command sees.
func TestHeader_agrees_with_go_parser(t *testing.T) {
	tree := sub(t, toolchain(t), "cmd/go")
	got, _, err := counted(t.Context(), t, tree, settings{})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range got {
		want := make(map[string]bool)
		files, err := fs.Glob(tree, path.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(tree, file)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				want[strings.Trim(spec.Path.Value, "\"`")] = true
			}
		}
		if diff := cmp.Diff(want, got[dir].imports); diff != "" {
			t.Errorf("imports of %s mismatch (-want +got):\n%s", dir, diff)
		}
	}
}
