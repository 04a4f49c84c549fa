package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

const (
	sumsName       = "SHA256SUMS"      // the list of a run that came to its end
	partialName    = "SHA256SUMS.part" // while it is written, and of one that did not
	unreadableName = "unreadable.txt"
)

// list is the sink: the file of all sums, which sha256sum can check.
type list struct {
	dir string

	file *os.File
	text *bufio.Writer

	files, size, packed int64

	rejecting  sync.Mutex // letters come from the workers
	unreadable []string
}

// Open begins the list under a temporary name.
func (l *list) Open(context.Context) (err error) {
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(l.dir, unreadableName)) // of an earlier run
	l.file, err = os.Create(filepath.Join(l.dir, partialName))
	l.text = bufio.NewWriter(l.file)
	return err
}

// Put adds a line.
func (l *list) Put(_ context.Context, d digest) error {
	l.files++
	l.size += d.Size
	l.packed += d.Packed
	_, err := l.text.WriteString(d.line())
	return err
}

// reject notes a file that could not be read.
func (l *list) reject(name string, err error) error {
	l.rejecting.Lock()
	defer l.rejecting.Unlock()
	l.unreadable = append(l.unreadable, fmt.Sprintf("%q: %v", name, err))
	return nil
}

// Close ends the list. It gets its name only if the run has come to its end.
func (l *list) Close(cause error) error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.text.Flush(), l.file.Close(), l.writeUnreadable())
	if err != nil || cause != nil {
		return err
	}
	return os.Rename(filepath.Join(l.dir, partialName), filepath.Join(l.dir, sumsName))
}

func (l *list) writeUnreadable() error {
	if len(l.unreadable) == 0 {
		return nil
	}
	f, err := os.Create(filepath.Join(l.dir, unreadableName))
	if err != nil {
		return err
	}
	for _, line := range l.unreadable {
		if _, err := io.WriteString(f, line+"\n"); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}

// print writes what there is in the end.
func (l *list) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d files, %d bytes, compressed to %d (%s), in %s\n",
		l.files, l.size, l.packed, ratio(l.packed, l.size), l.dir)
	if err == nil && len(l.unreadable) > 0 {
		_, err = fmt.Fprintf(w, "files that could not be read: %d, see %s\n", len(l.unreadable), filepath.Join(l.dir, unreadableName))
	}
	return err
}
