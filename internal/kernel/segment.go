package kernel

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Segment is one goroutine of a run: a head and the stages fused behind it.
type Segment struct {
	run    *Run
	ctx    context.Context // the segment's own scope; user functions get it
	cancel context.CancelCauseFunc
	done   <-chan struct{}
	starts []func() error
	head   func() error
	exits  []func() // the ends of the queues that feed it
	at     int32    // whose user code runs: a stage's mark, or ^mark outside its items

	timed, blocks bool

	clock  clock.Clock
	now    time.Time
	fresh  bool // now was read since the last wait
	timers []*Timer

	alarm   clock.Timer
	alarmAt time.Time
	rings   <-chan time.Time // the alarm's channel, nil when no timer needs it
}

// Context is the segment's scope.
func (g *Segment) Context() context.Context { return g.ctx }

// Run is the run it belongs to.
func (g *Segment) Run() *Run { return g.run }

// Halted is nil while the segment may go on. It is asked between any two items,
// so a cancelled run ends within one.
func (g *Segment) Halted() error {
	select {
	case <-g.done:
		return g.cause()
	default:
		return nil
	}
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
		for _, exit := range g.exits {
			exit()
		}
		g.stopTimers()
	}()
	err = g.begin()
	clean = true
	return err
}

func (g *Segment) begin() error {
	for _, start := range g.starts {
		if err := start(); err != nil {
			return err
		}
	}
	return g.head()
}

// rescue records a panic that came through all stages of the segment, or a
// Goexit. With Options.Crash a panic goes on; panicking again from here keeps the
// frames of the first one on the stack that the program prints.
func (g *Segment) rescue(value any) error {
	if g.run.opts.Crash && value != nil {
		g.run.crashed.Store(true)
		panic(value)
	}
	return g.caught(value)
}
