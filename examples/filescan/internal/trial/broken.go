package trial

import (
	"errors"
	"io"
	"io/fs"
)

var errDisk = errors.New("disk on fire")

// Broken is a tree of which some names cannot be opened, or read to their end.
type Broken struct {
	fs.FS
	OpenErr map[string]error  // by name
	ReadErr map[string]error  // by name: in place of the end of the file
	Opened  func(name string) // told of each file before it is opened, nil for no one
}

// Open opens a name.
func (b Broken) Open(name string) (fs.File, error) {
	if b.Opened != nil {
		b.Opened(name)
	}
	if err := b.OpenErr[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := b.FS.Open(name)
	if err == nil && b.ReadErr[name] != nil {
		return brokenFile{f, b.ReadErr[name]}, nil
	}
	return f, err
}

// brokenFile has no end.
type brokenFile struct {
	fs.File
	err error
}

func (f brokenFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}
