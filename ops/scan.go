package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Scan folds the items and emits the accumulator after each of them, in order.
//
//   - Emits: one accumulator for each item
//   - Holds: one item and the accumulator
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// Every run begins with the same initial value: if that is a map, a slice or a
// pointer that fn writes through, runs share it, and so do the receivers of all
// accumulators. An item whose call panics leaves the accumulator as it was.
type Scan[T, A any] struct {
	base
	initial A
	fn      func(A, T) A
}

// NewScan makes a Scan, named "scan". fn must not be nil.
//
//streamz:stage Scan
//streamz:example flow.Of(1, 2, 3).Scan(0, func(sum, n int) int { return sum + n })
//streamz:output [1 3 6]
func NewScan[T, A any](initial A, fn func(A, T) A) *Scan[T, A] {
	s := &Scan[T, A]{name: "scan", initial: initial, fn: fn}
	s.needFunc(fn == nil)
	return s
}

// WithName gives a copy with another name.
func (s *Scan[T, A]) WithName(name string) *Scan[T, A] {
	c := *s
	c.name = name
	return &c
}

// Process runs the Scan over channels, see [Processor].
func (s *Scan[T, A]) Process(ctx context.Context, in <-chan T) <-chan A {
	return drive(ctx, in, s.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (s *Scan[T, A]) Kernel() kernel.Spec[T, A] {
	return kernel.Spec[T, A]{
		Self: s, Name: s.name, Op: "Scan", Err: s.err(),
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Start: s.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (s *Scan[T, A]) start(st *kernel.Stage, down kernel.Port[A]) kernel.Port[T] {
	acc, fn, push, mark := s.initial, s.fn, down.Push, st.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		mark.Enter()
		acc = fn(acc, v)
		return push(acc)
	}}
}
