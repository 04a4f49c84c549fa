package scan

import (
	"context"
	"io/fs"
	"path"

	"github.com/go-streamz/streamz/examples/internal/source"
)

// File is a file of the tree, or a folder that could not be read.
type File struct {
	Path string // slash-separated, from the top of the tree
	Err  error  // why there is nothing to read
	Size int64  // in bytes, known when its end has been read

	state state // of its parsing: it belongs to whoever calls Parse
}

// Walk hands the regular files of the tree to emit, in lexical order, and folders that
// cannot be read. If that is the top of the tree, or emit fails, it returns the error.
func Walk(ctx context.Context, tree fs.FS, emit func(*File) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && name == ".":
			return err
		case err != nil:
			return emit(&File{Path: name, Err: err})
		case !d.Type().IsRegular():
			return nil
		}
		return emit(&File{Path: name})
	})
}

// texts are the kinds of files that hold text by what they are called. Others are left
// out: nobody looks for a marker in a picture.
var texts = map[string]bool{
	".go": true, ".s": true, ".S": true, ".c": true, ".h": true, ".cc": true, ".cpp": true, ".m": true,
	".md": true, ".txt": true, ".sh": true, ".bash": true, ".rc": true, ".bat": true, ".pl": true, ".py": true, ".awk": true,
	".mod": true, ".work": true, ".y": true, ".rules": true, ".tmpl": true, ".proto": true,
	".html": true, ".css": true, ".js": true, ".json": true, ".yaml": true, ".yml": true, ".toml": true,
}

// Wanted tells whether the file is to be read, or is a folder to be reported.
func (f *File) Wanted() bool { return f.Err != nil || texts[path.Ext(f.Path)] }

// Bytes adds up the bytes of the files that Walk will give and are wanted, for an
// estimate. What cannot be asked counts as nothing.
func Bytes(ctx context.Context, tree fs.FS) int64 {
	return source.Bytes(ctx, tree, func(name string) bool { return texts[path.Ext(name)] })
}
