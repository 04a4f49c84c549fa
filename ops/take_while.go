package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TakeWhile passes the items as long as a predicate is true for them, in order, and then
// ends the stream. The first item for which it is false is discarded, or with
// [TakeWhile.WithLast] the last one that passes.
//
//   - Emits: each item before the first for which the predicate is false, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: at the first item for which the predicate is false, or when the input ends
//   - Cancels: drops the item in hand
//
// The predicate is called once an item, on one goroutine, and must not block. An item
// for which it panics, if the stage's policy skips that, does not end the stream.
//
// In a flow the end travels upstream and stops the source. Over bare channels the
// producer learns nothing: it has to watch its context.
type TakeWhile[T any] struct {
	base
	while func(T) bool
	last  bool // passes, too
}

// NewTakeWhile makes a TakeWhile, named "take-while". while must not be nil.
//
//streamz:stage TakeWhile
//streamz:example flow.Of(1, 2, 5, 1).TakeWhile(func(n int) bool { return n < 3 })
//streamz:output [1 2]
//streamz:marble a-b-c-d-e-| f.TakeWhile(func(s string) bool { return s < "d" })
func NewTakeWhile[T any](while func(T) bool) *TakeWhile[T] {
	t := &TakeWhile[T]{name: "take-while", while: while}
	t.needFunc(while == nil)
	return t
}

// WithName gives a copy with another name.
func (t *TakeWhile[T]) WithName(name string) *TakeWhile[T] {
	c := *t
	c.name = name
	return &c
}

// WithLast gives a copy that passes the item at which it ends as well.
func (t *TakeWhile[T]) WithLast() *TakeWhile[T] {
	c := *t
	c.last = true
	return &c
}

// Process runs the TakeWhile over channels, see [Processor].
func (t *TakeWhile[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *TakeWhile[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "TakeWhile", Err: t.err(),
		Calls: kernel.CallsFunc, Books: kernel.Selected, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *TakeWhile[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	while, last, push, mark := t.while, t.last, down.Push, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		if while(v) {
			s.Passed++
			return push(v)
		}
		if !last {
			s.Filtered++
			return s.Enough(down.Signal)
		}
		s.Passed++
		if err := push(v); err != nil {
			return err
		}
		return s.Enough(down.Signal)
	}}
}
