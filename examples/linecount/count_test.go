package main // a program has no exported surface

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/go-streamz/streamz/flow"
	"github.com/google/go-cmp/cmp"
)

func mapFS(files map[string]string) fstest.MapFS {
	tree := make(fstest.MapFS)
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

// counted runs the flow and checks its books.
func counted(ctx context.Context, t *testing.T, tree fs.FS, s settings) (totals, flow.Report, error) {
	t.Helper()
	result, books, err := countFlow(ctx, tree, s, io.Discard)
	if !books.Balanced() {
		t.Errorf("the books do not balance:\n%v", books)
	}
	return result, books, err
}

func imports(paths ...string) map[string]bool {
	set := make(map[string]bool)
	for _, path := range paths {
		set[path] = true
	}
	return set
}

func TestCount(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  totals
	}{
		"nothing": {nil, totals{}},
		"no Go":   {map[string]string{"a.txt": "x\n", "b/go": "y"}, totals{}},
		"empty file": {
			map[string]string{"a.go": "", "b/b.go": "\n"},
			totals{"b": {files: 1, lines: 1, bytes: 1, imports: imports()}},
		},
		"line ends": {
			map[string]string{"a.go": "package a\r\n\r\nvar x = 1"},
			totals{".": {files: 1, lines: 3, bytes: 22, imports: imports()}},
		},
		"packages are folders": {
			map[string]string{"a.go": "package a\n", "x/a.go": "package a\n", "x/a_test.go": "package a_test\n", "x/y/a.go": "package a\n"},
			totals{
				".":   {files: 1, lines: 1, bytes: 10, imports: imports()},
				"x":   {files: 2, lines: 2, bytes: 25, imports: imports()},
				"x/y": {files: 1, lines: 1, bytes: 10, imports: imports()},
			},
		},
		"an import of two files is one edge": {
			map[string]string{"a.go": "package a\nimport \"fmt\"\n", "b.go": "package a\nimport \"fmt\"\nimport \"os\"\n"},
			totals{".": {files: 2, lines: 5, bytes: 58, imports: imports("fmt", "os")}},
		},
		"every file begins with a header of its own": {
			map[string]string{"a.go": "/* import \"x\"\n", "b.go": "import \"y\"\nfunc\n", "c.go": "\ufeffimport \"z\""},
			totals{".": {files: 3, lines: 4, bytes: 43, imports: imports("y", "z")}},
		},
		"markers": {
			map[string]string{"a.go": "// TODO: x\nvar s = \"FIXME(y): BUG(z)\"\n"},
			totals{".": {files: 1, lines: 2, bytes: 38, markers: markers{1, 1, 1}, imports: imports()}},
		},
		"line as long as can be": {
			map[string]string{"a.go": strings.Repeat("/", maxLine-1) + "\n" + strings.Repeat("/", maxLine)},
			totals{".": {files: 1, lines: 2, bytes: 2 * maxLine, imports: imports()}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := counted(t.Context(), t, mapFS(test.files), settings{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(pkg{}, markers{})); diff != "" {
				t.Errorf("count() mismatch (-want +got):\n%s", diff)
			}
			sameAsPlain(t, mapFS(test.files), settings{}, got)
		})
	}
}

func TestGoCommandTakes(t *testing.T) {
	for file, want := range map[string]bool{
		"a.go": true, "x/y/a.go": true, "testdatas/a.go": true, "x/a_test.go": true,
		"testdata/a.go": false, "x/testdata/y/a.go": false, "_a.go": false, ".x/a.go": false, "x/_y/a.go": false,
	} {
		if got := goCommandTakes(file); got != want {
			t.Errorf("goCommandTakes(%q) = %t, want %t", file, got, want)
		}
	}
}

// faulty is a tree with one file that cannot be opened or read.
type faulty struct {
	fs.FS
	name string
	open func() (fs.File, error)
}

func (f faulty) Open(name string) (fs.File, error) {
	if name == f.name {
		return f.open()
	}
	return f.FS.Open(name)
}

// brokenFile gives some text and then err.
type brokenFile struct {
	fs.File
	io.Reader
}

func (f brokenFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func broken(tree fs.FS, name, text string, err error) faulty {
	return faulty{tree, name, func() (fs.File, error) {
		f, openErr := tree.Open(name)
		return brokenFile{f, io.MultiReader(strings.NewReader(text), iotest.ErrReader(err))}, openErr
	}}
}

func notOpened(tree fs.FS, name string, err error) faulty {
	return faulty{tree, name, func() (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}}
}

// vanishing loses the file after the walk has seen it.
func vanishing(tree fstest.MapFS, name string) faulty {
	return faulty{tree, name, func() (fs.File, error) {
		delete(tree, name)
		return tree.Open(name)
	}}
}

func TestCount_failures(t *testing.T) {
	files := map[string]string{"a.go": "package p\n", "x/b.go": "package x\nimport \"y\"\n", "z.go": "package p\n"}
	long := map[string]string{"x/b.go": "package x\n" + strings.Repeat("/", maxLine) + "\n"}
	errDisk := errors.New("disk on fire")
	for name, test := range map[string]struct {
		tree  func() fs.FS
		stage string
		text  string
		cause error
		lines int // that remain if the file is skipped; 0 if it cannot be
	}{
		"file vanishes": {
			func() fs.FS { return vanishing(mapFS(files), "x/b.go") },
			"read", "open x/b.go: ", fs.ErrNotExist, 2,
		},
		"file cannot be opened": {
			func() fs.FS { return notOpened(mapFS(files), "x/b.go", fs.ErrPermission) },
			"read", "open x/b.go: ", fs.ErrPermission, 2,
		},
		"file cannot be read to its end": {
			func() fs.FS { return broken(mapFS(files), "x/b.go", "package x\nimp", errDisk) },
			"read", "x/b.go: line 3: ", errDisk, 4,
		},
		"line is too long": {
			func() fs.FS { return mapFS(long) },
			"read", "x/b.go: line 2: ", bufio.ErrTooLong, 1,
		},
		"folder cannot be read": {
			func() fs.FS { return notOpened(mapFS(files), "x", fs.ErrPermission) },
			"files", "open x: ", fs.ErrPermission, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := counted(t.Context(), t, test.tree(), settings{})
			stage, ok := errors.AsType[*flow.StageError](err)
			if !ok || stage.Stage != test.stage || !errors.Is(err, test.cause) || !strings.Contains(err.Error(), test.text) {
				t.Fatalf("error %v, want a failure of stage %q with %q, for %v", err, test.stage, test.text, test.cause)
			}

			skip := settings{skip: true}
			got, books, err := counted(t.Context(), t, test.tree(), skip)
			if test.lines == 0 {
				if !errors.Is(err, test.cause) {
					t.Errorf("with -skip: error %v, want %v", err, test.cause)
				}
				return
			}
			if err != nil {
				t.Fatalf("with -skip: %v", err)
			}
			if n := failed(books); n != 1 {
				t.Errorf("with -skip: %d files failed, want 1", n)
			}
			if sum, _ := got.all(); sum.lines != test.lines {
				t.Errorf("with -skip: %d lines, want %d", sum.lines, test.lines)
			}
			sameAsPlain(t, test.tree(), skip, got)
		})
	}
}

func TestCount_ends_when_cancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	errEnough := errors.New("enough")
	files := mapFS(map[string]string{"a.go": "package p\n", "b.go": strings.Repeat("package p\n", 1000), "c.go": "package p\n"})
	tree := faulty{files, "b.go", func() (fs.File, error) {
		cancel(errEnough)
		return files.Open("b.go")
	}}
	got, books, err := counted(ctx, t, tree, settings{})
	if err != errEnough {
		t.Errorf("error %v, want the cause of the context", err)
	}
	if len(got) != 0 {
		t.Errorf("totals %v, want none: the batch was not full", got)
	}
	if chosen := books.Stages[1].Passed; chosen > 2 {
		t.Errorf("%d files were chosen, want none after b.go", chosen)
	}
}
