package gen

import (
	"path"
	"strings"
)

// Config is what the generator works on.
type Config struct {
	// Sources holds the files of the package by their path relative to the
	// module's root, such as "ops/batcher.go"; for a user's package, relative
	// to the package.
	Sources map[string][]byte

	// Exceptions lists the processors that are no stage or no method. A
	// user's package has none.
	Exceptions map[string]Exception
}

// Generate returns the files that belong to package ops, by their path
// relative to the module's root. The error joins all problems; with an error
// there are no files.
func Generate(cfg Config) (map[string][]byte, error) {
	b := newBuilder(cfg, "ops")
	files := map[string][]byte{}
	for _, group := range bySource(b.stages()) {
		b.emitGroup(files, group)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	return files, nil
}

func newBuilder(cfg Config, qualifier string) *builder {
	return &builder{
		pkg:        parse(cfg.Sources),
		qualifier:  qualifier,
		exceptions: cfg.Exceptions,
		taken:      map[string]*stageLine{},
	}
}

// bySource splits the stages, which are in the order of the sources.
func bySource(stages []*stage) [][]*stage {
	var groups [][]*stage
	for i, st := range stages {
		if i == 0 || stages[i-1].line.file != st.line.file {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], st)
	}
	return groups
}

// emitGroup writes the files that come of one source.
func (b *builder) emitGroup(files map[string][]byte, group []*stage) {
	source := group[0].line.file.path
	name := "z" + strings.TrimSuffix(path.Base(source), ".go")
	methods := filter(group, func(st *stage) bool { return st.Receiver != "" })
	examples := filter(group, func(st *stage) bool { return st.Example != nil })

	out := output{Tool: "internal/gen", Source: source}
	out.Package, out.Stages, out.Imports = "stage", group, b.stageImports(group)
	b.emit(files, "stage/"+name+".go", out, stageText)
	out.Package, out.Stages, out.Imports = "flow", methods, b.flowImports(methods)
	b.emit(files, "flow/"+name+".go", out, flowText)
	out.Package, out.Stages, out.Imports = "flow_test", examples, b.testImports(examples)
	b.emit(files, "flow/"+name+"_example_test.go", out, exampleText)
}

func filter(stages []*stage, keep func(*stage) bool) []*stage {
	var list []*stage
	for _, st := range stages {
		if keep(st) {
			list = append(list, st)
		}
	}
	return list
}

// emit adds a file, unless it would hold nothing.
func (b *builder) emit(files map[string][]byte, name string, out output, text string) {
	if len(out.Stages) == 0 {
		return
	}
	content, err := out.render(text)
	if err != nil {
		b.addf(out.Stages[0].line.pos, "%s: %v", name, err)
		return
	}
	files[name] = content
}

func (b *builder) stageImports(stages []*stage) importSet {
	all := importSet{}
	for _, st := range stages {
		b.merge(all, st.signature, st)
		b.merge(all, st.body, st)
	}
	return all
}

func (b *builder) flowImports(stages []*stage) importSet {
	all := importSet{"stage": modulePath + "/stage"}
	for _, st := range stages {
		b.merge(all, st.signature, st)
	}
	return all
}

func (b *builder) testImports(stages []*stage) importSet {
	all := importSet{}
	for _, st := range stages {
		b.merge(all, st.Example.imports, st)
	}
	return all
}

// merge reports what cannot stand in one file under one name.
func (b *builder) merge(all, more importSet, st *stage) {
	for _, name := range all.add(more) {
		b.addf(st.line.pos, "stage %s: import name %s stands for %s and for %s", st.Name, name, all[name], more[name])
	}
}
