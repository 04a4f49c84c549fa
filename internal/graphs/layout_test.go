package graphs

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// way is a way to run a graph. Whatever it is, the model tells what comes of the graph.
type way struct {
	name    string
	change  func(*node, *rand.Rand) *node // of the graph, nil for none
	fits    func(*node) bool              // nil for all graphs
	fake    bool                          // on the fake clock
	slow    bool                          // functions take some time
	signals bool                          // sources send some
	early   bool                          // it ends before its flow
}

// promise is what is promised of the items of a graph.
func (w way) promise() promise {
	if w.early {
		return may
	}
	return arrive
}

func ways() []way {
	return []way{
		{name: "as drawn"},
		{name: "slowly", slow: true},
		{name: "with boundaries", change: func(g *node, rnd *rand.Rand) *node {
			return withEvery(g, func(*node) *node { return boundary(rnd) })
		}},
		{name: "with boundaries here and there, slowly", slow: true, change: func(g *node, rnd *rand.Rand) *node {
			return withEvery(g, func(*node) *node {
				if rnd.IntN(3) > 0 {
					return nil
				}
				return boundary(rnd)
			})
		}},
		{name: "with one worker", fits: crewed, change: func(g *node, _ *rand.Rand) *node { return withWorkers(g, 1) }},
		{name: "with many workers, slowly", slow: true, fits: crewed, change: func(g *node, _ *rand.Rand) *node { return withWorkers(g, 6) }},
		{name: "on the fake clock", fake: true, slow: true},
		{name: "with signals", signals: true},
		{name: "with signals, slowly", signals: true, slow: true},
		{name: "with signals and boundaries", signals: true, change: func(g *node, rnd *rand.Rand) *node {
			return withEvery(g, func(*node) *node { return boundary(rnd) })
		}},
		{name: "ended early", early: true},
		{name: "ended early, slowly", early: true, slow: true},
	}
}

func boundary(rnd *rand.Rand) *node { return &node{kind: asyncKind, n: 1 + rnd.IntN(3)} }

func crewed(g *node) bool { return g.any(workers) }

func withWorkers(g *node, n int) *node {
	c := g.with(func(part *node) *node { return withWorkers(part, n) })
	if c.is(workers) {
		c.n = n
	}
	return c
}

// layout is what the building of a flow has to know of its run.
type layout struct {
	seed    uint64 // of how long functions take
	slow    bool
	signals *signals // nil without
	sides   sides
}

// pause waits as long as an item takes.
func (l *layout) pause(ctx context.Context, x item) {
	if l.slow {
		_ = clock.Sleep(ctx, clock.From(ctx), time.Duration(chance(x, l.seed)%4)*time.Millisecond)
	}
}

// work is a function that takes its time.
func (l *layout) work(fn func(item) item) func(context.Context, item) (item, error) {
	return func(ctx context.Context, x item) (item, error) {
		l.pause(ctx, x)
		return fn(x), nil
	}
}

// slowly is a sequence that takes its time.
func (l *layout) slowly(ctx context.Context, items []item) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for _, x := range items {
			l.pause(ctx, x)
			if !yield(x, nil) {
				return
			}
		}
	}
}

// stepping is a fake clock that knows when the next timer is due.
type stepping struct {
	*clock.Fake
	mu  sync.Mutex
	due map[time.Time]bool
}

func newStepping() *stepping { return &stepping{Fake: clock.NewFake(), due: make(map[time.Time]bool)} }

func (c *stepping) note(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[c.Now().Add(d)] = true
}

func (c *stepping) NewTimer(d time.Duration) clock.Timer {
	c.note(d)
	return steppingTimer{c.Fake.NewTimer(d), c}
}

type steppingTimer struct {
	clock.Timer
	c *stepping
}

func (t steppingTimer) Reset(d time.Duration) bool {
	t.c.note(d)
	return t.Timer.Reset(d)
}

func (c *stepping) NewTicker(time.Duration) clock.Ticker { panic("no kind of node needs a ticker") }

// step moves to the next time at which a timer is due, if there is one.
func (c *stepping) step() bool {
	next, ok := c.next()
	if ok {
		c.Advance(next.Sub(c.Now()))
	}
	return ok
}

func (c *stepping) next() (next time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at := range c.due {
		switch {
		case !at.After(c.Now()):
			delete(c.due, at)
		case !ok || at.Before(next):
			next, ok = at, true
		}
	}
	return next, ok
}
