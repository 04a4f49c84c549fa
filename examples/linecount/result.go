package main

import (
	"fmt"
	"maps"
	"slices"
)

// totals is the result, by package. A package is a folder with Go files, named by its
// slash-separated path from the top of the tree, which is ".". A file without a line
// is not counted.
type totals map[string]*pkg

// pkg is what one package adds up to.
type pkg struct {
	files, lines, bytes int
	markers             markers
	imports             map[string]bool // each an edge of the import graph
}

// markers counts those of each kind.
type markers struct{ todo, fixme, bug int }

func (m *markers) add(n markers) {
	m.todo += n.todo
	m.fixme += n.fixme
	m.bug += n.bug
}

func (m markers) sum() int { return m.todo + m.fixme + m.bug }

// of gives the package of that name, which is made if it is new.
func (t totals) of(name string) *pkg {
	p := t[name]
	if p == nil {
		p = &pkg{imports: make(map[string]bool)}
		t[name] = p
	}
	return p
}

// all adds up everything; its imports are left out.
func (t totals) all() (sum pkg, edges int) {
	for _, p := range t {
		sum.files += p.files
		sum.lines += p.lines
		sum.bytes += p.bytes
		sum.markers.add(p.markers)
		edges += len(p.imports)
	}
	return sum, edges
}

// importers counts the packages that import each path.
func (t totals) importers() map[string]int {
	n := make(map[string]int)
	for _, p := range t {
		for path := range p.imports {
			n[path]++
		}
	}
	return n
}

// differences describes the packages for which the two results are not the same.
func differences(a, b totals) []string {
	var texts []string
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if x, y := a[name].String(), b[name].String(); x != y {
			texts = append(texts, fmt.Sprintf("%s: %s against %s", name, x, y))
		}
	}
	return texts
}

// String gives all of the package, for comparisons.
func (p *pkg) String() string {
	if p == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d files, %d lines, %d bytes, markers %v, imports %q",
		p.files, p.lines, p.bytes, p.markers, slices.Sorted(maps.Keys(p.imports)))
}
