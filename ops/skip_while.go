package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SkipWhile discards the items as long as a predicate is true for them, and passes the
// first for which it is false and all that follow, in order.
//
//   - Emits: each item from the first for which the predicate is false, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The predicate is called once for each item that is discarded and for the first that is
// not, on one goroutine, and must not block.
type SkipWhile[T any] struct {
	base
	while func(T) bool
}

// NewSkipWhile makes a SkipWhile, named "skip-while". while must not be nil.
//
//streamz:stage SkipWhile
//streamz:example flow.Of(1, 2, 5, 1).SkipWhile(func(n int) bool { return n < 3 })
//streamz:output [5 1]
//streamz:marble a-b-c-d-a-| f.SkipWhile(func(s string) bool { return s < "c" })
func NewSkipWhile[T any](while func(T) bool) *SkipWhile[T] {
	s := &SkipWhile[T]{name: "skip-while", while: while}
	s.needFunc(while == nil)
	return s
}

// WithName gives a copy with another name.
func (s *SkipWhile[T]) WithName(name string) *SkipWhile[T] {
	c := *s
	c.name = name
	return &c
}

// Process runs the SkipWhile over channels, see [Processor].
func (s *SkipWhile[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, s.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (s *SkipWhile[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: s, Name: s.name, Op: "SkipWhile", Err: s.err(),
		Calls: kernel.CallsFunc, Books: kernel.Selected, Start: s.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (s *SkipWhile[T]) start(st *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	while, push, mark, skipping := s.while, down.Push, st.Mark(), true
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		st.In++
		if skipping {
			mark.Enter()
			if while(v) {
				st.Filtered++
				return nil
			}
			skipping = false
		}
		st.Passed++
		return push(v)
	}}
}
