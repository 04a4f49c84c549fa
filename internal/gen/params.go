package gen

import (
	"go/ast"
	"go/token"
	"strings"
)

// readParams takes parameters and building expression from the directive, or
// else from the constructor.
func (b *builder) readParams(st *stage, h head, typeParams []*ast.Ident, sig *scope) bool {
	list, typeScope := withoutClock(st.line.fn.Type.Params), sig
	if h.params != "" {
		list, typeScope = b.parseParams(st.line, h.params), sig.in(st.line)
		if list == nil {
			return false
		}
	}
	if !b.named(st, list) {
		return false
	}
	for _, f := range list.List {
		for _, name := range f.Names {
			st.Params = append(st.Params, field{Name: name.Name, Type: typeScope.render(f.Type)})
		}
	}
	inferable := b.inferable(typeParams, list)
	st.explicit = !inferable
	if h.params == "" {
		st.Build = b.call(st, inferable)
		return true
	}
	return b.readBuild(st, h, list, sig)
}

func typeParamFields(list *ast.FieldList, s *scope) []field {
	var fields []field
	if list == nil {
		return nil
	}
	for _, f := range list.List {
		for _, name := range f.Names {
			fields = append(fields, field{Name: name.Name, Type: s.render(f.Type)})
		}
	}
	return fields
}

// withoutClock drops a trailing variadic clock: a flow brings its own.
func withoutClock(list *ast.FieldList) *ast.FieldList {
	n := len(list.List)
	if n == 0 {
		return list
	}
	ellipsis, ok := list.List[n-1].Type.(*ast.Ellipsis)
	if !ok {
		return list
	}
	elt := ellipsis.Elt
	if sel, ok := elt.(*ast.SelectorExpr); ok {
		elt = sel.Sel
	}
	if id, ok := elt.(*ast.Ident); ok && id.Name == "Clock" {
		return &ast.FieldList{List: list.List[:n-1]}
	}
	return list
}

// reserved lists the names that generated functions refer to.
func (b *builder) reserved() map[string]bool {
	if b.qualifier == "" {
		return map[string]bool{"_": true, b.stagePackage(): true}
	}
	return map[string]bool{
		"_": true, "ops": true, "stage": true, "Of": true, "nested": true, "then": true, "Stage": true, "Flow": true,
	}
}

// named demands a usable name of every parameter and type parameter.
func (b *builder) named(st *stage, list *ast.FieldList) bool {
	ok := true
	for _, f := range list.List {
		if len(f.Names) == 0 {
			b.addf(st.line.pos, "stage %s: parameter %s has no name", st.Name, b.text(f.Type))
			ok = false
		}
	}
	reserved := b.reserved()
	for _, name := range append(fieldNames(list), fieldNames(st.line.fn.Type.TypeParams)...) {
		if reserved[name.Name] {
			b.addf(st.line.pos, "stage %s: no parameter can be called %s", st.Name, name.Name)
			ok = false
		}
	}
	return ok
}

// inferable tells whether every type parameter occurs in a parameter's type,
// so that a call needs no type arguments.
func (b *builder) inferable(typeParams []*ast.Ident, list *ast.FieldList) bool {
	seen := map[string]bool{}
	for _, typ := range fieldTypes(list) {
		for _, id := range b.refs(typ) {
			seen[id.Name] = true
		}
	}
	for _, name := range typeParams {
		if !seen[name.Name] {
			return false
		}
	}
	return true
}

// call is the constructor called with the parameters of the same names.
func (b *builder) call(st *stage, inferable bool) string {
	fn := st.line.fn
	name := b.scope(st.line, nil, st.body).render(fn.Name)
	if !inferable {
		name += bracketed(names(st.TypeParams))
	}
	return name + "(" + arguments(st.Params) + ")"
}

// readBuild renders the expression of the second form.
func (b *builder) readBuild(st *stage, h head, list *ast.FieldList, sig *scope) bool {
	expr := b.parseBuild(st.line, h.build)
	if expr == nil {
		return false
	}
	body := sig.in(st.line, append(fieldNames(list), declared(expr)...)...)
	body.used = st.body
	st.Build = body.render(expr)
	return true
}

func names(fields []field) []string {
	var list []string
	for _, f := range fields {
		list = append(list, f.Name)
	}
	return list
}

// arguments passes parameters on, the variadic one as a whole.
func arguments(params []field) string {
	list := names(params)
	for i, f := range params {
		if strings.HasPrefix(f.Type, token.ELLIPSIS.String()) {
			list[i] += token.ELLIPSIS.String()
		}
	}
	return strings.Join(list, ", ")
}

// bracketed is a list of type arguments, or nothing.
func bracketed(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "[" + strings.Join(list, ", ") + "]"
}
