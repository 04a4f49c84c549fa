package scan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Finding is one thing found in one place: a row of the table of findings.
type Finding struct {
	Kind  string // import, func, type or marker
	Path  string
	Line  int
	Name  string // the path that is imported, the name declared, or the word of the marker
	Lines int    // of the function
	Text  string // the marker and what is behind it
}

// Counts are the sums of some lines of a file.
type Counts struct {
	Lines, Blank, Comment, Code int
	Funcs, Types, Vars, Consts  int
	Markers                     int
	Longest, LongestAt          int // the longest line in characters, and its number
}

// Add adds the counts of lines that follow those of c.
func (c *Counts) Add(d Counts) {
	c.Lines += d.Lines
	c.Blank += d.Blank
	c.Comment += d.Comment
	c.Code += d.Code
	c.Funcs += d.Funcs
	c.Types += d.Types
	c.Vars += d.Vars
	c.Consts += d.Consts
	c.Markers += d.Markers
	if d.Longest > c.Longest {
		c.Longest, c.LongestAt = d.Longest, d.LongestAt
	}
}

// Result is what some lines of one file give: all that a batch has of the file.
type Result struct {
	File     *File
	Findings []Finding
	Counts   Counts
	End      bool // the file has no more lines
}

// Process finds what is in a batch of records, and gives a result for each file of which it
// has lines. It looks at nothing but the batch: batches may be processed at once.
func Process(batch []Record) []Result {
	var results []Result
	var r *Result
	for i := range batch {
		if r == nil || r.File != batch[i].File {
			results = append(results, Result{File: batch[i].File})
			r = &results[len(results)-1]
		}
		r.add(&batch[i])
	}
	return results
}

func (r *Result) add(rec *Record) {
	if rec.Class == End {
		r.End = true
		return
	}
	r.Counts.Lines++
	switch rec.Class {
	case Blank:
		r.Counts.Blank++
	case Comment:
		r.Counts.Comment++
	case Code:
		r.Counts.Code++
	}
	if n := utf8.RuneCountInString(rec.Text); n > r.Counts.Longest {
		r.Counts.Longest, r.Counts.LongestAt = n, rec.Number
	}
	r.declared(rec)
	if rec.Comment >= 0 {
		r.markers(rec)
	}
}

// declared adds what a line declares.
func (r *Result) declared(rec *Record) {
	switch rec.Role {
	case Import:
		if name := importPath(rec.Decl); name != "" {
			r.found(rec, Finding{Kind: "import", Name: name})
		}
	case Func:
		if name := funcName(rec.Decl); name != "" {
			r.Counts.Funcs++
			r.found(rec, Finding{Kind: "func", Line: rec.From, Name: name, Lines: rec.Number - rec.From + 1})
		}
	case Type:
		if name := firstName(rec.Decl[len("type "):]); name != "" {
			r.Counts.Types++
			r.found(rec, Finding{Kind: "type", Name: name})
		}
	case Var:
		r.Counts.Vars++
	case Const:
		r.Counts.Consts++
	}
}

func (r *Result) found(rec *Record, f Finding) {
	f.Path = r.File.Path
	if f.Line == 0 {
		f.Line = rec.Number
	}
	r.Findings = append(r.Findings, f)
}

// importPath is what stands between the first two quotes of a line.
func importPath(spec string) string {
	at := strings.IndexAny(spec, "\"`")
	if at < 0 {
		return ""
	}
	path, _, found := strings.Cut(spec[at+1:], spec[at:at+1])
	if !found {
		return ""
	}
	return path
}

// funcName is the name of the function that begins with header, that of a method with its
// receiver's type before it.
func funcName(header string) string {
	rest := strings.TrimLeft(header[len("func "):], whiteSpace)
	if !strings.HasPrefix(rest, "(") {
		return firstName(rest)
	}
	receiver, rest, _ := strings.Cut(rest[1:], ")")
	receiver, _, _ = strings.Cut(receiver, "[")
	name := firstName(rest)
	if name == "" {
		return ""
	}
	receiver = strings.TrimRight(receiver, whiteSpace)
	of := receiver[strings.LastIndexAny(receiver, whiteSpace)+1:] // behind the receiver's own name
	if of = firstName(strings.TrimLeft(of, "*")); of != "" {
		return of + "." + name
	}
	return name
}

// firstName is the word that s begins with, behind white space.
func firstName(s string) string {
	s = strings.TrimLeft(s, whiteSpace)
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return s[:i]
		}
	}
	return s
}

// Markers are the words that say that something is left to do.
var Markers = []string{"TODO", "FIXME", "BUG", "HACK", "XXX"}

// markers finds the markers in the comment of a line. A marker is one of the words with ":"
// or "(" right behind it, and no letter, digit or underscore right before it.
func (r *Result) markers(rec *Record) {
	text := rec.Text
	for i := rec.Comment; i < len(text); i++ {
		switch text[i] {
		case 'T', 'F', 'B', 'H', 'X':
			word := markerAt(text[i:])
			if word != "" && (i == 0 || !isWordByte(text[i-1])) {
				r.Counts.Markers++
				r.found(rec, Finding{Kind: "marker", Name: word, Text: clip(text[i:])})
				i += len(word)
			}
		}
	}
}

// markerAt is the marker that text begins with, or "".
func markerAt(text string) string {
	for _, word := range Markers {
		if rest, ok := strings.CutPrefix(text, word); ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "(")) {
			return word
		}
	}
	return ""
}

func isWordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// maxText is how much of a marker's line is kept, in characters.
const maxText = 120

// clip is the beginning of a text, without white space behind it.
func clip(text string) string {
	n := 0
	for i := range text {
		if n == maxText {
			text = text[:i]
			break
		}
		n++
	}
	return strings.TrimRight(text, whiteSpace)
}
