package gen

import (
	"go/ast"
	"maps"
	"slices"
)

// registryFile is where the registry belongs, in a module that has the room.
const registryFile = "internal/chaos/zregistry_test.go"

// registered are the packages that the registry is made of.
var registered = []string{"flow", "ops", "diag"}

// Registry returns the file that tells package internal/chaos what flows can be made of:
// the processors of packages ops and diag, and the functions and methods of package flow, each
// with the code that calls it. What it cannot express is listed there too, so that a test can
// say so. sources holds the files of these packages, the generated ones included.
func Registry(sources map[string][]byte) (map[string][]byte, error) {
	out := registryOutput{Imports: importSet{"flow": modulePath + "/flow", "ops": modulePath + "/ops"}}
	for _, name := range registered {
		l := &lister{pkg: parse(within(sources, name)), qualifier: name, out: &out}
		l.list()
		if err := l.err(); err != nil {
			return nil, err
		}
	}
	content, err := render("registry", registryText, out)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{registryFile: content}, nil
}

// within selects the sources of one folder.
func within(sources map[string][]byte, dir string) map[string][]byte {
	files := maps.Clone(sources)
	maps.DeleteFunc(files, func(name string, _ []byte) bool {
		return !isSource(name) || len(name) <= len(dir) || name[:len(dir)+1] != dir+"/"
	})
	return files
}

// lister reads the exported functions of one package.
type lister struct {
	*pkg
	qualifier string
	out       *registryOutput
}

// registryOutput is what the template needs.
type registryOutput struct {
	Imports importSet
	Entries []*entry
	Missing []*entry
}

// entry is a function or method, with the code that calls it or what keeps it from that.
type entry struct {
	Name string // as in code: ops.NewTake, Flow.Take
	File string
	Kind string // which field of a piece has the code
	Type string // of what the code makes, if that is a value
	Code []string
	Why  string
}

func (l *lister) list() {
	for _, file := range l.files {
		for _, decl := range file.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && ast.IsExported(fn.Name.Name) {
				l.read(file, fn)
			}
		}
	}
}

// read makes the entry of a function or of a method. The methods outside of flow are no parts
// of a flow, or options of a processor. What has types of internal packages nobody can call.
func (l *lister) read(file *source, fn *ast.FuncDecl) {
	name, receiver := l.qualifier+"."+fn.Name.Name, ""
	if fn.Recv != nil {
		typ, _ := namedType(fn.Recv.List[0].Type)
		if l.qualifier != "flow" || !l.configured(typ.Name) {
			return
		}
		receiver = typ.Name
		name = receiver + "." + fn.Name.Name
	}
	c := l.newCall(file, fn, importSet{})
	e := &entry{Name: name, File: file.path}
	e.Kind, e.Code = c.express(receiver)
	e.Type, e.Why = c.result, c.why
	if c.internal() {
		return
	}
	if e.Why != "" {
		l.out.Missing = append(l.out.Missing, e)
		return
	}
	for _, name := range l.out.Imports.add(c.scope.used) {
		l.addf(fn.Pos(), "import name %s stands for %s and for %s", name, l.out.Imports[name], c.scope.used[name])
	}
	l.out.Entries = append(l.out.Entries, e)
}

// configured tells a type that is made by functions and changed by methods, or run by
// them, from one that only carries results.
func (l *lister) configured(name string) bool {
	return name == "Flow" || name == "Job" || len(l.options(name)) > 0
}

// options lists the methods of a type that return it again.
func (p *pkg) options(name string) (list []*method) {
	for _, file := range p.files {
		for _, decl := range file.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv != nil && ast.IsExported(fn.Name.Name) && isOption(fn, name) {
				list = append(list, &method{decl: fn, file: file})
			}
		}
	}
	return list
}

func isOption(fn *ast.FuncDecl, name string) bool {
	types := append([]ast.Expr{fn.Recv.List[0].Type}, fieldTypes(fn.Type.Results)...)
	return len(types) == 2 && !slices.ContainsFunc(types, func(typ ast.Expr) bool {
		own, _ := namedType(typ)
		return own == nil || own.Name != name
	})
}
