package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-streamz/streamz/flow"
)

// game is one random run.
type game struct {
	*parts
	events
	watching
	drop    []string    // paths of nodes that are left out
	calm    bool        // nothing goes wrong
	way     way         // how the flow is laid out
	failed  bool        // the run has
	pace    int         // functions take some time
	mixed   atomic.Bool // flows or channels were joined in no order
	pardons bool        // the policy of the job is the default of all stages, and lenient
	cancel  context.CancelCauseFunc
	picks   map[pick]int
	nodes   []*node
	broken  []string // what the harness itself could not do

	got []int // what the terminal gave
}

// pick is a node, or another thing that is drawn until it fits, by its own seed.
type pick struct {
	path string
	seed uint64
}

// node is a place in the flow: a source, a stage or a sink, with its settings.
type node struct {
	path    string
	text    strings.Builder
	deep    bool // its policy is also that of stages that are only made in the run
	faulty  bool // one of its functions fails
	lenient bool // its policy may let the stream go on after a failure
	outer   *node
	tight   bool // what is inside can have no boundary
	ways    int  // flows made of its own, which come together in no order

	alone func(g *game, f flow.Flow[int]) flow.Flow[int] // makes it again in another game

	busy atomic.Int64 // calls of its functions that go on
	left atomic.Int64 // when the last one ended
}

// name is that of its stage, if it is given one.
func (n *node) name() string { return "at" + n.path }

// forgives tells whether a failure of one of the node's functions may not end the run.
func (n *node) forgives() bool { return n != nil && (n.lenient || n.outer.forgives()) }

// deepens notes that stages of the node are only made in the run.
func (n *node) deepens() {
	for ; n != nil; n = n.outer {
		n.deep = true
	}
}

// gamble draws what belongs to one node. All chance is used up while the flow is built, so
// that a seed always gives the same one.
type gamble struct {
	*rand.Rand
	*game
	node    *node
	seed    uint64
	depth   int
	count   int             // of the nodes inside
	up      *flow.Flow[int] // what a piece that takes flows is to stand behind
	plain   bool            // no policy
	handled bool            // the processor has a handler for failures
	outside bool            // it draws what the run does not call
	aside   bool            // it draws what is no function of the stage itself
	judge   bool            // it draws what a policy asks
	trial   bool            // it is only to be seen whether it can run: nothing goes wrong
}

const deepest = 3 // flows in flows

// child draws for a node inside this one.
func (g *gamble) child() *gamble {
	path := fmt.Sprint(g.count)
	if g.node.path != "" {
		path = g.node.path + "." + path
	}
	g.count++
	c := &gamble{game: g.game, node: &node{path: path, outer: g.node}, seed: g.Uint64(), depth: g.depth + 1, trial: g.trial}
	return c.again(0)
}

// again is the gamble for another draw of the same node.
func (g *gamble) again(draw int) *gamble {
	c := *g
	c.node = &node{path: g.node.path, outer: g.node.outer, tight: g.node.tight}
	c.Rand = rand.New(rand.NewPCG(g.seed, uint64(draw)))
	return &c
}

// note adds to what is told of the node.
func (g *gamble) note(format string, args ...any) { fmt.Fprintf(&g.node.text, " "+format, args...) }

// option decides whether a processor gets an option.
func (g *gamble) option(name string) bool {
	if g.IntN(3) > 0 {
		return false
	}
	g.note(".%s", name)
	g.handled = g.handled || name == "OnError"
	return true
}

// flow makes a source with some stages behind it.
func (g *gamble) flow(stages int) flow.Flow[int] {
	c := g.child()
	p := c.choose(c.sources)
	f := c.build(p, flow.Empty[int](), func(c *gamble, _ flow.Flow[int]) flow.Flow[int] { return c.begin(p) })
	return g.chain(f, stages)
}

// chain puts stages behind f.
func (g *gamble) chain(f flow.Flow[int], stages int) flow.Flow[int] {
	for range stages {
		c := g.child()
		if slices.Contains(g.drop, c.node.path) {
			continue
		}
		p := c.choose(c.stages)
		f = c.build(p, f, func(c *gamble, f flow.Flow[int]) flow.Flow[int] { return c.follow(p, f) })
	}
	return f
}

