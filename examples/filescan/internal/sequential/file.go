package sequential

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
)

// file is a file while its lines are looked at.
type file struct {
	name string
	goes bool // it holds Go

	blank, comments, vars, consts int

	longest  scan.Length
	findings []scan.Finding

	imports bool   // inside of the parentheses behind import
	header  string // of the function that has begun
	from    int
}

var (
	importList = regexp.MustCompile(`^import[ \t]*\(([^)]*$)?`)
	importLine = regexp.MustCompile("^import(?:[ \t]+[^ \t(]|[\"`])")
	imported   = regexp.MustCompile("^[^\"`]*(?:\"([^\"]+)\"|`([^`]+)`)")
	funcLine   = regexp.MustCompile(`^func [ \t\r]*(?:\(([^)]*)\)[ \t\r]*)?([\pL\pN_]*)`)
	receiver   = regexp.MustCompile(`(?:^|[ \t\r])\**([\pL\pN_]+)[^ \t\r]*[ \t\r]*$`)
	typeLine   = regexp.MustCompile(`^type [ \t\r]*([\pL\pN_]+)`)
	marker     = regexp.MustCompile(`\b(TODO|FIXME|BUG|HACK|XXX)[:(]`)
)

// line looks at a line whose characters have these colours.
func (f *file) line(number int, text string, colours []byte, inCode bool) {
	if n := utf8.RuneCountInString(text); n > f.longest.Length {
		f.longest = scan.Length{Path: f.name, Line: number, Length: n}
	}
	if strings.Trim(text, " \t\r") == "" {
		f.blank++
		return
	}
	if f.goes {
		f.goLine(number, text, colours, inCode)
	}
	if begin := bytes.IndexByte(colours, comment); begin >= 0 && begin < len(text) {
		f.markers(number, text, begin)
	}
}

// markers finds the markers from begin.
func (f *file) markers(number int, text string, begin int) {
	for _, at := range marker.FindAllStringSubmatchIndex(text, -1) {
		if at[0] < begin {
			continue
		}
		clipped := []rune(text[at[0]:])
		clipped = clipped[:min(len(clipped), 120)]
		f.found(scan.Finding{Kind: "marker", Line: number, Name: text[at[2]:at[3]], Text: strings.TrimRight(string(clipped), " \t\r")})
	}
}

// goLine looks at a line of Go.
func (f *file) goLine(number int, text string, colours []byte, inCode bool) {
	if number == 1 && strings.HasPrefix(text, "\ufeff") {
		text, colours = text[len("\ufeff"):], colours[len("\ufeff"):]
	}
	last := byte(0) // character of the code
	for i := range len(text) {
		switch {
		case colours[i] == raw, colours[i] == quoted:
			last = colours[i]
		case colours[i] == code && !strings.ContainsRune(" \t\r", rune(text[i])):
			last = max(text[i], 1) // 0 is none
		}
	}
	switch {
	case last == 0:
		f.comments++
	case inCode && f.imports:
		f.imports = !strings.HasPrefix(strings.TrimLeft(text, " \t"), ")")
		if f.imports {
			f.imported(number, text)
		}
	case inCode:
		f.declaration(number, text, last)
	}
}

func (f *file) declaration(number int, text string, last byte) {
	switch {
	case text[0] == '}' && f.header != "":
		f.function(number, f.from, f.header)
		f.header = ""
	case strings.HasPrefix(text, "func ") && strings.IndexByte("{(,", last) >= 0:
		f.header, f.from = text, number
	case strings.HasPrefix(text, "func "):
		f.function(number, number, text)
		f.header = ""
	case importList.MatchString(text):
		f.imports = !strings.Contains(text, ")")
	case importLine.MatchString(text):
		f.imported(number, text)
	case strings.HasPrefix(text, "var "):
		f.vars++
	case strings.HasPrefix(text, "const "):
		f.consts++
	}
	if m := typeLine.FindStringSubmatch(text); m != nil {
		f.found(scan.Finding{Kind: "type", Line: number, Name: m[1]})
	}
}

func (f *file) imported(number int, text string) {
	if m := imported.FindStringSubmatch(text); m != nil {
		f.found(scan.Finding{Kind: "import", Line: number, Name: m[1] + m[2]})
	}
}

// function adds the function that begins with header.
func (f *file) function(number, from int, header string) {
	m := funcLine.FindStringSubmatch(header)
	name := m[2]
	if name == "" {
		return
	}
	of, _, _ := strings.Cut(m[1], "[")
	if of := receiver.FindStringSubmatch(of); of != nil {
		name = of[1] + "." + name
	}
	f.found(scan.Finding{Kind: "func", Line: from, Name: name, Lines: number - from + 1})
}

func (f *file) found(found scan.Finding) {
	found.Path = f.name
	f.findings = append(f.findings, found)
}
