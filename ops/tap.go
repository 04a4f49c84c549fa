package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Tap calls a function with every item and passes the item on, in order.
//
//   - Emits: each item, the same value
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand, which the function may have seen
//
// The function runs on one goroutine: a slow one slows the stream. What it changes
// through a pointer is seen downstream.
type Tap[T any] struct {
	base
	fn func(T)
}

// NewTap makes a Tap, named "tap". fn must not be nil.
//
//streamz:stage Tap
//streamz:example flow.Of("a", "b").Tap(func(s string) { fmt.Println("saw", s) })
//streamz:output saw a
//streamz:output saw b
//streamz:output [a b]
func NewTap[T any](fn func(T)) *Tap[T] {
	t := &Tap[T]{name: "tap", fn: fn}
	t.needFunc(fn == nil)
	return t
}

// WithName gives a copy with another name.
func (t *Tap[T]) WithName(name string) *Tap[T] {
	c := *t
	c.name = name
	return &c
}

// Process runs the Tap over channels, see [Processor].
func (t *Tap[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *Tap[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "Tap", Err: t.err(),
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Nature: kernel.Stateless, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *Tap[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	fn, push, mark := t.fn, down.Push, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		mark.Enter()
		fn(v)
		return push(v)
	}}
}
