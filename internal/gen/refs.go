package gen

import (
	"go/ast"
	"go/token"
)

// refs lists the identifiers in n that refer to something, in order: not the
// names of fields, and not what is selected from a package or a value.
func (p *pkg) refs(n ast.Node) []*ast.Ident {
	var list []*ast.Ident
	skip := map[ast.Node]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		for _, name := range p.nonRefs(n) {
			skip[name] = true
		}
		if id, ok := n.(*ast.Ident); ok && !skip[id] {
			list = append(list, id)
		}
		return true
	})
	return list
}

// nonRefs lists the children of n that look like references and are none.
func (p *pkg) nonRefs(n ast.Node) []*ast.Ident {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		return []*ast.Ident{n.Sel}
	case *ast.Field:
		return n.Names
	case *ast.LabeledStmt:
		return []*ast.Ident{n.Label}
	case *ast.BranchStmt:
		return []*ast.Ident{n.Label}
	case *ast.CompositeLit:
		return p.fieldKeys(n)
	}
	return nil
}

// fieldKeys lists the keys of a struct literal. Syntax does not tell it from
// the literal of a map type of another package, which is taken for a struct.
func (p *pkg) fieldKeys(lit *ast.CompositeLit) []*ast.Ident {
	if p.keyedByValue(lit.Type) {
		return nil
	}
	var keys []*ast.Ident
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (p *pkg) keyedByValue(typ ast.Expr) bool {
	if typ == nil {
		return false
	}
	if name, _ := namedType(typ); name != nil && p.types[name.Name] != nil {
		typ = p.types[name.Name].spec.Type
	}
	switch typ.(type) {
	case *ast.MapType, *ast.ArrayType:
		return true
	}
	return false
}

// declared lists the names that an expression declares inside its function
// literals. They count as local in all of it.
func declared(n ast.Node) []*ast.Ident {
	var names []*ast.Ident
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			names = append(names, n.Names...)
		case *ast.ValueSpec:
			names = append(names, n.Names...)
		case *ast.TypeSpec:
			names = append(names, n.Name)
		case *ast.AssignStmt:
			names = append(names, defined(n.Tok, n.Lhs...)...)
		case *ast.RangeStmt:
			names = append(names, defined(n.Tok, n.Key, n.Value)...)
		}
		return true
	})
	return names
}

func defined(tok token.Token, left ...ast.Expr) []*ast.Ident {
	var names []*ast.Ident
	for _, expr := range left {
		if id, ok := expr.(*ast.Ident); ok && tok == token.DEFINE {
			names = append(names, id)
		}
	}
	return names
}

func nameSet(ids ...*ast.Ident) map[string]bool {
	set := map[string]bool{}
	for _, id := range ids {
		set[id.Name] = true
	}
	return set
}
