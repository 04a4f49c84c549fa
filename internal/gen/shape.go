package gen

import (
	"go/ast"
	"go/parser"
	"strings"
)

// shape is the In and the Out of a processor's Process method, in the words
// of the constructor.
type shape struct {
	in, out string
}

// shapeOf reads func(context.Context, <-chan X) <-chan Y; a Process of
// another form, such as one with many outputs, is no processor.
func (p *pkg) shapeOf(m *method, env map[string]string, s *scope) (shape, bool) {
	typ := m.decl.Type
	params := fieldTypes(typ.Params)
	results := fieldTypes(typ.Results)
	if typ.TypeParams != nil || len(params) != 2 || len(results) != 1 || !isContext(params[0], m.file) {
		return shape{}, false
	}
	in, okIn := received(params[1])
	out, okOut := received(results[0])
	if !okIn || !okOut {
		return shape{}, false
	}
	inner := *s
	inner.imports, inner.subst, inner.locals = m.file.imports, env, nil
	return shape{in: inner.render(in), out: inner.render(out)}, true
}

// fieldTypes lists one type for each parameter, also where names share one.
func fieldTypes(list *ast.FieldList) []ast.Expr {
	var types []ast.Expr
	if list != nil {
		for _, field := range list.List {
			for range max(1, len(field.Names)) {
				types = append(types, field.Type)
			}
		}
	}
	return types
}

func isContext(expr ast.Expr, file *source) bool {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Context" {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && file.imports[id.Name] == "context"
}

func received(expr ast.Expr) (ast.Expr, bool) {
	ch, ok := expr.(*ast.ChanType)
	if !ok || ch.Dir != ast.RECV {
		return nil, false
	}
	return ch.Value, true
}

// mentions tells whether a rendered type refers to one of the names.
func (p *pkg) mentions(typ string, names map[string]bool) bool {
	expr, err := parser.ParseExpr(typ)
	if err != nil {
		return false
	}
	for _, id := range p.refs(expr) {
		if names[id.Name] {
			return true
		}
	}
	return false
}

// typeName is the name of a rendered type without package, pointer and
// arguments; empty for a type without a name.
func typeName(typ string) string {
	base, _, _ := strings.Cut(typ, "[")
	base = base[strings.LastIndexByte(base, '.')+1:]
	return strings.TrimLeft(base, "*")
}

// inferredLetter is the name that an inferred result type likes to have.
func inferredLetter(typ string) string {
	base := typeName(typ)
	switch {
	case strings.HasPrefix(base, "Window"), strings.HasSuffix(base, "Window"):
		return "W"
	case strings.HasPrefix(base, "Pair"):
		return "P"
	}
	return "B"
}
