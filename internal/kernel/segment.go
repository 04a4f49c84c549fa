package kernel

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Segment is one goroutine of a run, a head and the stages fused behind it, as those
// see it who wire what is in front of them.
type Segment struct {
	*thread
	*feed
}

// thread is the goroutine.
type thread struct {
	run    *Run
	ctx    context.Context // the segment's own scope; user functions get it
	cancel context.CancelCauseFunc
	result error // of work
	at     int32 // whose user code runs: a stage's mark, or ^mark outside its items

	timed, blocks bool
	exiting       bool // a Goexit is unwinding

	clock  clock.Clock
	now    time.Time
	fresh  bool // now was read since the last wait
	timers []*Timer

	alarm   clock.Timer
	alarmAt time.Time
	rings   <-chan time.Time // the alarm's channel, nil when no timer needs it
}

// feed is where a segment's items come from. It may be one of several that the segment
// takes in turn.
type feed struct {
	starts []func() error // see Stage.OnStart
	head   func() error
	exits  []func() // the ends of the queues that lead to it
}

func newSegment(r *Run, ctx context.Context, cancel context.CancelCauseFunc) *Segment {
	all := &struct {
		Segment
		thread
		feed
	}{thread: thread{run: r, ctx: ctx, cancel: cancel, clock: r.opts.Clock}}
	all.Segment = Segment{&all.thread, &all.feed}
	return &all.Segment
}

// branch is the segment for those who wire one of its feeds.
func (g *Segment) branch(f *feed) *Segment { return &Segment{thread: g.thread, feed: f} }

// drive runs the feed to its end.
func (f *feed) drive() error {
	for _, start := range f.starts {
		if err := start(); err != nil {
			return err
		}
	}
	return f.head()
}

// leave ends those who still feed the queues: nobody needs their items.
func (f *feed) leave() {
	for _, exit := range f.exits {
		exit()
	}
	f.exits = nil
}

// Context is the segment's scope.
func (g *Segment) Context() context.Context { return g.ctx }

// Run is the run it belongs to.
func (g *Segment) Run() *Run { return g.run }

// Halted is nil while the segment may go on. It is asked between any two items,
// so a cancelled run ends within one. Err costs half of a look at Done.
func (g *Segment) Halted() error {
	if g.ctx.Err() != nil {
		return g.cause()
	}
	return nil
}

// cause is what the segment returns when its context has ended.
func (g *Segment) cause() error { return context.Cause(g.ctx) }

// work runs the segment to its end. It is called once, on its goroutine.
func (g *Segment) work() (err error) {
	clean := false
	defer func() {
		if !clean {
			err = g.rescue(recover())
		}
		g.leave()
		g.stopTimers()
	}()
	err = g.drive()
	clean = true
	return err
}

// rescue records a panic that came through all stages of the segment or out of a
// stage's opening or closing, or a Goexit. With Options.Crash a panic goes on; panicking again from here keeps the
// frames of the first one on the stack that the program prints.
func (g *Segment) rescue(value any) error {
	if g.run.opts.Crash && value != nil {
		g.run.crashed.Store(true)
		panic(value)
	}
	return g.caught(value)
}
