// Package trial tests a program of filescan: all have to pass the same.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/filescan/internal/sequential"
)

// Program is what is tested: it scans a tree, and writes the results to a folder.
type Program func(ctx context.Context, tree fs.FS, folder string, o scan.Options) (scan.Summary, error)

// Run tests run.
func Run(t *testing.T, run Program) {
	for name, test := range map[string]func(*testing.T, Program){
		"small tree":                  smallTree,
		"empty tree":                  emptyTree,
		"batches of any size":         batchSizes,
		"bad files":                   badFiles,
		"folder that vanishes":        vanishingFolder,
		"no tree":                     noTree,
		"too many errors":             tooMany,
		"cancelled between two files": cancelled,
		"cancelled before it begins":  cancelledBefore,
		"full disk":                   fullDisk,
		"folder that cannot be made":  noFolder,
		"letters cannot be written":   noLetters,
		"full disk for letters":       fullDiskForLetters,
		"earlier results":             earlier,
	} {
		t.Run(name, func(t *testing.T) { test(t, run) })
	}
}

// Tree makes a tree of files.
func Tree(files map[string]string) fstest.MapFS {
	tree := make(fstest.MapFS)
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

// Small is a tree with something of everything.
func Small() fstest.MapFS {
	return Tree(map[string]string{
		"main.go": "// Package main is small.\npackage main\n\nimport (\n\t\"fmt\"\n\tstr \"strings\" // TODO(ann): needed?\n)\n\n" +
			"func main() {\n\tfmt.Println(str.ToUpper(`raw\n}\n`)) /* FIXME: loud */\n}\n",
		"a/a.go":          "package a\n\nimport \"fmt\"\n\ntype T[K any] struct{}\n\nfunc (t *T[K]) String() string { return fmt.Sprint() }\n\nvar x, s = 1, \"TODO: no comment\"\n",
		"a/a_amd64.s":     "// BUG(bob): slow\nTEXT add(SB)\r\n\tRET",
		"a/empty.go":      "",
		"a/notes/read.md": "# Notes\n\nHACK: all of it\n",
		"a/picture.png":   "\x89PNG\xff",
		"z/z.go":          "package z\n\nimport \"strings\"\n\nfunc body(\n\ta int,\n) {\n\t_ = strings.Map\n}\n",
	})
}

// scanned runs the program, and reads what it has saved. It fails the test if that is not
// what the sequential program gives.
func scanned(t *testing.T, run Program, tree fs.FS, o scan.Options) (scan.Summary, []scan.Finding, []scan.Letter) {
	t.Helper()
	folder := t.TempDir()
	got, err := run(t.Context(), tree, folder, o)
	if err != nil {
		t.Fatal(err)
	}
	if diffs, err := sequential.Verify(t.Context(), tree, folder); err != nil || diffs != nil {
		t.Errorf("error %v, differs from the sequential program:\n%s", err, strings.Join(diffs, "\n"))
	}
	read, err := scan.ReadSummary(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diffs := scan.Differences(read, got); diffs != nil {
		t.Errorf("saved is another summary than returned: %s", diffs)
	}
	findings, err := scan.ReadFindings(folder)
	if err != nil {
		t.Fatal(err)
	}
	letters, err := scan.ReadLetters(filepath.Join(folder, scan.LettersName))
	if err != nil {
		t.Fatal(err)
	}
	return read, findings, letters
}

func smallTree(t *testing.T, run Program) {
	s, findings, letters := scanned(t, run, Small(), scan.Defaults())
	want := scan.Summary{
		Complete: true, Files: 6, Bytes: 436, Lines: 37, Blank: 9, Comment: 1, Code: 27,
		Funcs: 3, Types: 1, Vars: 1, Markers: map[string]int{"BUG": 1, "FIXME": 1, "HACK": 1, "TODO": 1},
		LongestFiles: []scan.Length{
			{Path: "main.go", Length: 13}, {Path: "a/a.go", Length: 9}, {Path: "z/z.go", Length: 9},
			{Path: "a/a_amd64.s", Length: 3}, {Path: "a/notes/read.md", Length: 3}, {Path: "a/empty.go"},
		},
		LongestFuncs: []scan.Length{
			{Path: "main.go", Line: 9, Name: "main", Length: 5}, {Path: "z/z.go", Line: 5, Name: "body", Length: 5},
			{Path: "a/a.go", Line: 7, Name: "T.String", Length: 1},
		},
		LongestLines: []scan.Length{
			{Path: "a/a.go", Line: 7, Length: 54}, {Path: "main.go", Line: 6, Length: 36}, {Path: "a/a_amd64.s", Line: 1, Length: 17},
			{Path: "z/z.go", Line: 3, Length: 16}, {Path: "a/notes/read.md", Line: 3, Length: 15},
		},
		MostImported: []scan.Imported{{Name: "fmt", Packages: 2}, {Name: "strings", Packages: 2}},
		Packages: []scan.Package{
			{Path: ".", Files: 1, Lines: 13, Funcs: 1, Markers: 2, Imports: []string{"fmt", "strings"}},
			{Path: "a", Files: 2, Lines: 9, Funcs: 1, Types: 1, Imports: []string{"fmt"}},
			{Path: "z", Files: 1, Lines: 9, Funcs: 1, Imports: []string{"strings"}},
		},
	}
	same(t, "summary", want, s)
	wantFindings := []scan.Finding{
		{Kind: "import", Path: "a/a.go", Line: 3, Name: "fmt"},
		{Kind: "type", Path: "a/a.go", Line: 5, Name: "T"},
		{Kind: "func", Path: "a/a.go", Line: 7, Name: "T.String", Lines: 1},
		{Kind: "marker", Path: "a/a_amd64.s", Line: 1, Name: "BUG", Text: "BUG(bob): slow"},
		{Kind: "marker", Path: "a/notes/read.md", Line: 3, Name: "HACK", Text: "HACK: all of it"},
		{Kind: "import", Path: "main.go", Line: 5, Name: "fmt"},
		{Kind: "import", Path: "main.go", Line: 6, Name: "strings"},
		{Kind: "marker", Path: "main.go", Line: 6, Name: "TODO", Text: "TODO(ann): needed?"},
		{Kind: "marker", Path: "main.go", Line: 12, Name: "FIXME", Text: "FIXME: loud */"},
		{Kind: "func", Path: "main.go", Line: 9, Name: "main", Lines: 5},
		{Kind: "import", Path: "z/z.go", Line: 3, Name: "strings"},
		{Kind: "func", Path: "z/z.go", Line: 5, Name: "body", Lines: 5},
	}
	same(t, "findings", wantFindings, findings)
	if len(letters) > 0 {
		t.Errorf("letters %v, want none", letters)
	}
}

func emptyTree(t *testing.T, run Program) {
	s, findings, letters := scanned(t, run, Tree(nil), scan.Defaults())
	if !s.Complete || s.Files != 0 || findings != nil || letters != nil {
		t.Errorf("summary %+v, findings %v, letters %v, want nothing", s, findings, letters)
	}
}

func batchSizes(t *testing.T, run Program) {
	for _, n := range []int{1, 2, 7, 38, 44, 45} {
		o := scan.Defaults()
		o.Batch, o.Queue = n, 1
		scanned(t, run, Small(), o)
	}
}

func badFiles(t *testing.T, run Program) {
	long := strings.Repeat("x", scan.MaxLine)
	tree := Broken{FS: Tree(map[string]string{
		"a.go":      "package a\n\nimport \"a\"\n",
		"end.go":    "package a\nimport \"a\"\n\xff",
		"latin.go":  "package a // caf\xe9\n",
		"long.txt":  "first\n" + long + "\n",
		"longer.go": "package a\n" + long + long + long,
		"read.go":   "package a\nimport \"a\"\nimp",
		"secret.go": "package a\n",
		"within.go": long[1:] + "\n" + strings.Repeat("y", scan.MaxLine),
	}), OpenErr: map[string]error{"secret.go": fs.ErrPermission}, ReadErr: map[string]error{"read.go": errDisk}}
	s, findings, letters := scanned(t, run, tree, scan.Defaults())
	want := []scan.Letter{
		{Path: "end.go", Line: 3, Error: "not UTF-8"},
		{Path: "latin.go", Line: 1, Error: "not UTF-8"},
		{Path: "long.txt", Line: 2, Error: "line of more than 1 MiB"},
		{Path: "longer.go", Line: 2, Error: "line of more than 1 MiB"},
		{Path: "read.go", Line: 3, Error: "disk on fire"},
		{Path: "secret.go", Error: "open: permission denied"},
	}
	same(t, "letters", want, letters)
	if s.Files != 2 || s.Letters != 6 || len(findings) != 1 {
		t.Errorf("%d files, %d letters, %d findings, want 2, 6 and 1", s.Files, s.Letters, len(findings))
	}
}

func vanishingFolder(t *testing.T, run Program) {
	tree := Broken{FS: Small(), OpenErr: map[string]error{"a": fs.ErrNotExist, "z/z.go": fs.ErrNotExist}}
	s, _, letters := scanned(t, run, tree, scan.Defaults())
	want := []scan.Letter{{Path: "a", Error: "open: file does not exist"}, {Path: "z/z.go", Error: "open: file does not exist"}}
	same(t, "letters", want, letters)
	if s.Files != 1 {
		t.Errorf("%d files, want 1", s.Files)
	}
}

func noTree(t *testing.T, run Program) {
	folder := t.TempDir()
	tree := Broken{FS: Small(), OpenErr: map[string]error{".": fs.ErrNotExist}}
	if _, err := run(t.Context(), tree, folder, scan.Defaults()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
	wantFiles(t, folder, scan.PartialFindingsName, scan.PartialSummaryName)
}

func tooMany(t *testing.T, run Program) {
	files := map[string]string{"a.go": "package a\n"}
	for i := range 10 {
		files[fmt.Sprintf("bad%d.go", i)] = "package a\n\xff"
	}
	o := scan.Defaults()
	o.MaxErrors = 10
	scanned(t, run, Tree(files), o)

	for _, n := range []int{9, 0} {
		folder := t.TempDir()
		o.MaxErrors = n
		s, err := run(t.Context(), Tree(files), folder, o)
		last := fmt.Sprintf("bad%d.go", n)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the budget is %d;", n)) || !strings.Contains(err.Error(), last) {
			t.Errorf("error %v, want one that names the budget of %d, and the last, %s", err, n, last)
		}
		letters, err := scan.ReadLetters(filepath.Join(folder, scan.PartialLettersName))
		if err != nil || len(letters) != n || s.Letters != n || s.Complete {
			t.Errorf("%d letters, error %v, summary %+v, want %d in both", len(letters), err, s, n)
		}
	}
}

func cancelled(t *testing.T, run Program) {
	errEnough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	tree := Broken{FS: Small(), Opened: func(name string) {
		if name == "main.go" {
			cancel(errEnough)
		}
	}}
	folder := t.TempDir()
	o := scan.Defaults()
	s, err := run(ctx, tree, folder, o)
	if !errors.Is(err, errEnough) {
		t.Errorf("error %v, want the cause of the context", err)
	}
	if s.Complete || s.Files > 4 {
		t.Errorf("summary %+v, want an incomplete one without main.go", s)
	}
	wantFiles(t, folder, scan.PartialFindingsName, scan.PartialSummaryName)
}

func cancelledBefore(t *testing.T, run Program) {
	errEnough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if s, err := run(ctx, Small(), t.TempDir(), scan.Defaults()); !errors.Is(err, errEnough) || s.Files > 0 {
		t.Errorf("error %v, %d files, want the cause of the context and none", err, s.Files)
	}
}

func fullDisk(t *testing.T, run Program) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	text := "package p\n" + strings.Repeat("type T int\n", 10)
	small, large := Tree(map[string]string{"a.go": text}), Tree(nil)
	for i := range 1000 {
		large[fmt.Sprintf("%d.go", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, tree := range []fs.FS{small, large} {
		folder := t.TempDir()
		if err := os.Symlink("/dev/full", filepath.Join(folder, scan.FindingsName+".tmp")); err != nil {
			t.Fatal(err)
		}
		_, err := run(t.Context(), tree, folder, scan.Defaults())
		if err == nil || !strings.Contains(err.Error(), scan.FindingsName) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("error %v, want one that names the file and the reason", err)
		}
		wantFiles(t, folder)
	}
}

func noFolder(t *testing.T, run Program) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), Small(), file, scan.Defaults()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v, want one that names %s", err, file)
	}
}

