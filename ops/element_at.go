package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ElementAt passes the item at one index, counted from 0, and then ends the stream. All
// items before it are discarded.
//
//   - Emits: the item at the index, unchanged; nothing if there are fewer
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: right after that item is delivered, or when the input ends
//   - Cancels: drops the item in hand
//
// In a flow the end travels upstream and stops the source. Over bare channels the
// producer learns nothing: it has to watch its context.
type ElementAt[T any] struct {
	base
	index int
}

// NewElementAt makes an ElementAt, named "element-at". index must not be negative.
//
//streamz:stage ElementAt
//streamz:example flow.Of("a", "b", "c", "d").ElementAt(2)
//streamz:output [c]
//streamz:marble a-b-c-d-e-| f.ElementAt(2)
func NewElementAt[T any](index int) *ElementAt[T] {
	e := &ElementAt[T]{name: "element-at", index: index}
	if index < 0 {
		e.misuse("index", index, "must not be negative")
	}
	return e
}

// WithName gives a copy with another name.
func (e *ElementAt[T]) WithName(name string) *ElementAt[T] {
	c := *e
	c.name = name
	return &c
}

// Process runs the ElementAt over channels, see [Processor].
func (e *ElementAt[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (e *ElementAt[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: e, Name: e.name, Op: "ElementAt", Err: e.err(),
		Books: kernel.Selected, Start: e.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (e *ElementAt[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	before := e.index
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		if before > 0 {
			before--
			s.Filtered++
			return nil
		}
		s.Passed++
		if err := down.Push(v); err != nil {
			return err
		}
		return s.Enough(down.Signal)
	}}
}
