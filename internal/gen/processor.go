package gen

import (
	"go/ast"
	"slices"
	"strconv"
)

// readProcessor finds what the constructor returns and its Process method.
func (b *builder) readProcessor(st *stage, sig *scope) bool {
	fn := st.line.fn
	results := fieldTypes(fn.Type.Results)
	if len(results) != 1 {
		b.addf(fn.Pos(), "%s must return one processor", fn.Name.Name)
		return false
	}
	name, args := namedType(results[0])
	if name == nil || !b.isStruct(name.Name) {
		b.addf(fn.Pos(), "%s returns %s, which is no struct of this package", fn.Name.Name, b.text(results[0]))
		return false
	}
	m, env := b.findProcess(name.Name, sig.renderAll(args), sig)
	if m == nil {
		b.addf(fn.Pos(), "%s returns %s, which has no Process method", fn.Name.Name, b.text(results[0]))
		return false
	}
	sh, ok := b.shapeOf(m, env, sig)
	if !ok {
		b.addf(m.decl.Pos(), "Process of %s is not func(context.Context, <-chan X) <-chan Y, so it cannot be stage %s", name.Name, st.Name)
		return false
	}
	st.processor, st.In, st.Out = name.Name, sh.in, sh.out
	return true
}

// isStruct looks through aliases.
func (p *pkg) isStruct(name string) bool {
	for range len(p.types) {
		decl := p.types[name]
		if decl == nil {
			return false
		}
		if _, ok := decl.spec.Type.(*ast.StructType); ok {
			return true
		}
		next, _ := namedType(decl.spec.Type)
		if next == nil || !decl.spec.Assign.IsValid() {
			return false
		}
		name = next.Name
	}
	return false
}

// inferResult gives a result that is made of the receiver's type a type parameter of its
// own. Without it the compiler rejects the method as an instantiation cycle.
func (b *builder) inferResult(st *stage) {
	if b.qualifier == "" || st.Out == st.In || !b.mentions(st.Out, map[string]bool{st.In: true}) {
		return
	}
	if decl := b.types[typeName(st.Out)]; decl != nil {
		if _, ok := decl.spec.Type.(*ast.InterfaceType); ok {
			b.addf(st.line.pos, "stage %s cannot infer its result %s: it is an interface", st.Name, st.Out)
		}
	}
	st.Result = st.Out
	st.Out = st.freeName(inferredLetter(st.Result))
	st.TypeParams = append(st.TypeParams, field{Name: st.Out, Type: st.Result})
	st.explicit = true
}

func nameSetOf(fields []field) map[string]bool {
	set := map[string]bool{}
	for _, f := range fields {
		set[f.Name] = true
	}
	return set
}

// freeName returns the first of the candidates that no parameter has, or the
// last one with a number.
func (st *stage) freeName(candidates ...string) string {
	taken := nameSetOf(slices.Concat(st.Params, st.TypeParams))
	for _, name := range candidates {
		if !taken[name] {
			return name
		}
	}
	for n := 2; ; n++ {
		name := candidates[len(candidates)-1] + strconv.Itoa(n)
		if !taken[name] {
			return name
		}
	}
}
