package graphs

import (
	"fmt"
	"slices"
	"strings"
)

// node is a graph: the last node, with those that lead to it.
type node struct {
	*kind
	name   string
	n      int
	level  int     // how many nodes that lag there were when it was drawn, if it does
	flows  []*node // what it is made of
	pieces []*node
}

// maxItems is how many items a flow may have at most.
const maxItems = 1500

// flow builds the flow of a graph. up is what comes in, if it is a piece.
func (g *node) flow(l *layout, up flows) flows {
	if g.kind == inlet {
		return up
	}
	return g.kind.build(of(g, l, func(part *node, in flows) flows { return part.flow(l, in) }, up))
}

// order tells what comes of a graph, and the layout what comes to its sides, if there is one.
func (g *node) order(l *layout, in order) order {
	if g.kind == inlet {
		return in
	}
	o := g.kind.model(of(g, l, func(part *node, in order) order { return part.order(l, in) }, in))
	if len(o.items()) > maxItems {
		panic(undetermined{})
	}
	return o
}

// of makes what a node is made of.
func of[F any](g *node, l *layout, part func(*node, F) F, in F) made[F] {
	m := made[F]{layout: l, name: g.name, n: g.n, level: g.level, prompt: g.kind.is(prompt)}
	for _, f := range g.flows {
		m.flows = append(m.flows, part(f, in))
	}
	for _, p := range g.pieces {
		m.pieces = append(m.pieces, func(in F) F { return part(p, in) })
		m.prompt = m.prompt && p.all(single|prompt)
	}
	return m
}

// determined tells whether the model knows what comes of a graph.
func (g *node) determined() (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			if _, is := v.(undetermined); !is {
				panic(v)
			}
		}
	}()
	g.loosened().order(nil, order{})
	return true
}

// loosened is the graph with no piece that is prompt, of which less is promised.
func (g *node) loosened() *node {
	c := g.with(func(part *node) *node { return part.loosened() })
	for i, p := range c.pieces {
		c.pieces[i] = &node{kind: asyncKind, n: 1, flows: []*node{p}}
	}
	return c
}

// with is a copy with other parts.
func (g *node) with(other func(*node) *node) *node {
	if g.kind == inlet {
		return g
	}
	c := *g
	c.flows, c.pieces = make([]*node, len(g.flows)), make([]*node, len(g.pieces))
	for i, f := range g.flows {
		c.flows[i] = other(f)
	}
	for i, p := range g.pieces {
		c.pieces[i] = other(p)
	}
	return &c
}

// nodes gives all of them, the last one first.
func (g *node) nodes() []*node {
	all := []*node{g}
	for _, part := range slices.Concat(g.flows, g.pieces) {
		all = append(all, part.nodes()...)
	}
	return all
}

// all tells whether all nodes have traits.
func (g *node) all(t trait) bool {
	return !slices.ContainsFunc(g.nodes(), func(n *node) bool { return n.traits&t != t })
}

func (g *node) any(t trait) bool {
	return slices.ContainsFunc(g.nodes(), func(n *node) bool { return n.is(t) })
}

// inlets is how often a piece uses what comes in.
func (g *node) inlets() (count int) {
	if g.kind == inlet {
		return 1
	}
	for _, f := range g.flows {
		count += f.inlets()
	}
	return count
}

// sound tells whether a graph can be built, where its parts have been moved.
func (g *node) sound(inlets int) bool {
	if g.inlets() != inlets {
		return false
	}
	for _, n := range g.nodes() {
		if n.is(sealed) && n.inlets() > 0 {
			return false
		}
		for _, p := range n.pieces {
			if p.inlets() != 1 || !p.all(n.inner) {
				return false
			}
		}
	}
	return true
}

// String writes a graph as one would in Go.
func (g *node) String() string { return g.text("") }

func (g *node) text(indent string) string {
	deeper := indent + "\t"
	switch {
	case g.kind == inlet:
		return "in"
	case len(g.flows) == 0:
		return fmt.Sprintf("%s(%s, %d)", g.kind.name, g.name, g.n)
	case len(g.flows) == 1 && len(g.pieces) == 0:
		return g.flows[0].text(indent) + "." + g.call(nil, indent)
	case len(g.pieces) > 0:
		var pieces []string
		for _, p := range g.pieces {
			pieces = append(pieces, "func(in) { "+p.text(deeper)+" }")
		}
		return g.flows[0].text(indent) + "." + g.call(pieces, indent)
	}
	var flows []string
	for _, f := range g.flows {
		flows = append(flows, f.text(deeper))
	}
	return g.call(flows, indent)
}

// call writes the call that makes a node of others, with a line for each if they are long.
func (g *node) call(args []string, indent string) string {
	switch {
	case g.kind.n != span{}:
		args = append([]string{fmt.Sprint(g.n)}, args...)
	case g.is(gives):
		args = append([]string{g.name}, args...)
	}
	name := g.kind.name
	if text := name + "(" + strings.Join(args, ", ") + ")"; len(text) < 80 && !strings.Contains(text, "\n") {
		return text
	}
	sep := ",\n" + indent + "\t"
	return name + "(\n" + indent + "\t" + strings.Join(args, sep) + ",\n" + indent + ")"
}
