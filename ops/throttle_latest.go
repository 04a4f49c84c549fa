package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ThrottleLatest emits the newest item of each span, at its end. A span begins with an item
// that comes while none is on. The other items of the span are dropped.
//
//   - Emits: the newest item, a span after the first that came since the last emission
//   - Holds: one item
//   - Backpressures: while an item that it emits waits for the receiver
//   - Completes: when the input ends, after the item that is held
//   - Cancels: drops the item that is held
//
// An item that comes just when a span is over begins the next one. Nothing is emitted while
// nothing comes. Where the spans are to be in step with the clock there is [SampleEvery]; to
// wait until items come no more there is [Debounce].
//
// A barrier sends the item that is held first; a watermark waits until the items before it
// have been emitted or dropped.
type ThrottleLatest[T any] struct {
	base
	span time.Duration
	clk  Clock
}

// NewThrottleLatest makes a ThrottleLatest, named "throttle-latest". span must be positive.
// The clock is optional; without it the ThrottleLatest takes the clock of the run, or the
// real one.
//
//streamz:stage ThrottleLatest
//streamz:example flow.Of("a", "b", "c").ThrottleLatest(time.Minute)
//streamz:output [c]
//streamz:marble abc--d-ef---g----| f.ThrottleLatest(40 * time.Millisecond)
func NewThrottleLatest[T any](span time.Duration, clk ...Clock) *ThrottleLatest[T] {
	t := &ThrottleLatest[T]{name: "throttle-latest", span: span}
	t.clk = t.oneClock(clk)
	t.needPositive("span", span)
	return t
}

// WithName gives a copy with another name.
func (t *ThrottleLatest[T]) WithName(name string) *ThrottleLatest[T] {
	c := *t
	c.name = name
	return &c
}

// Process runs the ThrottleLatest over channels, see [Processor].
func (t *ThrottleLatest[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *ThrottleLatest[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "ThrottleLatest", Err: t.err(),
		Books: kernel.Selected, Timed: true, Clock: t.clk, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *ThrottleLatest[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r, span := new(newest[T]), t.span
	r.init(s, down)
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		if !r.some {
			r.timer.Reset(span)
		}
		return r.hold(v)
	}}
}
