package ops

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// StartWith emits items of its own and then passes on those of the input, in order.
//
//   - Emits: its own items, when the run begins; then each item, the same value
//   - Holds: one item
//   - Backpressures: while an item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand, and those of its own that it has not emitted
//
// Its own items do not wait for the first of the input: they come first also where that is
// idle, fails or is empty, and the input is not read before they are delivered. Nor is it
// read at all if nobody needs more than they are.
//
// All runs emit the same items.
type StartWith[T any] struct {
	base
	items []T
}

// NewStartWith makes a StartWith, named "start-with". It keeps a copy of the slice. Without
// items it passes on what comes.
//
//streamz:stage StartWith
//streamz:example flow.Of("b", "c").StartWith("a")
//streamz:output [a b c]
//streamz:marble ---a--b--c-| f.StartWith("x", "y")
func NewStartWith[T any](items ...T) *StartWith[T] {
	return &StartWith[T]{name: "start-with", items: slices.Clone(items)}
}

// WithName gives a copy with another name.
func (w *StartWith[T]) WithName(name string) *StartWith[T] {
	c := *w
	c.name = name
	return &c
}

// Process runs the StartWith over channels, see [Processor].
func (w *StartWith[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *StartWith[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: w, Name: w.name, Op: "StartWith", Err: w.err(),
		Start: w.start,
	}
}

// start leaves the first items to the segment, which emits them when all its stages have
// begun, and before it looks for any other.
//
//go:noinline // inlined, its closure would no longer inline what it calls
func (w *StartWith[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	push := down.Push
	s.OnLead(func() error {
		for _, v := range w.items {
			if err := s.Next(); err != nil {
				return err
			}
			if err := push(v); err != nil {
				return err
			}
		}
		return nil
	})
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		s.Passed++
		s.Out++
		return push(v)
	}}
}
