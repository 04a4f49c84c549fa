package scan

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"unicode/utf8"
)

// Line is a line of a file without its end; or the end of the file, and then Number
// counts its lines; or the reason why there are no more.
type Line struct {
	File   *File
	Text   string
	Number int
	End    bool
	Err    error
}

// MaxLine is the longest line that is taken for text, in bytes and with its end.
const MaxLine = 1 << 20

// Both are errors of a line.
var (
	ErrTooLong = errors.New("line of more than 1 MiB")
	ErrNotText = errors.New("not UTF-8")
)

// chunk is what is read at once. The lines of a chunk share one string.
const chunk = 64 << 10

// Reader reads files of a tree. It may be used by many goroutines.
type Reader struct {
	tree fs.FS
	read func(bytes int) // told of what was read
	pool sync.Pool       // of *[]byte
}

// NewReader makes a Reader. read is called after each piece that was read, and may be nil.
func NewReader(tree fs.FS, read func(bytes int)) *Reader {
	return &Reader{tree: tree, read: read}
}

// Lines gives the lines of the file and its end. What goes wrong is its last line, since
// a sequence cannot fail.
func (r *Reader) Lines(f *File) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		l := lines{file: f, yield: yield, more: true}
		if err := r.each(&l); err != nil && l.more {
			yield(Line{File: f, Number: l.number + 1, Err: err})
		}
	}
}

// lines is the reading of one file.
type lines struct {
	file   *File
	yield  func(Line) bool
	more   bool // yield wants more
	number int  // of the last line
	size   int64
}

// each yields lines until there are no more, or nobody wants more.
func (r *Reader) each(l *lines) error {
	if l.file.Err != nil {
		return l.file.Err
	}
	in, err := r.tree.Open(l.file.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	p, _ := r.pool.Get().(*[]byte)
	if p == nil {
		p = new(make([]byte, chunk))
	}
	defer r.pool.Put(p)
	for rest := 0; ; {
		if rest == len(*p) {
			*p = append(*p, make([]byte, len(*p))...)
		}
		n, err := in.Read((*p)[rest:])
		l.size += int64(n)
		if r.read != nil && n > 0 {
			r.read(n)
		}
		if rest, err = l.take(*p, rest, rest+n, err); err == io.EOF {
			return nil
		}
		if err != nil || !l.more {
			return err
		}
	}
}

// take yields the whole lines of data[:n], of which data[:old] holds no end of a line, and
// moves what is behind the last of them to the front, where it is the next old. err is what
// the read that gave them returned; at the end of the file all is yielded.
func (l *lines) take(data []byte, old, n int, err error) (rest int, _ error) {
	whole := bytes.LastIndexByte(data[old:n], '\n') + 1
	if whole > 0 {
		whole += old
	}
	if err == io.EOF {
		whole = n
	}
	if bad := l.cut(data[:whole]); bad != nil {
		return 0, bad
	}
	if err == io.EOF && l.more {
		l.file.Size = l.size
		l.more = l.yield(Line{File: l.file, Number: l.number, End: true})
	}
	if rest = copy(data, data[whole:n]); err == nil && rest > MaxLine {
		err = ErrTooLong
	}
	return rest, err
}

// cut yields the lines of data.
func (l *lines) cut(data []byte) error {
	valid := utf8.Valid(data) // at once, which is faster than line by line
	for text := string(data); text != "" && l.more; {
		line, rest, found := strings.Cut(text, "\n")
		switch {
		case len(text)-len(rest) > MaxLine:
			return ErrTooLong
		case !valid && !utf8.ValidString(line):
			return ErrNotText
		case found:
			line = strings.TrimSuffix(line, "\r")
		}
		l.number++
		l.more = l.yield(Line{File: l.file, Text: line, Number: l.number})
		text = rest
	}
	return nil
}
