package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// markersIn counts the markers in a line. A marker is one of the words TODO, FIXME and
// BUG with ":" or "(" right behind it, and no ASCII letter, digit or underscore right
// before it. It may stand anywhere: in a comment, as is usual, or in code.
func markersIn(line string) markers {
	return markers{
		todo:  countWord(line, "TODO"),
		fixme: countWord(line, "FIXME"),
		bug:   countWord(line, "BUG"),
	}
}

func countWord(line, word string) int {
	n, from := 0, 0
	for {
		at := strings.Index(line[from:], word)
		if at < 0 {
			return n
		}
		at, from = from+at, from+at+len(word)
		begins := at == 0 || !isWordByte(line[at-1])
		if begins && from < len(line) && (line[from] == ':' || line[from] == '(') {
			n++
		}
	}
}

func isWordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// header is a place in the header of a Go file, where its imports are: the white space,
// comments, semicolons, package clause and import declarations that it begins with. The
// first token that cannot be part of that ends it, and nothing behind is an import,
// whatever it looks like. The zero header is the beginning of a file.
//
// The path of an import is what stands between its quotes, which must be on one line
// and hold no backslash.
type header struct {
	comment bool // inside of /* */
	expects expectation
}

type expectation uint8

const (
	declaration expectation = iota
	packageName
	importSpec   // behind the word import
	importInList // behind the word import and a parenthesis
	nothing      // the header has ended
)

// parse gives the import paths in a line of the header, and the place where the next
// line begins.
func (h header) parse(line string) (paths []string, after header) {
	for h.expects != nothing {
		var token string
		if token, line, h.comment = nextToken(line, h.comment); token == "" {
			break
		}
		h.expects = h.expects.behind(token)
		if quoted(token) && h.expects != nothing {
			paths = append(paths, token[1:len(token)-1])
		}
	}
	return paths, h
}

// behind is what is expected behind a token that stands where e is expected.
func (e expectation) behind(token string) expectation {
	switch e {
	case declaration:
		switch token {
		case ";":
			return declaration
		case "package":
			return packageName
		case "import":
			return importSpec
		}
	case packageName:
		if isName(token) {
			return declaration
		}
	case importSpec:
		switch {
		case token == "(":
			return importInList
		case token == "." || isName(token):
			return importSpec
		case quoted(token):
			return declaration
		}
	case importInList:
		switch {
		case token == ")":
			return declaration
		case token == ";" || token == "." || isName(token) || quoted(token):
			return importInList
		}
	}
	return nothing
}

// nextToken gives the first token of s that is no comment, and what is behind it. At the
// end of s the token is "", and comment tells whether the next line continues one.
func nextToken(s string, comment bool) (token, rest string, stillComment bool) {
	for {
		if comment {
			_, behind, closed := strings.Cut(s, "*/")
			if !closed {
				return "", "", true
			}
			s, comment = behind, false
		}
		s = strings.TrimLeft(s, " \t\r\n")
		switch {
		case s == "" || strings.HasPrefix(s, "//"):
			return "", "", false
		case strings.HasPrefix(s, "/*"):
			s, comment = s[2:], true
		default:
			n := tokenLen(s)
			return s[:n], s[n:], false
		}
	}
}

// tokenLen is the length of the name, the quoted string or the single character that s
// begins with.
func tokenLen(s string) int {
	first, size := utf8.DecodeRuneInString(s)
	switch {
	case first == '"' || first == '`':
		if n := strings.IndexByte(s[1:], s[0]); n >= 0 {
			return n + 2
		}
	case isNameRune(first):
		n := strings.IndexFunc(s, func(r rune) bool { return !isNameRune(r) && !unicode.IsDigit(r) })
		if n < 0 {
			return len(s)
		}
		return n
	}
	return size
}

func isNameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isName(token string) bool {
	first, _ := utf8.DecodeRuneInString(token)
	return isNameRune(first)
}

func quoted(token string) bool {
	return len(token) > 1 && (token[0] == '"' || token[0] == '`') && !strings.Contains(token, `\`)
}
