package scan

import "strings"

// mode is what the characters of a Go file belong to at some place.
type mode uint8

const (
	inCode    mode = iota
	inComment      // inside of /* */
	inRaw          // inside of a raw string
)

// lex reads a line that is not blank and begins in mode m, which becomes the one of the next line:
// what the line consists of, where the first comment begins, -1 if nowhere, and the last
// character of its code that is no white space.
func (m *mode) lex(text string) (class Class, comment int, last byte) {
	class, comment = Comment, -1
	for i := 0; i < len(text); {
		if *m == inComment && comment < 0 {
			comment = i
		}
		switch *m {
		case inComment:
			i = m.until(text, i, "*/")
		case inRaw:
			class, last = Code, '`'
			i = m.until(text, i, "`")
		default:
			var c byte
			if i, c = m.code(text, i); c != 0 {
				class, last = Code, c
			}
			if *m == inCode && i < len(text) { // a comment up to the end of the line
				if comment < 0 {
					comment = i
				}
				return class, comment, last
			}
			if *m == inComment && comment < 0 {
				comment = i - len("/*")
			}
		}
	}
	return class, comment, last
}

// until is the place behind mark, where code begins, or the end of the line.
func (m *mode) until(text string, i int, mark string) int {
	n := strings.Index(text[i:], mark)
	if n < 0 {
		return len(text)
	}
	*m = inCode
	return i + n + len(mark)
}

// code reads from i, which is code, to where something else begins, and gives the last
// character that is no white space, 0 if there is none. It stops at //, and behind what
// begins a comment or a raw string.
func (m *mode) code(text string, i int) (end int, last byte) {
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\r':
		case '"', '\'':
			i, last = quoted(text, i), c
		case '`':
			*m = inRaw
			return i + 1, c
		case '/':
			switch {
			case strings.HasPrefix(text[i:], "//"):
				return i, last
			case strings.HasPrefix(text[i:], "/*"):
				*m = inComment
				return i + 2, last
			}
			last = c
		default:
			last = max(c, 1) // 0 would be none
		}
	}
	return i, last
}

// quoted is the place of the quote that closes the one at i, or of the last character.
func quoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text) && text[i] != quote; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text)-1)
}
