package flow

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// maxLine is the longest line that Lines takes.
const maxLine = 16 << 20

// Lines gives the lines of r without their ends, which are "\n" or "\r\n". A line of
// more than 16 MiB is an error; so is what r gives but io.EOF. Both name the line, and
// the file if r has a Name method, as *os.File has.
//
// When the run is cancelled while a Read waits, r is interrupted if it can be: by
// SetReadDeadline, else by Close. A reader with neither holds up the end of the run.
// Using one reader in two places of one job is a configuration error.
func Lines(r io.Reader) Flow[string] {
	return origin(reader(r, "lines", "Lines", func(r io.Reader, emit func(string) error) error {
		s := bufio.NewScanner(r)
		s.Buffer(nil, maxLine+len("\r\n")+1)
		for n := 1; ; n++ {
			more := s.Scan()
			err := s.Err()
			if len(s.Bytes()) > maxLine {
				err = bufio.ErrTooLong
			}
			switch {
			case err != nil:
				return fmt.Errorf("line %d: %w", n, err)
			case !more:
				return nil
			}
			if err := emit(s.Text()); err != nil {
				return err
			}
		}
	}))
}

// JSON gives the values of r, which holds any number of JSON texts one after the other,
// decoded into T. See [Lines] for readers.
func JSON[T any](r io.Reader) Flow[T] {
	return origin(reader(r, "json", "JSON", func(r io.Reader, emit func(T) error) error {
		d := json.NewDecoder(r)
		for n := 1; ; n++ {
			var v T
			switch err := d.Decode(&v); {
			case err == io.EOF:
				return nil
			case err != nil:
				return fmt.Errorf("value %d, at byte %d: %w", n, d.InputOffset(), err)
			}
			if err := emit(v); err != nil {
				return err
			}
		}
	}))
}

// CSV gives the records of r, which must all have as many fields as the first. See
// [Lines] for readers. For another comma, comments or lazy quotes put a csv.Reader of
// your own into [FromFunc].
func CSV(r io.Reader) Flow[[]string] {
	return origin(reader(r, "csv", "CSV", func(r io.Reader, emit func([]string) error) error {
		c := csv.NewReader(r)
		for {
			record, err := c.Read()
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			}
			if err := emit(record); err != nil {
				return err
			}
		}
	}))
}

// reader is a source that reads r with read.
func reader[T any](r io.Reader, name, op string, read func(r io.Reader, emit func(T) error) error) kernel.Source[T] {
	s := kernel.Source[T]{Name: name, Op: op, Err: notNil(r, "reader")}
	if s.Err == nil && reflect.ValueOf(r).Comparable() {
		s.Once = r
	} else {
		s.Once = new(int)
	}
	s.Stream = func(ctx context.Context, out kernel.Outlet[T]) (err error) {
		release := interrupt(ctx, r)
		defer func() {
			if release() {
				err = context.Cause(ctx) // whatever the interrupted Read made of it
			}
		}()
		return named(r, read(r, out.Emit))
	}
	return s
}

// named puts the name of what was read before an error that lacks it.
func named(r io.Reader, err error) error {
	file, ok := r.(interface{ Name() string })
	if err == nil || !ok {
		return err
	}
	if perr, ok := errors.AsType[*fs.PathError](err); ok && perr.Path == file.Name() {
		return err
	}
	return fmt.Errorf("%s: %w", file.Name(), err)
}

// interrupt ends a waiting Read of r when ctx ends. release takes that back, waits for
// it if it is under way, and tells whether it has happened: not with a reader that nobody
// can interrupt, whose errors are its own. A panic of r's methods, on a goroutine where
// nobody could recover it, goes on in release.
func interrupt(ctx context.Context, r io.Reader) (release func() bool) {
	done := make(chan struct{})
	var thrown kernel.Thrown
	broken := false
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		thrown.Catch(func() { broken = breakRead(r) })
	})
	return func() bool {
		if stop() {
			return false
		}
		<-done
		thrown.Again()
		return broken
	}
}

// breakRead tells whether there was a way.
func breakRead(r io.Reader) bool {
	if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
		if d.SetReadDeadline(time.Unix(1, 0)) == nil { // long past
			return true
		}
	}
	c, ok := r.(io.Closer)
	if ok {
		_ = c.Close() // the Read that it interrupts reports
	}
	return ok
}

// Files gives the slash-separated paths, in lexical order, of the regular files in fsys
// that match pattern, see path.Match: by their base name, or by the whole path if the
// pattern contains a slash. A directory that cannot be read is the source's failure; a
// file that vanishes meanwhile is no business of Files.
func Files(fsys fs.FS, pattern string) Flow[string] {
	s := kernel.Source[string]{Name: "files", Op: "Files", Err: notNil(fsys, "file system")}
	if _, err := path.Match(pattern, ""); err != nil {
		s.Err = kernel.Join(s.Err, &ConfigError{Field: "pattern", Value: pattern, Want: "must be one of path.Match"})
	}
	whole := strings.Contains(pattern, "/")
	s.Stream = func(_ context.Context, out kernel.Outlet[string]) error {
		return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			subject := name
			if !whole {
				subject = path.Base(name)
			}
			if ok, _ := path.Match(pattern, subject); !ok { // the pattern was checked above
				return nil
			}
			return out.Emit(name)
		})
	}
	return origin(s)
}
