package gen

import (
	"cmp"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"slices"
)

// A Problem is one thing that is wrong with the input, and where.
type Problem struct {
	File string
	Line int
	Msg  string
}

// Error returns the problem in the form of the Go tools: file:line: message.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
}

// problems collects, so that one run shows everything that is wrong.
type problems struct {
	fset *token.FileSet
	list []*Problem
}

func (ps *problems) addf(pos token.Pos, format string, args ...any) {
	at := ps.place(pos)
	ps.list = append(ps.list, &Problem{File: at.Filename, Line: at.Line, Msg: fmt.Sprintf(format, args...)})
}

// place ignores line directives: the reader wants the file that was read.
func (ps *problems) place(pos token.Pos) token.Position {
	return ps.fset.PositionFor(pos, false)
}

// addSyntax takes over the errors of the parser, which know their own place.
func (ps *problems) addSyntax(path string, err error) {
	list, ok := errors.AsType[scanner.ErrorList](err)
	if !ok {
		ps.list = append(ps.list, &Problem{File: path, Line: 1, Msg: err.Error()})
		return
	}
	for _, e := range list {
		ps.list = append(ps.list, &Problem{File: path, Line: e.Pos.Line, Msg: e.Msg})
	}
}

// err joins what was collected in the order of the files, each problem once.
func (ps *problems) err() error {
	list := slices.Clone(ps.list)
	slices.SortStableFunc(list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	list = slices.CompactFunc(list, func(a, b *Problem) bool { return *a == *b })
	var joined []error
	for _, p := range list {
		joined = append(joined, p)
	}
	return errors.Join(joined...)
}

// syntaxMsg is the first message of a parse error, without the place inside
// the directive's text: the caller knows the line.
func syntaxMsg(err error) string {
	if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
		return list[0].Msg
	}
	return err.Error()
}
