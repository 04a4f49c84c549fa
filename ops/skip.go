package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Skip discards the first count items and passes the rest, in order.
//
//   - Emits: each item after the first count
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type Skip[T any] struct {
	base
	count int
}

// NewSkip makes a Skip, named "skip". count must not be negative; with 0 every
// item passes.
//
//streamz:stage Skip
//streamz:example flow.Of("a", "b", "c").Skip(1)
//streamz:output [b c]
func NewSkip[T any](count int) *Skip[T] {
	s := &Skip[T]{name: "skip", count: count}
	if count < 0 {
		s.misuse("count", count, "must not be negative")
	}
	return s
}

// WithName gives a copy with another name.
func (s *Skip[T]) WithName(name string) *Skip[T] {
	c := *s
	c.name = name
	return &c
}

// Process runs the Skip over channels, see [Processor].
func (s *Skip[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, s.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (s *Skip[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: s, Name: s.name, Op: "Skip", Err: s.err(), Books: kernel.Selected, Start: s.start}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (s *Skip[T]) start(st *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	left, push := s.count, down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		st.In++
		if left > 0 {
			left--
			st.Filtered++
			return nil
		}
		st.Passed++
		return push(v)
	}}
}