// choose draws a piece by the node's own seed, so that a node that is left out changes no
// other.
func (g *gamble) choose(pieces []*piece) *piece { return pieces[g.IntN(len(pieces))] }

// begin makes the source that p is, and sees to it that a run of it ends.
func (g *gamble) begin(p *piece) flow.Flow[int] {
	f := p.source(g)
	g.know(p)
	switch {
	case !g.traits[p].endless:
		return f
	case g.IntN(4) > 0 || g.calm:
		n := g.many()
		g.note("Take(%d)", n)
		g.endEarly()
		return f.Take(n)
	}
	return f.Tap(g.brake())
}

// know takes over what is known of a piece.
func (g *gamble) know(p *piece) {
	if g.traits[p].stops {
		g.endEarly()
	}
	if g.traits[p].mixes || racing[p.name] {
		g.mixed.Store(true)
	}
}

// racing are pieces whose items are those of whoever comes first, which is nobody's to say
// where several come at once.
var racing = map[string]bool{"flow.Race": true}

// tight are pieces that take flows of stages which are fused.
var tight = map[string]bool{"Flow.GroupBy": true, "Flow.GroupByKeyed": true, "Flow.Parallel": true}

// layout is how the node is laid out: as the flow, unless it has to be fused.
func (g *gamble) layout() way {
	for n := g.node.outer; n != nil; n = n.outer {
		if n.tight {
			return fused
		}
	}
	return g.way
}

// brake ends the run after a number of items.
func (g *gamble) brake() func(int) {
	var n atomic.Int64 // of all copies, if there are several
	cancel := g.plant("brake")
	return func(int) {
		if n.Add(1) == 300 {
			g.cancel(cancel)
		}
	}
}

// follow makes the stage that p is, behind f.
func (g *gamble) follow(p *piece, f flow.Flow[int]) flow.Flow[int] {
	g.know(p)
	if p.stage != nil {
		return p.stage(g, f)
	}
	g.up, g.plain = &f, true // a policy would be that of the stages above as well
	return p.source(g)
}

// draws is how often a thing is drawn until it fits.
const draws = 60

// build makes a node behind f, with the first draw that can run: arguments may be out of
// range, or not fit each other, which the piece itself knows best.
func (g *gamble) build(p *piece, f flow.Flow[int], make func(*gamble, flow.Flow[int]) flow.Flow[int]) flow.Flow[int] {
	g.node.tight = tight[p.name]
	draw := g.fit("", g.seed, func(draw int) error {
		t := g.again(draw)
		t.trial = true
		return misuse(make(t, flow.Empty[int]()).Run(ended()))
	})
	if draw < 0 {
		g.complain("%s (%s): no draw can be configured, see the ranges in arg_test.go", p.name, p.file)
		draw = 0
	}
	c := g.again(draw)
	c.node.alone = func(other *game, f flow.Flow[int]) flow.Flow[int] {
		c := g.again(draw)
		c.game = other
		return make(c, f)
	}
	c.enter(p)
	return make(c, f)
}

// enter tells of a node.
func (g *gamble) enter(p *piece) {
	if !g.trial {
		g.nodes = append(g.nodes, g.node)
	}
	g.note("%s", p.name)
}

// fit gives the first draw for which test finds no fault, and -1 if there is none. It
// remembers that, but on trial flows inside may be others than later.
func (g *gamble) fit(what string, seed uint64, test func(draw int) error) int {
	if g.trial {
		what += " on trial"
	}
	key := pick{g.node.path + what, seed}
	if draw, ok := g.picks[key]; ok {
		return draw
	}
	g.picks[key] = -1
	for draw := range draws {
		if test(draw) == nil {
			g.picks[key] = draw
			break
		}
	}
	return g.picks[key]
}

// ended is a context that has: in it a flow that can run runs nothing.
func ended() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errPlanted)
	return ctx
}

// misuse gives err if it is of the configuration.
func misuse(err error) error {
	if _, ok := errors.AsType[*flow.ConfigError](err); ok {
		return err
	}
	return nil
}

// String tells what the flow is made of, a node a line.
func (g *game) String() string {
	var b strings.Builder
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "%s%s%s\n", strings.Repeat("   ", strings.Count(n.path, ".")), n.path, n.text.String())
	}
	return b.String()
}
