package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
)

// head is a stage directive split at its parentheses. Params and Build are
// empty in the first form, which takes both from the constructor.
type head struct {
	name   string
	params string // with the parentheses
	build  string
}

// errHead is the one message for a directive of neither form.
var errHead = errors.New("malformed stage, want NAME or NAME(params) EXPR")

// splitHead reads NAME or NAME(params) EXPR. The parentheses are matched by
// tokens, because a parameter may be a function or hold a string.
func splitHead(text string) (head, error) {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(text))
	s.Init(file, []byte(text), func(token.Position, string) {}, 0)
	_, tok, name := s.Scan()
	if tok != token.IDENT {
		return head{}, errHead
	}
	pos, tok, lit := s.Scan()
	if tok == token.SEMICOLON && lit == "\n" {
		return head{name: name}, nil
	}
	if tok != token.LPAREN {
		return head{}, errHead
	}
	end, ok := closing(&s)
	if !ok {
		return head{}, fmt.Errorf("%w: the parenthesis is not closed", errHead)
	}
	open, after := file.Offset(pos), file.Offset(end)+1
	return head{name: name, params: text[open:after], build: text[after:]}, nil
}

// closing finds the parenthesis that closes the one just read.
func closing(s *scanner.Scanner) (token.Pos, bool) {
	for depth := 1; ; {
		pos, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		case token.EOF:
			return token.NoPos, false
		}
		if depth == 0 {
			return pos, true
		}
	}
}

// parseParams reads the parameters of the second form.
func (p *pkg) parseParams(line *stageLine, params string) *ast.FieldList {
	expr, err := p.parseExpr(line.file.path, "func"+params)
	if err != nil {
		p.addf(line.pos, "malformed parameters %s: %s", params, syntaxMsg(err))
		return nil
	}
	fn, ok := expr.(*ast.FuncType)
	if !ok {
		p.addf(line.pos, "malformed parameters %s", params)
		return nil
	}
	return fn.Params
}

// parseBuild reads the expression of the second form.
func (p *pkg) parseBuild(line *stageLine, build string) ast.Expr {
	expr, err := p.parseExpr(line.file.path, build)
	if err != nil {
		p.addf(line.pos, "malformed expression %q: %s", build, syntaxMsg(err))
		return nil
	}
	return expr
}
