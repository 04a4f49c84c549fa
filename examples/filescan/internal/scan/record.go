package scan

import "strings"

// Record is what is known of a line from the lines before it.
type Record struct {
	File    *File
	Text    string
	Decl    string // the first line of the declaration that Role is about
	Number  int
	From    int // where Decl is
	Comment int // where the first comment begins in Text, -1 if there is none
	Class   Class
	Role    Role
}

// Class says what a line consists of.
type Class uint8

const (
	Blank   Class = iota // white space
	Comment              // a comment and nothing else
	Code                 // anything else, and all text that is no Go
	End                  // no line, but the end of the file
)

// Role says what a line is in its Go file.
type Role uint8

const (
	Plain  Role = iota
	Import      // names a package
	Func        // is the last line of a function, which begins at From
	Type        // declares a type
	Var
	Const
)

// state is a place between two lines of a Go file.
type state struct {
	mode    mode
	imports bool   // inside of the parentheses behind the word import
	header  string // the first line of the function that has begun, "" outside of one
	from    int    // its number
}

// Parse makes a record of a line. The lines of a file must be given in order. A line that
// could not be read has no record, but a *[BadLine].
func Parse(l Line) (Record, error) {
	r := Record{File: l.File, Text: l.Text, Number: l.Number, Comment: -1}
	switch {
	case l.Err != nil:
		return r, newBadLine(l)
	case l.End:
		r.Class = End
	case isBlank(l.Text):
		r.Class = Blank
	case !strings.HasSuffix(l.File.Path, ".go"):
		r.Class, r.Comment = Code, 0
	default:
		l.File.state.parse(&r)
	}
	return r, nil
}

// parse reads a line of Go that is not blank.
func (s *state) parse(r *Record) {
	text := r.Text
	if r.Number == 1 {
		text = strings.TrimPrefix(text, "\ufeff") // a byte order mark
	}
	begin := s.mode
	var last byte
	r.Class, r.Comment, last = s.mode.lex(text)
	if shift := len(r.Text) - len(text); r.Comment >= 0 {
		r.Comment += shift
	}
	if begin == inCode && r.Class == Code {
		s.declare(r, text, last)
	}
}

// declare finds the declarations that begin or end in a line: like gofmt it expects them at
// the beginning of a line. last is the last character of the line's code.
func (s *state) declare(r *Record, text string, last byte) {
	switch {
	case s.imports:
		s.imports = !strings.HasPrefix(strings.TrimLeft(text, " \t"), ")")
		if s.imports {
			r.Role, r.Decl = Import, text
		}
	case text[0] == '}':
		if s.header != "" {
			r.Role, r.Decl, r.From = Func, s.header, s.from
			s.header = ""
		}
	case strings.HasPrefix(text, "func "):
		s.begin(r, text, last)
	case strings.HasPrefix(text, "import"):
		s.importing(r, text)
	case strings.HasPrefix(text, "type "):
		r.Role, r.Decl = Type, text
	case strings.HasPrefix(text, "var "):
		r.Role, r.Decl = Var, text
	case strings.HasPrefix(text, "const "):
		r.Role, r.Decl = Const, text
	}
}

// begin is at the first line of a function. One without a body, or with all of it in this
// line, has also ended.
func (s *state) begin(r *Record, text string, last byte) {
	if last == '{' || last == '(' || last == ',' {
		s.header, s.from = text, r.Number
		return
	}
	r.Role, r.Decl, r.From = Func, text, r.Number
	s.header = ""
}

// importing is at a line that begins with the word import.
func (s *state) importing(r *Record, text string) {
	rest := text[len("import"):]
	switch spec := strings.TrimLeft(rest, " \t"); {
	case strings.HasPrefix(spec, "("):
		s.imports = !strings.Contains(spec, ")")
	case spec != rest || strings.HasPrefix(spec, `"`) || strings.HasPrefix(spec, "`"):
		r.Role, r.Decl = Import, text
	}
}

const whiteSpace = " \t\r"

func isBlank(text string) bool { return strings.TrimLeft(text, whiteSpace) == "" }
