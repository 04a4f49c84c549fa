package graphs

import (
	"slices"
	"testing"
)

// failure is a graph that fails in some way.
type failure struct {
	g      *node
	w      way
	seed   uint64
	broken []string
}

// tries is how often a smaller graph is run before it is said to be right.
const tries = 4

// shrink looks for the smallest graph that still fails: no smaller one that is a step away does.
func (f failure) shrink(t *testing.T) failure {
	for budget := 3000; budget > 0; {
		smaller, ok := f.step(t, &budget)
		if !ok {
			break
		}
		f = smaller
	}
	return f
}

// step gives a smaller graph that fails.
func (f failure) step(t *testing.T, budget *int) (failure, bool) {
	for _, g := range f.g.smaller() {
		if !g.sound(0) || !g.determined() {
			continue
		}
		for try := range uint64(tries) {
			*budget--
			if broken := run(t, g, f.w, f.seed+try); len(broken) > 0 {
				return failure{g, f.w, f.seed + try, broken}, true
			}
		}
		if *budget <= 0 {
			break
		}
	}
	return f, false
}

// smaller gives graphs that are smaller by one step, those first that are smaller by far.
func (g *node) smaller() (all []*node) {
	if g.kind == inlet {
		return nil
	}
	if g.inlets() == 0 {
		for _, simple := range []*node{g.plain(), g.bare()} {
			if simple.size() < g.size() {
				all = append(all, simple)
			}
		}
	}
	all = append(all, g.flows...)
	for _, p := range g.pieces {
		all = append(all, p.behind(g.flows[0]))
	}
	all = append(all, g.less()...)
	for i, f := range g.flows {
		for _, s := range f.smaller() {
			all = append(all, g.replace(&node{flows: slices.Concat(g.flows[:i], []*node{s}, g.flows[i+1:]), pieces: g.pieces}))
		}
	}
	for i, p := range g.pieces {
		for _, s := range p.smaller() {
			all = append(all, g.replace(&node{flows: g.flows, pieces: slices.Concat(g.pieces[:i], []*node{s}, g.pieces[i+1:])}))
		}
	}
	return all
}

// plain is a source in the place of a graph, and bare is its last node behind plain sources.
func (g *node) plain() *node {
	for g.name == "" { // a boundary
		g = g.flows[0]
	}
	return &node{kind: sources()[0], name: g.name, n: 30}
}

func (g *node) bare() *node {
	c := *g
	c.flows, c.pieces = nil, nil
	for _, f := range g.flows {
		c.flows = append(c.flows, f.plain())
	}
	for range g.pieces {
		c.pieces = append(c.pieces, &node{kind: inlet})
	}
	return &c
}

// less gives the node with fewer parts, and with smaller parameters.
func (g *node) less() (all []*node) {
	for i := range g.flows {
		if len(g.flows) > g.kind.flows.from {
			all = append(all, g.replace(&node{flows: slices.Delete(slices.Clone(g.flows), i, i+1), pieces: g.pieces}))
		}
	}
	for i := range g.pieces {
		if len(g.pieces) > g.kind.pieces.from {
			all = append(all, g.replace(&node{flows: g.flows, pieces: slices.Delete(slices.Clone(g.pieces), i, i+1)}))
		}
	}
	for _, n := range []int{0, 1, g.n / 2, g.n - 10, g.n - 1} {
		if n >= g.kind.n.from && n < g.n {
			c := *g
			c.n = n
			all = append(all, &c)
		}
	}
	return all
}

// size is the number of nodes.
func (g *node) size() int {
	return len(slices.DeleteFunc(g.nodes(), func(n *node) bool { return n.kind == inlet }))
}

// replace gives the node with other parts.
func (g *node) replace(parts *node) *node {
	c := *g
	c.flows, c.pieces = parts.flows, parts.pieces
	return &c
}

// behind puts a graph where something comes in to a piece.
func (g *node) behind(up *node) *node {
	if g.kind == inlet {
		return up
	}
	c := *g
	c.flows = nil
	for _, f := range g.flows {
		c.flows = append(c.flows, f.behind(up))
	}
	return &c
}
