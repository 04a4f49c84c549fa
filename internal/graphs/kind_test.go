package graphs

import (
	"slices"
	"time"
)

// kind is a kind of node: how its flow is built, and what the model knows of that. What a node
// is made of is flows, and pieces of a flow, of which each has one place for what comes in.
type kind struct {
	name   string
	flows  span // how many
	pieces span
	n      span // its parameter, which is 0 for one that has none
	traits trait
	inner  trait // what all nodes of its pieces have to have

	build func(made[flows]) flows
	model func(made[order]) order
}

// span is a range of numbers, both ends included.
type span struct{ from, to int }

func exactly(n int) span { return span{n, n} }

// made is what a node is made of: flows, or orders in the model.
type made[F any] struct {
	*layout
	name   string // no other node has it
	n      int
	level  int // of one that lags
	flows  []F
	pieces []func(F) F
	prompt bool // it is, and so are all of its pieces
}

// in is what comes in, if the node stands behind a single flow.
func (m made[F]) in() F { return m.flows[0] }

// lag is how long some flows of a node wait for others: it is beyond all that lags above.
func (m made[F]) lag() time.Duration {
	d := time.Minute
	for range m.level {
		d *= 100
	}
	return d
}

// trait is what else is to be known of a kind.
type trait uint

const (
	// single: what it makes of items is what it makes of each alone, in this order.
	single trait = 1 << iota
	// prompt: it makes that at once, on the goroutine that gives it the item.
	prompt
	// fused: it needs neither a goroutine nor a queue, and gives no items of its own.
	fused
	// workers: its parameter is how many it has, which makes no difference to its items.
	workers
	// gives: some of its items are of its own.
	gives
	// sealed: no place for what comes in may be inside, since its flows are made in the run.
	sealed
	// lags: some of its flows begin so late that others are known to have ended.
	lags
	// mayEnd: it may end before its flows have.
	mayEnd
	// deaf: no signal passes.
	deaf
	// holds: a barrier makes it emit what it holds, a flush perhaps not all of it.
	holds
	// belated: an item may come behind a watermark that is later.
	belated
	// punctual: no item that comes in may be behind a watermark that is later.
	punctual
	// keeps: a flush passes what it holds.
	keeps
	// stateless: it keeps nothing from one item to the next.
	stateless
	// aside: what comes out of its pieces goes to another sink.
	aside
)

func (k *kind) is(t trait) bool { return k.traits&t != 0 }

// kinds gives all of them. Whoever adds a shape to flow adds it to one of these tables.
func kinds() []*kind {
	return slices.Concat(sources(), stages(), joins(), forks())
}

// table is the number of the table that a kind is in, of those that have kinds with flows.
func (k *kind) table() int {
	switch {
	case k.pieces.to > 0:
		return 0
	case k.flows.to > 1:
		return 1
	}
	return 2
}

const tables = 3

// inlet is the place in a piece for what comes in.
var inlet = &kind{name: "in", traits: single | prompt | fused | stateless}
