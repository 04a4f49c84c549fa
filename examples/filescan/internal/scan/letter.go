package scan

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Letter is a dead letter: a file or folder that could not be read, and why.
type Letter struct {
	Path  string `json:"path"`
	Line  int    `json:"line,omitempty"` // 0 if it was not even begun
	Error string `json:"error"`
}

// BadLine is the error of a file or folder that could not be read.
type BadLine struct {
	Path string
	Line int // 0 if it was not even begun
	Err  error
}

// newBadLine makes the error of a line that could not be read.
func newBadLine(l Line) *BadLine {
	bad := &BadLine{Path: l.File.Path, Line: l.Number, Err: l.Err}
	if e, ok := errors.AsType[*fs.PathError](l.Err); ok { // its path may be another way to say it
		bad.Line, bad.Err = 0, fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return bad
}

// Error says where it was and what.
func (e *BadLine) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s: line %d: %v", e.Path, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *BadLine) Unwrap() error { return e.Err }

// NewLetter makes the letter of an error of Parse.
func NewLetter(err error) Letter {
	bad, ok := errors.AsType[*BadLine](err)
	if !ok {
		return Letter{Error: err.Error()}
	}
	return Letter{Path: bad.Path, Line: bad.Line, Error: bad.Err.Error()}
}

// letters is a file of dead letters, one JSON object a line. It is made with the first
// letter, and each is written at once: even a program that is killed leaves those it has.
type letters struct {
	name string
	out  io.WriteCloser
	n    int
	err  error // why one could not be written
}

// put writes a letter.
func (l *letters) put(letter Letter) error {
	l.err = l.write(letter)
	return l.err
}

func (l *letters) write(letter Letter) error {
	if l.out == nil {
		out, err := os.Create(l.name)
		if err != nil {
			return err
		}
		l.out = out
	}
	text, err := json.Marshal(letter)
	if err != nil {
		return err
	}
	if _, err = l.out.Write(append(text, '\n')); err == nil {
		l.n++
	}
	return err
}

// close closes the file, if there is one.
func (l *letters) close() error {
	if l.out == nil {
		return nil
	}
	return l.out.Close()
}

// rename gives the file another name. If there is none, what earlier runs have left under
// both names is removed.
func (l *letters) rename(name string) error {
	if l.out == nil {
		return removeAll(l.name, name)
	}
	return os.Rename(l.name, name)
}

// ReadLetters reads a file of letters; if there is none there are no letters.
func ReadLetters(name string) (letters []Letter, err error) {
	in, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	for d := json.NewDecoder(bufio.NewReader(in)); ; {
		var l Letter
		if err := d.Decode(&l); err == io.EOF {
			return letters, nil
		} else if err != nil {
			return nil, err
		}
		letters = append(letters, l)
	}
}
