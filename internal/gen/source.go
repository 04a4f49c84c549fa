package gen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
)

// source is one parsed file.
type source struct {
	path    string
	ast     *ast.File
	imports importSet
}

// typeDecl is a type with the comment that documents it.
type typeDecl struct {
	spec *ast.TypeSpec
	doc  *ast.CommentGroup
	file *source
}

// method is a Process method and the file it stands in.
type method struct {
	decl *ast.FuncDecl
	file *source
}

// pkg is the syntax of one package, with the tables that the generator asks.
type pkg struct {
	problems
	files   []*source
	texts   map[*token.File][]byte
	names   map[string]token.Pos // package-level declarations
	types   map[string]*typeDecl
	process map[string]*method // by the name of the receiver's type
}

// parse reads the sources in the order of their paths. Where one of them is
// not Go, the problems say so and the tables are incomplete.
func parse(sources map[string][]byte) *pkg {
	p := &pkg{
		fset:    token.NewFileSet(),
		texts:   map[*token.File][]byte{},
		names:   map[string]token.Pos{},
		types:   map[string]*typeDecl{},
		process: map[string]*method{},
	}
	for _, path := range slices.Sorted(maps.Keys(sources)) {
		p.parseFile(path, sources[path])
	}
	p.samePackage()
	return p
}

func (p *pkg) parseFile(path string, src []byte) {
	file, err := parser.ParseFile(p.fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		p.addSyntax(path, err)
		return
	}
	p.texts[p.fset.File(file.FileStart)] = src
	s := &source{path: path, ast: file, imports: fileImports(file)}
	p.files = append(p.files, s)
	for _, decl := range file.Decls {
		p.declare(s, decl)
	}
}

// samePackage refuses files of another package, whose names would be taken
// for those of this one.
func (p *pkg) samePackage() {
	for _, s := range p.files {
		if got, want := s.ast.Name.Name, p.files[0].ast.Name.Name; got != want {
			p.addf(s.ast.Name.Pos(), "package %s, but %s is package %s", got, p.files[0].path, want)
		}
	}
}

func (p *pkg) declare(s *source, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		p.declareFunc(s, decl)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			p.declareSpec(s, decl, spec)
		}
	}
}

func (p *pkg) declareFunc(s *source, decl *ast.FuncDecl) {
	if decl.Recv == nil {
		p.names[decl.Name.Name] = decl.Name.Pos()
		return
	}
	if decl.Name.Name != "Process" || len(decl.Recv.List) == 0 {
		return
	}
	if name, _ := namedType(decl.Recv.List[0].Type); name != nil {
		p.process[name.Name] = &method{decl: decl, file: s}
	}
}

func (p *pkg) declareSpec(s *source, decl *ast.GenDecl, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			p.names[name.Name] = name.Pos()
		}
	case *ast.TypeSpec:
		doc := spec.Doc
		if doc == nil && !decl.Lparen.IsValid() {
			doc = decl.Doc
		}
		p.names[spec.Name.Name] = spec.Name.Pos()
		p.types[spec.Name.Name] = &typeDecl{spec: spec, doc: doc, file: s}
	}
}

// text returns the source of n as it was written.
func (p *pkg) text(n ast.Node) string {
	f := p.fset.File(n.Pos())
	return string(p.texts[f][f.Offset(n.Pos()):f.Offset(n.End())])
}

// parseExpr parses a piece of a directive, so that text works on it.
func (p *pkg) parseExpr(path, text string) (ast.Expr, error) {
	expr, err := parser.ParseExprFrom(p.fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p.texts[p.fset.File(expr.Pos())] = []byte(text)
	return expr, nil
}

// namedType takes *Name[A, B] apart. It returns nil for any other type, one
// of another package included.
func namedType(expr ast.Expr) (name *ast.Ident, args []ast.Expr) {
	switch expr := expr.(type) {
	case *ast.StarExpr:
		return namedType(expr.X)
	case *ast.ParenExpr:
		return namedType(expr.X)
	case *ast.Ident:
		return expr, nil
	case *ast.IndexExpr:
		name, _ = expr.X.(*ast.Ident)
		return name, []ast.Expr{expr.Index}
	case *ast.IndexListExpr:
		name, _ = expr.X.(*ast.Ident)
		return name, expr.Indices
	}
	return nil, nil
}
