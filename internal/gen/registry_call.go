package gen

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// call writes the call of one function with random arguments. Every type parameter
// stands for int, if its constraint lets it.
type call struct {
	*lister
	fn    *ast.FuncDecl
	scope *scope
	types []string // what the function's own type parameters stand for

	result string // the type of the first
	why    string
}

func (l *lister) newCall(file *source, fn *ast.FuncDecl, used importSet) *call {
	c := &call{lister: l, fn: fn, scope: &scope{
		pkg: l.pkg, names: l.names, imports: file.imports, qualifier: l.qualifier,
		subst: map[string]string{}, used: used,
	}}
	if fn.Recv != nil {
		_, params := namedType(fn.Recv.List[0].Type)
		for _, name := range exprNames(params) {
			c.scope.subst[name.Name] = "int"
		}
	}
	for _, name := range fieldNames(fn.Type.TypeParams) {
		c.scope.subst[name.Name] = "int"
	}
	c.choose()
	return c
}

// choose gives a type parameter what its constraint asks for, where that is one type.
func (c *call) choose() {
	if c.fn.Type.TypeParams == nil {
		return
	}
	for _, f := range c.fn.Type.TypeParams.List {
		for _, name := range f.Names {
			if name.Name == "_" { // the compiler infers it, and nothing refers to it
				continue
			}
			c.scope.subst[name.Name] = c.argument(f.Type)
			c.types = append(c.types, c.scope.subst[name.Name])
		}
	}
}

func (c *call) argument(constraint ast.Expr) string {
	switch typ := constraint.(type) {
	case *ast.UnaryExpr: // ~[]T
		return c.scope.render(typ.X)
	case *ast.Ident, *ast.SelectorExpr, *ast.InterfaceType, *ast.BinaryExpr:
		return "int"
	}
	return c.scope.render(constraint)
}

// express gives the kind of entry that the function is, by what it returns, and the code.
func (c *call) express(receiver string) (kind string, code []string) {
	results := fieldTypes(c.fn.Type.Results)
	if len(results) == 0 {
		return c.unknown("returns nothing")
	}
	result := c.scope.render(results[0])
	c.result = result
	switch {
	case receiver != "" && receiver != "Flow" && isOption(c.fn, receiver):
		return "option", []string{"return p." + c.text()}
	case receiver != "" && receiver != "Flow":
		return c.unknown("is a method of " + receiver)
	case receiver == "Flow" && len(results) == 1 && isFlow(result):
		return "stage", []string{"return dress(g, f." + c.text() + ")"}
	case receiver == "Flow" && result == "flow.Job":
		return "sink", []string{"return f." + c.text()}
	case receiver == "Flow" && c.runs():
		return "run", c.settled(len(results))
	case receiver == "" && len(results) == 1:
		return c.function(result, results[0])
	}
	return c.unknown("returns " + c.renderResults(results))
}

// function is express for one that is no method.
func (c *call) function(result string, typ ast.Expr) (kind string, code []string) {
	full := c.qualifier + "." + c.text()
	name, _ := namedType(typ)
	switch {
	case isFlow(result):
		return "source", []string{"return dress(g, " + full + ")"}
	case result == "flow.Job":
		return "job", []string{"return " + full}
	case strings.HasPrefix(result, "ops.Processor["):
		return "stage", []string{"return then(g, f, " + full + ")"}
	case c.qualifier != "flow" && result == "flow.Option":
	case name == nil || c.pkg.types[name.Name] == nil:
		return c.unknown("returns " + result)
	case c.process[name.Name] != nil:
		return c.processor(name.Name, full)
	}
	return "value", []string{"return " + full}
}

// processor is function for a constructor. A processor that has not one input and one
// output gets them from spread and joined, which is given what outputs finds.
func (c *call) processor(name, full string) (kind string, code []string) {
	code = c.built(full, name)
	m := c.process[name]
	inner := *c.scope
	inner.imports, inner.subst = m.file.imports, map[string]string{}
	_, params := namedType(m.decl.Recv.List[0].Type)
	for _, param := range exprNames(params) {
		inner.subst[param.Name] = "int"
	}
	ins, outs := fieldTypes(m.decl.Type.Params), fieldTypes(m.decl.Type.Results)
	if len(ins) != 2 || len(outs) != 1 {
		return c.unknown("makes a processor of several inputs or results")
	}
	input, in := c.channel(&inner, ins[1], "in", "spread(g, ctx, in)...")
	output, out := c.channel(&inner, outs[0], "p.Process(ctx, "+in+")", "p.Process(ctx, "+in+")...")
	if _, named := outs[0].(*ast.IndexExpr); out == "" && named { // a struct that holds them
		output, out = input, "outputs["+input+"](p.Process(ctx, "+in+"))..."
	}
	switch {
	case in == "" || out == "":
		return c.unknown("makes a processor whose Process has another form")
	case in == "in" && !strings.HasSuffix(out, "..."):
		return "stage", append(code, "return then(g, f, p)")
	}
	return "stage", append(code,
		"return then(g, f, ops.ProcessorFunc["+input+", "+output+"](func(ctx context.Context, in <-chan "+input+") <-chan "+output+" {",
		"return joined(g, ctx, "+out+")",
		"}))")
}

