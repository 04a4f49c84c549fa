package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DelayUntil emits each item at a time of its own, in order: one whose time comes before
// that of the item in front of it waits for that.
//
//   - Emits: each item, when its time has come and the items before it have left
//   - Holds: as many items as its buffer size, by default 1024, and one that waits
//   - Backpressures: while so many are held, or while an item waits for the receiver
//   - Completes: when the input ends, after what it holds, each item at its time
//   - Cancels: drops what it holds, and waits no longer
//
// An item whose time has passed goes at once if none is in front of it. Room is taken as it
// is needed. The function is called once an item, on one goroutine, and must not block.
//
// Barriers and watermarks follow the items before them and take a place in the buffer.
type DelayUntil[T any] struct {
	base
	when func(T) time.Time
	size int
	clk  Clock
}

// NewDelayUntil makes a DelayUntil, named "delay-until". when gives the time of an item and
// must not be nil. The clock is optional; without it the DelayUntil takes the clock of the
// run, or the real one.
//
//streamz:stage DelayUntil
//streamz:example flow.Of("a", "b").DelayUntil(func(string) time.Time { return time.Now().Add(time.Millisecond) })
//streamz:output [a b]
func NewDelayUntil[T any](when func(T) time.Time, clk ...Clock) *DelayUntil[T] {
	y := &DelayUntil[T]{name: "delay-until", when: when, size: defaultDelayed}
	y.clk = y.oneClock(clk)
	y.needFunc(when == nil)
	return y
}

// WithName gives a copy with another name.
func (y *DelayUntil[T]) WithName(name string) *DelayUntil[T] {
	c := *y
	c.name = name
	return &c
}

// WithBufferSize gives a copy that holds up to n items: from 1 to 1<<30.
func (y *DelayUntil[T]) WithBufferSize(n int) *DelayUntil[T] {
	c := *y
	c.size = n
	c.needDelayed(n)
	return &c
}

// Process runs the DelayUntil over channels, see [Processor].
func (y *DelayUntil[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, y.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (y *DelayUntil[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: y, Name: y.name, Op: "DelayUntil", Err: y.err(), Calls: kernel.CallsFunc,
		Blocks: true, Timed: true, Clock: y.clk, Start: y.start,
	}
}

func (y *DelayUntil[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r, mark := newDelaying(s, down, y.size), s.Mark()
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		return r.take(v, y.when(v))
	}}
}
