package graphs

import (
	"math/rand/v2"
	"slices"
)

// drawer draws a graph.
type drawer struct {
	*rand.Rand
	kinds []*kind
	left  int // nodes that may still be drawn
	named int
	level int // nodes that lag and are complete

	// Nodes that are not complete.
	lags   int
	copies int
}

const (
	maxNodes  = 30
	maxLags   = 3
	maxCopies = 2 // of copies
)

// draw draws the graph of a seed.
func draw(seed uint64, kinds []*kind) *node {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 0))}
	d.choose(kinds)
	d.left = 2 + d.IntN(maxNodes)
	return d.flow(1 + d.IntN(8))
}

// choose leaves out some kinds: of few there are more in one graph, and more than two of them
// meet. In some graphs all signals arrive, and in none a node that is punctual meets one that is belated.
func (d *drawer) choose(kinds []*kind) {
	not := belated
	if d.IntN(3) > 0 {
		not = punctual
	}
	if d.IntN(3) == 0 {
		not |= mayEnd | deaf | holds
	}
	for _, k := range kinds {
		if k.traits&not == 0 && (k.flows.to == 0 || d.IntN(3) > 0) {
			d.kinds = append(d.kinds, k)
		}
	}
}

// flow draws a graph of so many nodes in a row at most.
func (d *drawer) flow(depth int) *node {
	for try := 0; try < 6 && depth > 0 && d.left > 0; try++ {
		before := *d
		if g := d.node(depth, 0, false); g.determined() {
			return g
		}
		*d = before
	}
	return d.source()
}

// piece draws one with the traits.
func (d *drawer) piece(depth int, t trait) *node {
	if depth <= 0 || d.left <= 0 {
		return d.end(true)
	}
	return d.node(depth, t, true)
}

// end is where a flow begins, or a piece.
func (d *drawer) end(piece bool) *node {
	if piece {
		return &node{kind: inlet}
	}
	return d.source()
}

func (d *drawer) source() *node {
	rare := d.IntN(6) == 0
	return d.make(d.oneOf(func(k *kind) bool { return k.flows.to == 0 && (rare || !k.is(mayEnd)) }))
}

// node draws a node of a kind with the traits, and what it is made of: with a place for what
// comes in if it is of a piece.
func (d *drawer) node(depth int, t trait, piece bool) *node {
	k := d.anyOf(func(k *kind) bool { return k.flows.to > 0 && k.traits&t == t && !d.barred(k, piece) })
	if k == nil {
		return d.end(piece)
	}
	g := d.make(k)
	d.count(k, 1)
	inlet := -1
	flows := d.within(k.flows)
	if piece {
		inlet = d.IntN(flows)
	}
	for i := range flows {
		if i == inlet {
			g.flows = append(g.flows, d.piece(depth-1-d.IntN(2), t))
		} else {
			g.flows = append(g.flows, d.flow(depth-1-d.IntN(2)))
		}
	}
	for range d.within(k.pieces) {
		g.pieces = append(g.pieces, d.piece(d.IntN(1+min(depth, 4)), t|k.inner))
	}
	d.count(k, -1)
	if k.is(lags) {
		g.level = d.level
		d.level++
	}
	return g
}

// barred tells whether there must be none of a kind, or no more.
func (d *drawer) barred(k *kind, piece bool) bool {
	return piece && k.is(sealed) || k.is(lags) && d.level+d.lags >= maxLags || k.inner&single != 0 && d.copies >= maxCopies
}

// count counts the nodes of a kind of which the parts are being drawn.
func (d *drawer) count(k *kind, by int) {
	if k.is(lags) {
		d.lags += by
	}
	if k.inner&single != 0 {
		d.copies += by
	}
}

// make makes a node that is made of nothing yet.
func (d *drawer) make(k *kind) *node {
	d.left--
	d.named++
	g := &node{kind: k, name: letters(d.named - 1), n: d.within(k.n)}
	if k.flows.to == 0 {
		g.n = d.many()
	}
	return g
}

// many is how many items a source has. Now and then they are more than a queue holds.
func (d *drawer) many() int {
	switch d.IntN(20) {
	case 0:
		return d.IntN(700)
	case 1, 2, 3:
		return 0
	}
	return d.IntN([]int{3, 10, 30}[d.IntN(3)])
}

func (d *drawer) within(s span) int { return s.from + d.IntN(s.to-s.from+1) }

// anyOf draws a table, so that none is rare for being short, and then a kind of it.
func (d *drawer) anyOf(fits func(*kind) bool) *kind {
	table := d.IntN(tables)
	k := d.oneOf(func(k *kind) bool { return fits(k) && k.table() == table })
	if k == nil {
		k = d.oneOf(fits)
	}
	return k
}

func (d *drawer) oneOf(fits func(*kind) bool) *kind {
	var all []*kind
	for _, k := range d.kinds {
		if fits(k) {
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[d.IntN(len(all))]
}

// letters names a node: a to z, and then ba, bb and so on.
func letters(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return letters(i/26) + letters(i%26)
}

// withEvery puts a node behind each one of those that pick picks, where there may be one.
func withEvery(g *node, pick func(*node) *node) *node {
	c := g.with(func(part *node) *node { return withEvery(part, pick) })
	if g.inner&fused != 0 {
		c.pieces = g.pieces
	}
	if behind := pick(g); behind != nil {
		behind.flows = []*node{c}
		return behind
	}
	return c
}

var asyncKind = kinds()[slices.IndexFunc(kinds(), func(k *kind) bool { return k.name == "Async" })]
