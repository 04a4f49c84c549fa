package gen

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// Check holds package ops to the rules that generated code does not need and
// readers do: every processor is a stage or a listed exception and carries
// its contract, every method has an example, every exception has a cause. It
// reports what [Generate] reports as well.
func Check(cfg Config) error {
	b := newBuilder(cfg, "ops")
	if err := b.err(); err != nil {
		return err
	}
	stages := b.stages()
	staged := map[string]bool{}
	for _, st := range stages {
		staged[st.processor] = true
		b.checkMethod(st)
	}
	for _, name := range b.processors() {
		b.checkContract(name)
		b.checkStaged(name, staged[name])
	}
	b.checkExceptions()
	return b.err()
}

// processors lists the exported structs that have a Process method, in order
// of their names. Adapters such as ProcessorFunc are no structs.
func (b *builder) processors() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(b.types)) {
		_, isStruct := b.types[name].spec.Type.(*ast.StructType)
		if m, _, _ := b.ownProcess(name); isStruct && ast.IsExported(name) && m != nil {
			list = append(list, name)
		}
	}
	return list
}

// ownProcess is the Process method of a type in the words of the type itself.
func (b *builder) ownProcess(name string) (*method, map[string]string, *scope) {
	decl := b.types[name]
	if decl == nil {
		return nil, nil, nil
	}
	params := fieldNames(decl.spec.TypeParams)
	s := &scope{
		pkg:       b.pkg,
		names:     b.names,
		imports:   decl.file.imports,
		qualifier: b.qualifier,
		locals:    nameSet(params...),
		used:      importSet{},
	}
	var args []string
	for _, param := range params {
		args = append(args, param.Name)
	}
	m, env := b.findProcess(name, args, s)
	return m, env, s
}

func (b *builder) checkMethod(st *stage) {
	if st.Receiver != "" && st.line.example == nil {
		b.addf(st.line.pos, "stage %s has no //streamz:example", st.Name)
	}
}

func (b *builder) checkStaged(name string, staged bool) {
	exception, listed := b.exceptions[name]
	pos := b.types[name].spec.Pos()
	switch {
	case !listed && !staged:
		b.addf(pos, "processor %s has no constructor with a //streamz:stage and is no listed exception", name)
	case listed && exception.Stage && !staged:
		b.addf(pos, "exception %s should have a stage, but no constructor has a //streamz:stage", name)
	case listed && exception.Replacement == "":
		b.addf(pos, "exception %s does not say what replaces it", name)
	case listed && b.methodPossible(name):
		b.addf(pos, "exception %s is needed no more: it can be a method", name)
	}
}

// methodPossible tells whether a processor takes a type parameter of any
// type, so that a Flow of it has the method.
func (b *builder) methodPossible(name string) bool {
	m, env, s := b.ownProcess(name)
	sh, ok := b.shapeOf(m, env, s)
	return ok && isAnyParam(sh.in, typeParamFields(b.types[name].spec.TypeParams, s))
}

// checkExceptions reports entries without a processor. They have no place in
// the sources, so the first line of the first file stands for it.
func (b *builder) checkExceptions() {
	at := token.NoPos
	if len(b.files) > 0 {
		at = b.files[0].ast.FileStart
	}
	known := b.processors()
	for _, name := range slices.Sorted(maps.Keys(b.exceptions)) {
		if !slices.Contains(known, name) {
			b.addf(at, "exception %s is no processor of the package", name)
		}
	}
}
