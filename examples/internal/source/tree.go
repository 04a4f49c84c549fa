package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// tree is a tree without the folders that nobody wants to read.
type tree struct {
	fs.FS
	results fs.FileInfo
}

// Tree is the folder dir as all programs see it. It has no folder whose name begins with a
// dot, as .git, and not the folder of the results, which changes while it is read. That
// one is made if there is none; it must not be dir itself.
func Tree(dir, results string) (fs.FS, error) {
	top, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(results, 0o777); err != nil {
		return nil, err
	}
	out, err := os.Stat(results)
	if err != nil {
		return nil, err
	}
	if os.SameFile(top, out) {
		return nil, fmt.Errorf("%s: the results cannot go to the folder that is read", results)
	}
	return tree{os.DirFS(dir), out}, nil
}

// ReadDir reads a folder.
func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	return slices.DeleteFunc(entries, t.hides), err
}

func (t tree) hides(d fs.DirEntry) bool {
	if !d.IsDir() {
		return false
	}
	if strings.HasPrefix(d.Name(), ".") {
		return true
	}
	info, err := d.Info() // an error is found again when the folder is read
	return err == nil && os.SameFile(info, t.results)
}

// Bytes adds up the files of a tree that are wanted, for an estimate. What cannot be asked
// counts as nothing.
func Bytes(ctx context.Context, tree fs.FS, wanted func(name string) bool) (total int64) {
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return fs.SkipAll
		}
		if err != nil || !d.Type().IsRegular() || !wanted(name) {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
