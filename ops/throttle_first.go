package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ThrottleFirst passes an item and drops those that follow within a span, in order: the
// first item of each span passes, at once. To delay items in place of dropping them there is
// [Throttle].
//
//   - Emits: the first item, and each one that comes a span or more after the last that passed
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// A span begins when its item has been delivered. An item that comes just when a span is
// over begins the next one.
type ThrottleFirst[T any] struct {
	base
	span time.Duration
	clk  Clock
}

// NewThrottleFirst makes a ThrottleFirst, named "throttle-first". span must be positive. The
// clock is optional; without it the ThrottleFirst takes the clock of the run, or the real
// one.
//
//streamz:stage ThrottleFirst
//streamz:example flow.Of("a", "b", "c").ThrottleFirst(time.Minute)
//streamz:output [a]
//streamz:marble abc--d-ef---g-| f.ThrottleFirst(40 * time.Millisecond)
func NewThrottleFirst[T any](span time.Duration, clk ...Clock) *ThrottleFirst[T] {
	t := &ThrottleFirst[T]{name: "throttle-first", span: span}
	t.clk = t.oneClock(clk)
	t.needPositive("span", span)
	return t
}

// WithName gives a copy with another name.
func (t *ThrottleFirst[T]) WithName(name string) *ThrottleFirst[T] {
	c := *t
	c.name = name
	return &c
}

// Process runs the ThrottleFirst over channels, see [Processor].
func (t *ThrottleFirst[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *ThrottleFirst[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "ThrottleFirst", Err: t.err(),
		Books: kernel.Selected, Timed: true, Clock: t.clk, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *ThrottleFirst[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	seg, push, span := s.Segment(), down.Push, t.span
	var over time.Time // zero before the first item
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		if !over.IsZero() && seg.Now().Before(over) {
			s.Dropped++
			return nil
		}
		s.Passed++
		err := push(v)
		over = seg.Now().Add(span)
		return err
	}}
}
