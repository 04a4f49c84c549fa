package gen

import "go/ast"

// field is a parameter or type parameter as it is written.
type field struct {
	Name, Type string
}

// stage is all that the templates need of one function and its method.
type stage struct {
	Name       string
	Doc        string  // comment lines
	TypeParams []field // the inferred one last
	Params     []field
	In, Out    string
	Result     string // the processor's Y where Out is an inferred parameter, else empty
	Build      string // the expression that makes the processor
	Receiver   string // of the method; empty where there is none
	Example    *example
	Marble     *marble

	line      *stageLine
	processor string // the name of its type
	explicit  bool   // the type arguments of the stage cannot be inferred
	signature importSet
	body      importSet
}

// builder makes the stages of one package.
type builder struct {
	*pkg
	qualifier  string // "ops", or empty in a user's own package
	exceptions map[string]Exception
	taken      map[string]*stageLine // stage names
}

// stages builds what can be built; the rest is among the problems. A source
// that is no Go hides names, and would only bring consequential problems.
func (b *builder) stages() []*stage {
	if len(b.list) > 0 {
		return nil
	}
	var list []*stage
	for _, line := range b.stageLines() {
		if st := b.stage(line); st != nil {
			list = append(list, st)
		}
	}
	return list
}

func (b *builder) stage(line *stageLine) *stage {
	h, err := splitHead(line.text)
	if err != nil {
		b.addf(line.pos, "%v, got %q", err, line.text)
		return nil
	}
	if !b.claim(line, h.name) {
		return nil
	}
	st := &stage{Name: h.name, line: line, signature: importSet{}, body: importSet{}}
	typeParams := fieldNames(line.fn.Type.TypeParams)
	sig := b.scope(line, typeParams, st.signature)
	st.TypeParams = typeParamFields(line.fn.Type.TypeParams, sig)
	if !b.readProcessor(st, sig) || !b.readParams(st, h, typeParams, sig) {
		return nil
	}
	b.inferResult(st)
	b.readMethod(st)
	b.readDoc(st)
	b.readExample(st)
	b.readMarble(st)
	return st
}

// claim registers a stage's name, which must be free and exported.
func (b *builder) claim(line *stageLine, name string) bool {
	if !ast.IsExported(name) {
		b.addf(line.pos, "stage name %s is not exported", name)
		return false
	}
	if first := b.taken[name]; first != nil {
		at := b.place(first.pos)
		b.addf(line.pos, "stage name %s is taken at %s:%d", name, at.Filename, at.Line)
		return false
	}
	if pos, ok := b.names[name]; ok && b.qualifier == "" {
		at := b.place(pos)
		b.addf(line.pos, "stage name %s is declared at %s:%d", name, at.Filename, at.Line)
		return false
	}
	b.taken[name] = line
	return true
}

func (b *builder) scope(line *stageLine, locals []*ast.Ident, used importSet) *scope {
	return &scope{
		pkg:       b.pkg,
		names:     b.pkg.names,
		imports:   line.file.imports,
		qualifier: b.qualifier,
		locals:    nameSet(locals...),
		used:      used,
	}
}
