package chaos

import (
	"math/rand/v2"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// watching is how a run is watched, and what is known of that.
type watching struct {
	grace     time.Duration // 0 without
	idle      time.Duration // after which the run is cancelled
	leaks     bool
	traced    bool // it is known of every function when it runs
	witnesses []*witness
	nowhere   []*node       // whose functions are called in any stage
	release   chan struct{} // closed when the run has returned
}

// runOptions draws those of a run.
func (g *gamble) runOptions() []flow.Option {
	c := g.child()
	c.aside = true
	g.nowhere = append(g.nowhere, c.node)
	c.note("options")
	g.nodes = append(g.nodes, c.node)
	var opts []flow.Option
	for range c.IntN(3) {
		seed := c.Uint64()
		draw := c.fit("option", seed, func(draw int) error {
			return misuse(flow.Empty[int]().Run(ended(), c.runOption(seed, draw, true)))
		})
		opts = append(opts, c.runOption(seed, max(draw, 0), false))
	}
	if g.calm {
		return opts
	}
	return append(opts, c.guards()...)
}

func (g *gamble) runOption(seed uint64, draw int, trial bool) flow.Option {
	c := *g
	c.Rand, c.trial = rand.New(rand.NewPCG(seed, uint64(draw))), trial
	if trial {
		c.node = &node{path: g.node.path}
	}
	return arg[flow.Option](&c, "option")
}

// guards draws the options that watch over the run.
func (g *gamble) guards() (opts []flow.Option) {
	some := func() time.Duration { return time.Duration(1+g.IntN(1+g.IntN(1500))) * time.Millisecond }
	if g.IntN(4) == 0 {
		g.grace = some()
		g.note("WithGrace(%v)", g.grace)
		opts = append(opts, flow.WithGrace(g.grace))
	}
	if g.IntN(12) == 0 {
		g.leaks = true
		g.note("WithLeakCheck")
		opts = append(opts, flow.WithLeakCheck())
	}
	switch d := some(); g.IntN(16) {
	case 0:
		g.note("WithWatchdog(%v)", d)
		opts, g.idle = append(opts, flow.WithWatchdog(d)), min(g.idle, 500*d)
	case 1:
		g.note("WithStallLimit(%v)", d)
		opts, g.idle = append(opts, flow.WithStallLimit(d)), min(g.idle, 500*d)
	}
	g.traced = len(opts) > 0
	for range max(0, g.IntN(6)-3) {
		opts = append(opts, flow.WithObserver(g.witness()))
	}
	return opts
}
