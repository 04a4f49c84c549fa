package gen

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"strings"
)

// scope says what an identifier of the input must be called in the output,
// and remembers the imports that this takes.
type scope struct {
	pkg       *pkg
	names     map[string]token.Pos // declarations of the package
	imports   importSet            // of the file that the code is taken from
	qualifier string               // of the names of the package; empty: the output is part of it
	locals    map[string]bool      // parameters and type parameters
	subst     map[string]string    // type parameters that stand for something
	at        token.Pos            // where problems are reported; invalid: at the identifier
	used      importSet
}

// render returns the source of n with the identifiers as the output has them.
func (s *scope) render(n ast.Node) string {
	start, text := n.Pos(), s.pkg.text(n)
	var b strings.Builder
	last := 0
	for _, id := range s.pkg.refs(n) {
		at := int(id.Pos() - start)
		b.WriteString(text[last:at])
		b.WriteString(s.name(id))
		last = at + len(id.Name)
	}
	return b.String() + text[last:]
}

func (s *scope) name(id *ast.Ident) string {
	if text, ok := s.subst[id.Name]; ok {
		return text
	}
	if id.Name == "_" || s.locals[id.Name] {
		return id.Name
	}
	if _, ok := s.names[id.Name]; ok {
		return s.qualify(id)
	}
	if target, ok := s.imports[id.Name]; ok {
		s.use(id, importSet{id.Name: target})
	} else if types.Universe.Lookup(id.Name) == nil {
		s.problem(id, "undefined: %s", id.Name)
	}
	return id.Name
}

func (s *scope) qualify(id *ast.Ident) string {
	if s.qualifier == "" {
		return id.Name
	}
	if !id.IsExported() {
		s.problem(id, "%s is not exported: generated code cannot use it", id.Name)
	}
	s.use(id, importSet{s.qualifier: modulePath + "/" + s.qualifier})
	return s.qualifier + "." + id.Name
}

func (s *scope) use(id *ast.Ident, set importSet) {
	for _, name := range s.used.add(set) {
		s.problem(id, "import name %s stands for %s and for %s", name, s.used[name], set[name])
	}
}

func (s *scope) problem(id *ast.Ident, format string, args ...any) {
	at := s.at
	if !at.IsValid() {
		at = id.Pos()
	}
	s.pkg.addf(at, format, args...)
}

// in returns the scope for text of a directive, with more local names. Its own
// positions mean nothing to the reader, and it may name packages that the file
// could not import without using them.
func (s *scope) in(line *stageLine, locals ...*ast.Ident) *scope {
	inner := *s
	inner.at = line.pos
	inner.imports = stdPackages()
	maps.Copy(inner.imports, s.imports)
	inner.locals = maps.Clone(s.locals)
	maps.Copy(inner.locals, nameSet(locals...))
	return &inner
}
