package scan

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Letter is a dead letter: a file or folder that could not be read, and why.
type Letter struct {
	Path  string `json:"path"`
	Line  int    `json:"line,omitempty"` // 0 if it was not even begun
	Error string `json:"error"`
}

// NewLetter makes a letter of a line that could not be read.
func NewLetter(l Line, err error) Letter {
	letter := Letter{Path: l.File.Path, Line: l.Number, Error: err.Error()}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		letter.Error = e.Op + ": " + e.Err.Error() // the path stands beside it
		letter.Line = 0
	}
	return letter
}

// Letters is a file of dead letters, one JSON object a line. It is made with the first
// letter, and each is written at once: a program that is stopped keeps those it has.
type Letters struct {
	name string
	out  io.WriteCloser
	n    int
}

// NewLetters makes a file of letters in a folder, and removes the one of an earlier run.
func NewLetters(folder string) (*Letters, error) {
	l := &Letters{name: filepath.Join(folder, LettersName)}
	if err := os.Remove(l.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return l, nil
}

// Put writes a letter.
func (l *Letters) Put(letter Letter) error {
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
	l.n++
	_, err = l.out.Write(append(text, '\n'))
	return err
}

// Len is the number of letters.
func (l *Letters) Len() int { return l.n }

// Close closes the file, if there is one.
func (l *Letters) Close() error {
	if l.out == nil {
		return nil
	}
	return l.out.Close()
}

// ReadLetters reads the letters in a folder.
func ReadLetters(folder string) (letters []Letter, err error) {
	in, err := os.Open(filepath.Join(folder, LettersName))
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
