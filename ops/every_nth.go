package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EveryNth passes each n-th item, in order: the n-th, the 2n-th and so on. The others are
// discarded.
//
//   - Emits: each n-th item, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type EveryNth[T any] struct {
	base
	n int
}

// NewEveryNth makes an EveryNth, named "every-nth". n must be at least 1; with 1 every item
// passes.
//
//streamz:stage EveryNth
//streamz:example flow.Of("a", "b", "c", "d", "e").EveryNth(2)
//streamz:output [b d]
//streamz:marble a-b-c-d-e-f-g-| f.EveryNth(3)
func NewEveryNth[T any](n int) *EveryNth[T] {
	e := &EveryNth[T]{name: "every-nth", n: n}
	if n < 1 {
		e.misuse("n", n, "must be at least 1")
	}
	return e
}

// WithName gives a copy with another name.
func (e *EveryNth[T]) WithName(name string) *EveryNth[T] {
	c := *e
	c.name = name
	return &c
}

// Process runs the EveryNth over channels, see [Processor].
func (e *EveryNth[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (e *EveryNth[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: e, Name: e.name, Op: "EveryNth", Err: e.err(),
		Books: kernel.Selected, Start: e.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (e *EveryNth[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	n, left, push := e.n, e.n, down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		if left--; left > 0 {
			s.Filtered++
			return nil
		}
		left = n
		s.Passed++
		return push(v)
	}}
}