// channel tells one channel from several, and gives the element type and the code for it.
func (c *call) channel(s *scope, typ ast.Expr, one, many string) (elem, code string) {
	switch list := typ.(type) {
	case *ast.Ellipsis:
		typ, one = list.Elt, many
	case *ast.ArrayType:
		typ, one = list.Elt, many
	}
	value, ok := received(typ)
	if !ok {
		return "", ""
	}
	c.scope.used["context"] = "context"
	return s.render(value), one
}

// built makes p with a random choice of its options.
func (c *call) built(full, name string) []string {
	code := []string{"p := " + full}
	for _, m := range c.options(name) {
		o := c.newCall(m.file, m.decl, c.scope.used)
		code = append(code, fmt.Sprintf("if g.option(%q) {", m.decl.Name.Name), "p = p."+o.text(), "}")
	}
	return code
}

// settled runs the flow and leaves the results to settle.
func (c *call) settled(results int) []string {
	var names []string
	for i := range results {
		names = append(names, fmt.Sprintf("r%d", i))
	}
	list := strings.Join(names, ", ")
	return []string{list + " := f." + c.text(), "return g.settle(" + list + ")"}
}

// text is the call without what stands before its dot.
func (c *call) text() string {
	var args []string
	for _, f := range c.fn.Type.Params.List {
		for _, name := range paramNames(f) {
			args = append(args, c.value(name, f.Type))
		}
	}
	return c.fn.Name.Name + bracketed(c.types) + "(" + strings.Join(args, ", ") + ")"
}

// value is the code for a random argument.
func (c *call) value(name string, typ ast.Expr) string {
	if list, ok := typ.(*ast.Ellipsis); ok {
		elem := c.scope.render(list.Elt)
		switch {
		case elem == "flow.Option":
			return "opts..."
		case isFlow(elem):
			return fmt.Sprintf("flows[%s](g, %q)...", flowItem(elem), name)
		}
		return fmt.Sprintf("arg[[]%s](g, %q)...", elem, name)
	}
	text := c.scope.render(typ)
	switch {
	case text == "context.Context":
		return "ctx"
	case isFlow(text):
		return fmt.Sprintf("inflow[%s](g, %q)", flowItem(text), name)
	}
	return fmt.Sprintf("arg[%s](g, %q)", text, name)
}

// runs tells a method that runs the flow: it takes options last.
func (c *call) runs() bool {
	types := fieldTypes(c.fn.Type.Params)
	if len(types) == 0 {
		return false
	}
	list, ok := types[len(types)-1].(*ast.Ellipsis)
	return ok && c.scope.render(list.Elt) == "flow.Option"
}

// internal tells a function that has types of internal packages.
func (c *call) internal() bool {
	c.scope.renderAll(fieldTypes(c.fn.Type.Params))
	for _, target := range c.scope.used {
		if strings.HasPrefix(target, modulePath+"/internal/") {
			return true
		}
	}
	return false
}

func (c *call) unknown(why string) (kind string, code []string) {
	c.why = why
	return "", nil
}

func (c *call) renderResults(results []ast.Expr) string {
	return "(" + strings.Join(c.scope.renderAll(results), ", ") + ")"
}

// paramNames gives a name to a parameter that has none.
func paramNames(f *ast.Field) []string {
	var names []string
	for _, id := range f.Names {
		names = append(names, id.Name)
	}
	return slices.Concat(names, []string{"value"}[:max(0, 1-len(names))])
}

func isFlow(typ string) bool { return strings.HasPrefix(typ, "flow.Flow[") }

func flowItem(typ string) string {
	return strings.TrimSuffix(strings.TrimPrefix(typ, "flow.Flow["), "]")
}
