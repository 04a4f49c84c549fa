package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Timestamped is an item and the time at which it came.
type Timestamped[T any] struct {
	Time time.Time
	Item T
}

// Timestamp adds to each item the time at which it came, in order.
//
//   - Emits: each item as a [Timestamped]
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// An item comes when the Timestamp takes it, which is later than it was there if the stream was
// held up by what is below. The times never decrease. In a flow the clock is read once for the
// items that have come together, up to 64 of them.
type Timestamp[T any] struct {
	base
	clk Clock
}

// NewTimestamp makes a Timestamp, named "timestamp". The clock is optional; without it the
// Timestamp takes the clock of the run, or the real one.
//
//streamz:stage Timestamp
//streamz:example flow.Of("a", "b").Timestamp().
//streamz:example 	Filter(func(t ops.Timestamped[string]) bool { return time.Since(t.Time) < time.Hour }).
//streamz:example 	Map(func(t ops.Timestamped[string]) string { return t.Item })
//streamz:output [a b]
//streamz:marble a--b-(cd)-| f.Timestamp().Map(func(t ops.Timestamped[string]) string { return t.Item + t.Time.Format(".000") })
func NewTimestamp[T any](clk ...Clock) *Timestamp[T] {
	t := &Timestamp[T]{name: "timestamp"}
	t.clk = t.oneClock(clk)
	return t
}

// WithName gives a copy with another name.
func (t *Timestamp[T]) WithName(name string) *Timestamp[T] {
	c := *t
	c.name = name
	return &c
}

// Process runs the Timestamp over channels, see [Processor].
func (t *Timestamp[T]) Process(ctx context.Context, in <-chan T) <-chan Timestamped[T] {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it. It is timed, although it arms no
// timer: the time of a segment stands still while its stages call what may block.
func (t *Timestamp[T]) Kernel() kernel.Spec[T, Timestamped[T]] {
	return kernel.Spec[T, Timestamped[T]]{
		Self: t, Name: t.name, Op: "Timestamp", Err: t.err(),
		Books: kernel.Mapped, Timed: true, Clock: t.clk, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *Timestamp[T]) start(s *kernel.Stage, down kernel.Port[Timestamped[T]]) kernel.Port[T] {
	seg, push := s.Segment(), down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		return push(Timestamped[T]{seg.Now(), v})
	}}
}