func noLetters(t *testing.T, run Program) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, scan.LettersName, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), Small(), folder, scan.Defaults()); err == nil || !strings.Contains(err.Error(), scan.LettersName) {
		t.Errorf("error %v, want one that names %s", err, scan.LettersName)
	}
	wantFiles(t, folder, scan.LettersName)
}

func fullDiskForLetters(t *testing.T, run Program) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	folder := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(folder, scan.LettersName+".tmp")); err != nil {
		t.Fatal(err)
	}
	_, err := run(t.Context(), Tree(map[string]string{"bad.go": "\xff"}), folder, scan.Defaults())
	if err == nil || !strings.Contains(err.Error(), scan.LettersName) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error %v, want one that names the file and the reason", err)
	}
	wantFiles(t, folder)
}

// A run leaves what an earlier one has saved alone, unless it has the same names for its own.
func earlier(t *testing.T, run Program) {
	folder, o := t.TempDir(), scan.Defaults()
	one := Tree(map[string]string{"a.go": "package a\n", "bad.go": "\xff"})
	two := Tree(map[string]string{"a.go": "package a\n", "bad1.go": "\xff", "bad2.go": "\xff"})
	whole := []string{scan.FindingsName, scan.LettersName, scan.SummaryName}
	for _, step := range []struct {
		name    string
		tree    fs.FS
		most    int // errors
		want    []string
		letters string // which file of them
		is      int    // of so many
	}{
		{"whole", one, 1, whole, scan.LettersName, 1},
		{"stopped with a letter", two, 1, append(whole, scan.PartialFindingsName, scan.PartialLettersName, scan.PartialSummaryName), scan.PartialLettersName, 1},
		{"stopped without a letter", two, 0, append(whole, scan.PartialFindingsName, scan.PartialSummaryName), scan.LettersName, 1},
		{"whole with more", two, 2, whole, scan.LettersName, 2},
		{"whole without a letter", Tree(nil), 0, []string{scan.FindingsName, scan.SummaryName}, scan.LettersName, 0},
	} {
		o.MaxErrors = step.most
		if s, err := run(t.Context(), step.tree, folder, o); (err == nil) != s.Complete || s.Complete != strings.HasPrefix(step.name, "whole") {
			t.Errorf("%s: error %v, complete %v", step.name, err, s.Complete)
		}
		step.want = slices.Sorted(slices.Values(step.want))
		wantFiles(t, folder, step.want...)
		letters, err := scan.ReadLetters(filepath.Join(folder, step.letters))
		if err != nil || len(letters) != step.is {
			t.Errorf("%s: %d letters, error %v, want %d", step.name, len(letters), err, step.is)
		}
		if err := os.WriteFile(filepath.Join(folder, scan.LettersName+".tmp"), []byte("of a run that was killed"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// wantFiles fails the test if other files are in a folder.
func wantFiles(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	same(t, "files", want, got)
}

// same compares without go-cmp, which is for files of tests.
func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s:\nwant %+v\ngot  %+v", what, want, got)
	}
}
