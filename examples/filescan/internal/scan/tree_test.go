package scan_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/internal/source"
)

// touch makes files in a new folder.
func touch(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTree(t *testing.T) {
	files := []string{".x.yml", ".git/a.txt", "a/.b/c.go", "a/b.go", "a/out/deep/d.go", "a/out/summary.json", "out/e.go"}
	for name, test := range map[string]struct {
		out  string
		want []string
	}{
		"results within":             {"a/out", []string{".x.yml", "a/b.go", "out/e.go"}},
		"results in a dotted folder": {".git/out", []string{".x.yml", "a/b.go", "a/out/deep/d.go", "a/out/summary.json", "out/e.go"}},
		"results behind a link":      {"link", []string{".x.yml", "a/b.go", "a/out/deep/d.go", "a/out/summary.json"}},
		"results above":              {"..", []string{".x.yml", "a/b.go", "a/out/deep/d.go", "a/out/summary.json", "out/e.go"}},
		"new folder for results":     {"a/new", []string{".x.yml", "a/b.go", "a/out/deep/d.go", "a/out/summary.json", "out/e.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := touch(t, files...)
			if err := os.Symlink("out", filepath.Join(dir, "link")); err != nil {
				t.Skip(err)
			}
			tree, err := source.Tree(dir, filepath.Join(dir, test.out))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, test.out, "findings.txt"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			var got []string
			if err := scan.Walk(t.Context(), tree, func(f *scan.File) error {
				got = append(got, f.Path)
				return f.Err
			}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("files mismatch (-want +got):\n%s", diff)
			}
			if n := scan.Bytes(t.Context(), tree); n != int64(2*len(test.want)) {
				t.Errorf("%d bytes, want 2 in each of %d files", n, len(test.want))
			}
		})
	}
}

func TestTree_in_a_folder_with_a_dot(t *testing.T) {
	dir := filepath.Join(touch(t, ".bin/a.go"), ".bin")
	tree, err := source.Tree(dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if names, err := fs.Glob(tree, "*"); err != nil || len(names) != 1 {
		t.Errorf("%q, error %v, want a.go", names, err)
	}
}

func TestTree_fails_with_its_reason(t *testing.T) {
	dir := touch(t, "file")
	for name, test := range map[string]struct{ dir, out, want string }{
		"no folder":           {"none", "out", "none: no such file"},
		"results into itself": {".", ".", "the results cannot go to the folder that is read"},
		"results into a file": {".", "file", "file: not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := source.Tree(filepath.Join(dir, test.dir), filepath.Join(dir, test.out))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestTree_is_read_as_far_as_that_is_possible(t *testing.T) {
	dir := touch(t, "a.go", "b/c.go")
	tree, err := source.Tree(dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "b", "c.go")); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = scan.Walk(t.Context(), tree, func(f *scan.File) error {
		if f.Path == "a.go" {
			return os.Remove(filepath.Join(dir, "b"))
		}
		got = append(got, f.Path)
		return nil
	})
	if diff := cmp.Diff([]string{"b"}, got); diff != "" || err != nil {
		t.Errorf("error %v, folders mismatch (-want +got):\n%s", err, diff)
	}
}
