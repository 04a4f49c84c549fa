package gen

import (
	"go/ast"
	"maps"
	"strings"
)

// example is a runnable example of a method.
type example struct {
	Code    string
	Output  []string
	imports importSet
}

// readExample checks the example's code and finds its imports.
func (b *builder) readExample(st *stage) {
	note := st.line.example
	if note == nil || st.line.output == nil {
		return
	}
	if st.Receiver == "" {
		b.addf(note.pos, "//streamz:example of stage %s, which has no method", st.Name)
		return
	}
	expr, err := b.parseExpr(st.line.file.path, note.text())
	if err != nil {
		b.addf(note.pos, "malformed example %q: %s", note.text(), syntaxMsg(err))
		return
	}
	st.Example = &example{Code: b.text(expr), Output: st.line.output.lines, imports: b.exampleImports(st, expr)}
}

// exampleImports are those of the function that an example becomes.
func (b *builder) exampleImports(st *stage, expr ast.Expr) importSet {
	used := b.snippetImports(st, expr, st.line.example)
	used.add(importSet{"context": "context", "fmt": "fmt"})
	return used
}

// snippetImports resolves the code of a directive in a package that declares nothing but
// the names given.
func (b *builder) snippetImports(st *stage, expr ast.Expr, n *note, given ...*ast.Ident) importSet {
	known := stdPackages()
	for _, name := range []string{"clock", "flow", "ops", "stage"} {
		known[name] = modulePath + "/" + name
	}
	maps.Copy(known, st.line.file.imports)
	s := &scope{
		pkg:     b.pkg,
		imports: known,
		locals:  nameSet(append(given, declared(expr)...)...),
		at:      n.pos,
		used:    importSet{},
	}
	s.render(expr)
	return s.used
}

// Call collects the items, on a line of its own where the code has several.
func (e *example) Call() string {
	const collect = "Collect(context.Background())"
	if strings.Contains(e.Code, "\n") {
		return e.Code + ".\n\t\t" + collect
	}
	return e.Code + "." + collect
}

// Comment is the comment that go test compares with what the example prints:
// the items, and after them the error.
func (e *example) Comment() string {
	lines := strings.Join(e.Output, "\n\t// ")
	if len(e.Output) > 1 {
		return "// Output:\n\t// " + lines + " <nil>"
	}
	return "// Output: " + lines + " <nil>"
}
