package gen

import "go/ast"

// findProcess returns the Process method of a type of the package, its own
// or that of an embedded struct, and what its receiver's type parameters
// stand for when the type has the given arguments.
func (p *pkg) findProcess(name string, args []string, s *scope) (*method, map[string]string) {
	return p.searchProcess(name, args, s, map[string]bool{})
}

func (p *pkg) searchProcess(name string, args []string, s *scope, seen map[string]bool) (*method, map[string]string) {
	decl := p.types[name]
	if decl == nil || seen[name] {
		return nil, nil
	}
	seen[name] = true
	if m := p.process[name]; m != nil {
		_, names := namedType(m.decl.Recv.List[0].Type)
		return m, bind(exprNames(names), args)
	}
	inner := *s
	inner.imports = decl.file.imports
	inner.subst, inner.locals = bind(fieldNames(decl.spec.TypeParams), args), nil
	for _, typ := range embedded(decl.spec) {
		base, baseArgs := namedType(typ)
		if base == nil {
			continue
		}
		if m, env := p.searchProcess(base.Name, inner.renderAll(baseArgs), s, seen); m != nil {
			return m, env
		}
	}
	return nil, nil
}

// embedded lists the types whose methods a type has too: embedded fields, or
// the type that an alias names.
func embedded(spec *ast.TypeSpec) []ast.Expr {
	if spec.Assign.IsValid() {
		return []ast.Expr{spec.Type}
	}
	var list []ast.Expr
	if st, ok := spec.Type.(*ast.StructType); ok {
		for _, field := range st.Fields.List {
			if len(field.Names) == 0 {
				list = append(list, field.Type)
			}
		}
	}
	return list
}

func (s *scope) renderAll(exprs []ast.Expr) []string {
	var list []string
	for _, expr := range exprs {
		list = append(list, s.render(expr))
	}
	return list
}

// bind pairs type parameters with arguments. Where their numbers differ the
// compiler will say so; the rest stays unbound.
func bind(names []*ast.Ident, args []string) map[string]string {
	env := map[string]string{}
	for i, name := range names {
		if i < len(args) && name.Name != "_" {
			env[name.Name] = args[i]
		}
	}
	return env
}

func exprNames(exprs []ast.Expr) []*ast.Ident {
	var names []*ast.Ident
	for _, expr := range exprs {
		if id, ok := expr.(*ast.Ident); ok {
			names = append(names, id)
		}
	}
	return names
}

func fieldNames(list *ast.FieldList) []*ast.Ident {
	var names []*ast.Ident
	if list != nil {
		for _, field := range list.List {
			names = append(names, field.Names...)
		}
	}
	return names
}
