package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/go-streamz/streamz/flow"
)

// maxLine is the longest line that can be read, its end included.
const maxLine = 16 << 20

// count is the flow: from the files of a tree to sums by package. Until it is run
// nothing is read.
func count(tree fs.FS, take func(file string) bool, unreadable flow.Policy, into *sums) flow.Job {
	return flow.Files(tree, "*.go").
		Filter(take).Named("choose").
		FlatMap(linesIn(tree)).Named("lines").
		TryMap(line.read).Named("read").OnError(unreadable).
		Scan(fact{}, fact.next).Named("parse").
		Batch(512, 0).Named("batch").
		ForEach(into.add).Named("sum")
}

// goCommandTakes tells whether a file may belong to a package: the go command ignores
// testdata, and whatever begins with a dot or an underscore.
func goCommandTakes(file string) bool {
	for name := range strings.SplitSeq(file, "/") {
		if name == "testdata" || name[0] == '.' || name[0] == '_' {
			return false
		}
	}
	return true
}

// line is one line of a file with its end, or the reason why there are no more.
type line struct {
	file string
	text string
	err  error
}

// read is the line, unless that could not be read.
func (l line) read() (line, error) { return l, l.err }

// linesIn gives a function that reads a file of tree line by line. A sequence cannot
// fail, so what goes wrong is its last line.
func linesIn(tree fs.FS) func(file string) iter.Seq[line] {
	return func(file string) iter.Seq[line] {
		return func(yield func(line) bool) {
			if err := eachLine(tree, file, yield); err != nil {
				yield(line{file: file, err: err})
			}
		}
	}
}

// eachLine reads a file until its end, or until yield has enough.
func eachLine(tree fs.FS, file string, yield func(line) bool) error {
	f, err := tree.Open(file)
	if err != nil {
		return err // it names the file
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, maxLine+1)
	s.Split(wholeLines)
	n := 1
	for ; s.Scan(); n++ {
		if !yield(line{file: file, text: s.Text()}) {
			return nil
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: line %d: %w", file, n, err)
	}
	return nil
}

// wholeLines is bufio.ScanLines, but the lines keep their ends: they are bytes to count.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	n := bytes.IndexByte(data, '\n') + 1
	if n == 0 && atEOF {
		n = len(data)
	}
	switch {
	case n == 0:
		return 0, nil, nil // more, or the end
	case n > maxLine:
		return 0, nil, bufio.ErrTooLong
	}
	return n, data[:n], nil
}

// fact is what a line adds to the sums of its package.
type fact struct {
	file    string
	bytes   int
	imports []string
	markers markers
	header  header // where in the file's header the next line begins
}

// next is the fact of the line behind the one of f.
func (f fact) next(l line) fact {
	text, place := l.text, f.header
	if f.file != l.file {
		text, place = strings.TrimPrefix(text, "\ufeff"), header{} // a byte order mark is no token
	}
	imports, place := place.parse(text)
	return fact{file: l.file, bytes: len(l.text), imports: imports, markers: markersIn(text), header: place}
}

// sums is the sink: it adds up facts.
type sums struct {
	packages totals
	file     string // of the last fact
	current  *pkg   // its package
}

// add adds the facts of lines that follow one another.
func (s *sums) add(_ context.Context, facts []fact) error {
	for _, f := range facts {
		if f.file != s.file {
			s.file, s.current = f.file, s.packages.of(path.Dir(f.file))
			s.current.files++
		}
		s.current.lines++
		s.current.bytes += f.bytes
		s.current.markers.add(f.markers)
		for _, imported := range f.imports {
			s.current.imports[imported] = true
		}
	}
	return nil
}
