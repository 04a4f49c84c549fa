package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Debounce emits the last item of each burst: the newest item, once none has come for some
// time. A newer item takes the place of the one that is held, which is dropped, and the wait
// begins anew.
//
//   - Emits: the newest item, a wait after it came
//   - Holds: two items at most, one of them only while another waits for the receiver
//   - Backpressures: never
//   - Completes: when the input ends, after the items that are held
//   - Cancels: drops the items that are held
//
// If the receiver is slow the item that is due waits for it, and the items that come
// meanwhile are held, or dropped, behind that one. So the newest is never lost. In a flow
// the receiver is the stage below, which runs on a goroutine of its own.
//
// An item that comes just when the one before is due does not take its place. A stream that
// never rests for so long gives nothing, see [Debounce.WithMaxWait].
//
// A barrier sends the item that is held first; a watermark waits until the items before it
// have been emitted or dropped.
type Debounce[T any] struct {
	base
	wait time.Duration
	most time.Duration
	clk  Clock
}

// NewDebounce makes a Debounce, named "debounce". With a wait of 0 every item passes; it must
// not be negative. The clock is optional; without it the Debounce takes the clock of the run,
// or the real one.
//
//streamz:stage Debounce
//streamz:example flow.Of("a", "b", "c").Debounce(time.Minute)
//streamz:output [c]
//streamz:marble abc----d-e-----f-| f.Debounce(30 * time.Millisecond)
func NewDebounce[T any](wait time.Duration, clk ...Clock) *Debounce[T] {
	d := &Debounce[T]{name: "debounce", wait: wait}
	d.clk = d.oneClock(clk)
	if wait < 0 {
		d.misuse("wait", wait, "must not be negative")
	}
	return d
}

// WithName gives a copy with another name.
func (d *Debounce[T]) WithName(name string) *Debounce[T] {
	c := *d
	c.name = name
	return &c
}

// WithMaxWait gives a copy that emits the newest item at the latest so long after the first
// one of its burst. 0 means that nothing but a rest ends a burst.
func (d *Debounce[T]) WithMaxWait(most time.Duration) *Debounce[T] {
	c := *d
	c.most = most
	if most < 0 {
		c.misuse("longest wait", most, "must not be negative")
	}
	return &c
}

// Process runs the Debounce over channels, see [Processor].
func (d *Debounce[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, d.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (d *Debounce[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: d, Name: d.name, Op: "Debounce", Err: d.err(), Connect: d.connect}
}

// connect puts the stage in front of a queue, so that it goes on reading while an item waits.
func (d *Debounce[T]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
	spec := kernel.Spec[T, T]{Name: d.name, Op: "Debounce"}
	if d.wait == 0 {
		spec.Books = kernel.Mapped
		spec.Start = func(_ *kernel.Stage, down kernel.Port[T]) kernel.Port[T] { return down }
		return kernel.Attach(seg, site, spec, down)
	}
	r := &debouncing[T]{Debounce: d}
	seg, down, r.retract = kernel.Retracting(seg, down)
	spec.Books, spec.Timed, spec.Clock, spec.Start = kernel.Selected, true, d.clk, r.start
	return kernel.Attach(seg, site, spec, down)
}

// debouncing is the state of one run.
type debouncing[T any] struct {
	*Debounce[T]
	newest[T]
	retract func() bool // takes an item out of the queue that waits behind another one
	queued  bool        // there may be such an item
	first   time.Time   // when the burst began
}

func (r *debouncing[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	push := down.Push
	down.Push = func(v T) error {
		r.queued = true
		return push(v)
	}
	r.init(s, down)
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *debouncing[T]) push(v T) error {
	r.s.In++
	now := r.s.Segment().Now()
	if !r.takeBack() && !r.some {
		r.first = now
	}
	if err := r.hold(v); err != nil {
		return err
	}
	wait := r.wait
	if r.most > 0 {
		wait = min(wait, r.most-now.Sub(r.first))
	}
	if wait <= 0 { // the burst has been due, and what was emitted of it taken back
		return r.flush()
	}
	r.timer.Reset(wait)
	return nil
}

// takeBack drops an item that was due and waits behind another one, since there is a newer
// one: its burst is not over.
func (r *debouncing[T]) takeBack() bool {
	if !r.queued {
		return false
	}
	r.queued = false
	if !r.retract() {
		return false
	}
	r.s.Passed--
	r.s.Dropped++
	return true
}
