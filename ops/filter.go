package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Filter keeps the items for which a predicate is true, in order.
//
//   - Emits: each item that is kept, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The predicate is called once an item, on one goroutine, and must not block.
type Filter[T any] struct {
	base
	keep func(T) bool
}

// NewFilter makes a Filter, named "filter". keep must not be nil.
//
//streamz:stage Filter
//streamz:example flow.Range(0, 6).Filter(func(n int) bool { return n%2 == 0 })
//streamz:output [0 2 4]
func NewFilter[T any](keep func(T) bool) *Filter[T] {
	f := &Filter[T]{name: "filter", keep: keep}
	f.needFunc(keep == nil)
	return f
}

// WithName gives a copy with another name.
func (f *Filter[T]) WithName(name string) *Filter[T] {
	c := *f
	c.name = name
	return &c
}

// Call gives the item, or [ErrFiltered] if it is not kept, see [Caller].
func (f *Filter[T]) Call(_ context.Context, in T) (out T, err error) {
	switch {
	case f.keep == nil:
		return out, f.err()
	case !f.keep(in):
		return out, ErrFiltered
	}
	return in, nil
}

// Process runs the Filter over channels, see [Processor].
func (f *Filter[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, f.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (f *Filter[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: f, Name: f.name, Op: "Filter", Err: f.err(),
		Calls: kernel.CallsFunc, Books: kernel.Selected, Nature: kernel.Stateless, Start: f.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (f *Filter[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	keep, push, mark := f.keep, down.Push, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		if !keep(v) {
			s.Filtered++
			return nil
		}
		s.Passed++
		return push(v)
	}}
}
