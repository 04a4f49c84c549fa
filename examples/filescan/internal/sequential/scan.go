// Package sequential does what filescan does, one thing after the other: whole files in
// memory, regular expressions, and no code of the other programs but the types of the
// result and the choice of files. It is slow and plain, to check them by.
package sequential

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// Result is all that a scan gives.
type Result struct {
	Summary  scan.Summary
	Findings []scan.Finding
	Letters  []scan.Letter
}

// Scan scans a tree.
func Scan(ctx context.Context, tree fs.FS) (Result, error) {
	r := result{packages: make(map[string]*scan.Package)}
	r.Summary.Markers = make(map[string]int)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && name == ".":
			return err
		case err != nil:
			r.letter(name, 0, err)
		case d.Type().IsRegular() && (&scan.File{Path: name}).Wanted():
			r.file(tree, name)
		}
		return nil
	})
	r.finish()
	return r.Result, err
}

type result struct {
	Result
	packages                map[string]*scan.Package
	files, functions, lines []scan.Length
}

func (r *result) letter(name string, line int, err error) {
	text := err.Error()
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		line, text = 0, e.Op+": "+e.Err.Error()
	}
	r.Letters = append(r.Letters, scan.Letter{Path: name, Line: line, Error: text})
}

// file scans a file, unless something is wrong with it.
func (r *result) file(tree fs.FS, name string) {
	data, err := fs.ReadFile(tree, name)
	lines := strings.SplitAfter(string(data), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for i, line := range lines {
		whole := strings.HasSuffix(line, "\n") || err == nil
		switch {
		case len(line) > scan.MaxLine:
			r.letter(name, i+1, scan.ErrTooLong)
			return
		case whole && !utf8.ValidString(line):
			r.letter(name, i+1, scan.ErrNotText)
			return
		}
	}
	if err != nil {
		r.letter(name, strings.Count(string(data), "\n")+1, err)
		return
	}
	r.whole(name, string(data), lines)
}

// whole adds a file that is as it should be.
func (r *result) whole(name, text string, lines []string) {
	f := file{name: name, goes: path.Ext(name) == ".go"}
	colours := bytes.Repeat([]byte{comment}, len(text)) // may have markers anywhere
	if f.goes {
		colours = colour(text)
	}
	at := 0
	for i, line := range lines {
		inCode := at == 0 || colours[at-1] == code // what the end of the line before belongs to
		f.line(i+1, lineEnd.ReplaceAllString(line, ""), colours[at:at+len(line)], inCode)
		at += len(line)
	}
	r.add(&f, int64(len(text)), len(lines))
}

func (r *result) add(f *file, size int64, lines int) {
	s := &r.Summary
	s.Files++
	s.Bytes += size
	s.Lines += lines
	s.Blank += f.blank
	s.Comment += f.comments
	s.Code += lines - f.blank - f.comments
	s.Vars += f.vars
	s.Consts += f.consts
	r.files = append(r.files, scan.Length{Path: f.name, Length: lines})
	if f.longest.Length > 0 {
		r.lines = append(r.lines, f.longest)
	}
	p := &scan.Package{} // of a file that is no Go: forgotten
	if f.goes {
		p = r.packageOf(f.name)
		p.Files++
		p.Lines += lines
	}
	for _, found := range f.findings {
		switch found.Kind {
		case "func":
			s.Funcs++
			p.Funcs++
			r.functions = append(r.functions, scan.Length{Path: f.name, Line: found.Line, Name: found.Name, Length: found.Lines})
		case "type":
			s.Types++
			p.Types++
		case "marker":
			s.Markers[found.Name]++
			p.Markers++
		case "import":
			if !slices.Contains(p.Imports, found.Name) {
				p.Imports = append(p.Imports, found.Name)
			}
		}
	}
	r.Findings = append(r.Findings, f.findings...)
}

func (r *result) packageOf(name string) *scan.Package {
	folder := path.Dir(name)
	if r.packages[folder] == nil {
		r.packages[folder] = &scan.Package{Path: folder}
	}
	return r.packages[folder]
}

// finish sorts what has been collected.
func (r *result) finish() {
	s := &r.Summary
	s.Complete = true
	s.Letters = len(r.Letters)
	s.LongestFiles = first(r.files)
	s.LongestFuncs = first(r.functions)
	s.LongestLines = first(r.lines)
	importers := make(map[string]int)
	for _, p := range r.packages {
		sort.Strings(p.Imports)
		s.Packages = append(s.Packages, *p)
		for _, name := range p.Imports {
			importers[name]++
		}
	}
	sort.Slice(s.Packages, func(i, j int) bool { return s.Packages[i].Path < s.Packages[j].Path })
	for name, n := range importers {
		s.MostImported = append(s.MostImported, scan.Imported{Name: name, Packages: n})
	}
	sort.Slice(s.MostImported, func(i, j int) bool {
		a, b := s.MostImported[i], s.MostImported[j]
		return a.Packages > b.Packages || a.Packages == b.Packages && a.Name < b.Name
	})
	s.MostImported = s.MostImported[:min(scan.Top, len(s.MostImported))]
}

func first(all []scan.Length) []scan.Length {
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		switch {
		case a.Length != b.Length:
			return a.Length > b.Length
		case a.Path != b.Path:
			return a.Path < b.Path
		}
		return a.Line < b.Line
	})
	return all[:min(scan.Top, len(all))]
}

// The colours of the characters of a file.
const (
	code    = 'c'
	raw     = '`' // code too: a raw string
	quoted  = '"' // and another one
	comment = '/'
)

var lineEnd = regexp.MustCompile(`\r?\n$`)

// aString is what a line begins with: a string or a character, or what there is of it.
var aString = regexp.MustCompile(`^"(?:\\.|[^"\\])*\\?"?|^'(?:\\.|[^'\\])*\\?'?`)

// colour says what each character of a Go file belongs to.
func colour(text string) []byte {
	colours := make([]byte, 0, len(text))
	paint := func(n int, c byte) {
		for range n {
			colours = append(colours, c)
		}
		text = text[n:]
	}
	for text != "" {
		next := strings.IndexAny(text, "/`\"'")
		if next < 0 {
			next = len(text)
		}
		paint(next, code)
		switch line, _, _ := strings.Cut(text, "\n"); {
		case strings.HasPrefix(text, "//"):
			paint(len(line), comment)
		case strings.HasPrefix(text, "/*"):
			paint(through(text, 2, "*/"), comment)
		case strings.HasPrefix(text, "`"):
			paint(through(text, 1, "`"), raw)
		case strings.HasPrefix(text, "/"):
			paint(1, code)
		default:
			paint(len(aString.FindString(line)), quoted)
		}
	}
	return colours
}

// through is the length of text up to the end of a mark behind its first characters, or of
// all if there is no mark.
func through(text string, first int, mark string) int {
	n := strings.Index(text[first:], mark)
	if n < 0 {
		return len(text)
	}
	return first + n + len(mark)
}
