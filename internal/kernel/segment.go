package kernel

import (
	"context"
	"errors"
	"github.com/go-streamz/streamz/internal/heap"
	"sync/atomic"
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
	left   atomic.Bool // its context ended because nobody needs its items any more
	result error       // of work
	at     int32       // whose user code runs: a stage's mark, or ^mark outside its items
	worker *Stage      // what runs here, if that is a worker of a stage
	pulse  *pulse      // nil unless the run is live
	idle   bool        // it was waiting when its context ended, or had not begun
	noted  bool        // what it was at then is known

	timed, blocks bool
	tight         bool   // what is being wired has to be fused
	drifts        bool   // it is timed and blocks all the same, so that its time has to be read anew
	giveBack      func() // before a wait: frees what the head's queue keeps until the end of a block
	exiting       bool   // a Goexit is unwinding

	clock clock.Clock
	now   time.Time
	fresh bool // now was read since the last wait
	waits bool // it has waited since timers were last looked at

	timers   heap.Heap[*Timer] // that are armed
	watchers heap.Heap[*Timer] // of these, those that watch
	made     int               // timers, ever

	cue   *Cue   // what a stage listens to, nil for nothing
	again *again // a piece of a flow is being wired once more, nil at most times

	watching bool // some timer watches
	measured bool // waits are
	diverted bool // the alarm is set for those that watch alone, see watch

	born   time.Time
	since  time.Duration // when the last wait began, after born
	waited time.Duration // in all waits
	lived  time.Duration // known at the end

	alarm   clock.Timer
	alarmAt time.Time
	rings   <-chan time.Time // the alarm's channel, nil when no timer needs it
}

// feed is where a segment's items come from. It may be one of several that the segment
// takes in turn, or a part of one, whose stages are fused with the others and can end
// before them.
type feed struct {
	within *feed             // that it is a part of
	settle func(error) error // says what an error of its stages is to that, nil for the same
	due    func(time.Time)   // see Stage.Awaits, nil if nobody asks
	asked  bool              // some stage tells

	turn   chan struct{}  // closed when it is this one's turn, nil if it is from the start
	starts []func() error // see Stage.OnStart
	leads  []func() error // see Stage.OnLead
	head   func() error
	exits  []func() // the ends of the queues that lead to it

	stopped bool // by a stage of its own, see Stage.Enough
}

func newSegment(r *Run, ctx context.Context, cancel context.CancelCauseFunc) *Segment {
	all := &struct {
		Segment
		thread
		feed
	}{run: r, ctx: ctx, cancel: cancel, clock: r.opts.Clock}
	all.Segment = Segment{&all.thread, &all.feed}
	if r.live != nil {
		all.pulse = &pulse{run: r.live}
	}
	return &all.Segment
}

// branch is the segment for those who wire one of its feeds.
func (g *Segment) branch(f *feed) *Segment {
	f.within = g.feed
	return &Segment{thread: g.thread, feed: f}
}

// means is what the result of something that stages of the feed did at a time of their own, as
// by a timer, is to the segment.
func (f *feed) means(err error) error {
	for ; f != nil && err != nil; f = f.within {
		if f.settle != nil {
			err = f.settle(err)
		}
	}
	return err
}

// under tells whether the feed is another or a part of it.
func (f *feed) under(other *feed) bool {
	for f != nil && f != other {
		f = f.within
	}
	return f != nil
}

// await waits for the segment's turn, or for its end before that.
func (g *Segment) await() {
	if g.turn == nil {
		return
	}
	select {
	case <-g.turn:
	case <-g.ctx.Done():
	}
}

// awaited is the turn of the feed, or of the one that it is a part of.
func (f *feed) awaited() chan struct{} {
	for f.turn == nil && f.within != nil {
		f = f.within
	}
	return f.turn
}

// begins tells whether its turn has come.
func (f *feed) begins() bool {
	if f.turn == nil {
		return true
	}
	select {
	case <-f.turn:
		return true
	default:
		return false
	}
}

// drive runs the feed to its end.
func (f *feed) drive() error {
	for _, begin := range [...][]func() error{f.starts, f.leads} {
		for _, fn := range begin {
			if err := fn(); err != nil {
				return err
			}
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

// Run is the run it belongs to.
func (g *Segment) Run() *Run { return g.run }

// halted is nil while the segment may go on. It is asked between any two items,
// so a cancelled run ends within one. Err costs half of a look at Done.
func (g *Segment) halted() error {
	if g.ctx.Err() != nil {
		return g.cause()
	}
	if g.pulse != nil {
		g.pulse.beat()
	}
	return nil
}

// cause is what the segment returns when its context has ended. If that is ErrStop
// and not of our doing, the program around the run is stopping early: to it that is
// what it says, but this run has been cut off.
func (g *Segment) cause() error {
	cause := context.Cause(g.ctx)
	if cause == ErrStop && !g.left.Load() {
		return errCutOff
	}
	return cause
}

var errCutOff = errors.New("streamz: the run around this one stops early")

// dismiss ends the segment because nobody needs its items: the consumer has ended, for
// whatever reason. That wakes it wherever it waits.
func (g *Segment) dismiss() {
	g.left.Store(true)
	g.cancel(ErrStop)
	if g.pulse != nil {
		select {
		case g.pulse.run.told <- struct{}{}:
		default:
		}
	}
}

// work runs the segment to its end. It is called once, on its goroutine.
func (g *Segment) work() (err error) {
	clean := false
	g.idle = g.ctx.Err() != nil
	defer func() {
		if !clean {
			err = g.rescue(recover())
			g.result = err // a Goexit goes on, and nobody gets what is returned
		}
		g.leave()
		g.stopTimers()
		if g.pulse != nil {
			g.pulse.rest(Finished)
		}
	}()
	g.yield(Working)
	err = g.live()
	clean = true
	return err
}

// rescue records a panic that came through all stages of the segment or out of a
// stage's opening or closing, or a Goexit. With Options.Crash a panic goes on; panicking
// again from here keeps the frames of the first one on the stack that the program prints.
func (g *Segment) rescue(value any) error {
	if g.run.opts.Crash && value != nil {
		g.crash(value)
	}
	return g.caught(value)
}

func (g *Segment) crash(value any) {
	g.run.crashed.Store(true)
	panic(value)
}
