package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Indexed is an item and its place in the stream, from 0.
type Indexed[T any] struct {
	Index int64
	Item  T
}

// Enumerate numbers the items from 0, in order. Each run counts anew.
//
//   - Emits: each item as an [Indexed]
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type Enumerate[T any] struct {
	base
}

// NewEnumerate makes an Enumerate, named "enumerate".
//
//streamz:stage Enumerate
//streamz:example flow.Of("a", "b").Enumerate()
//streamz:output [{0 a} {1 b}]
func NewEnumerate[T any]() *Enumerate[T] {
	return &Enumerate[T]{name: "enumerate"}
}

// WithName gives a copy with another name.
func (e *Enumerate[T]) WithName(name string) *Enumerate[T] {
	c := *e
	c.name = name
	return &c
}

// Process runs the Enumerate over channels, see [Processor].
func (e *Enumerate[T]) Process(ctx context.Context, in <-chan T) <-chan Indexed[T] {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (e *Enumerate[T]) Kernel() kernel.Spec[T, Indexed[T]] {
	return kernel.Spec[T, Indexed[T]]{
		Self: e, Name: e.name, Op: "Enumerate", Err: e.err(),
		Books: kernel.Mapped, Start: e.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (e *Enumerate[T]) start(_ *kernel.Stage, down kernel.Port[Indexed[T]]) kernel.Port[T] {
	next, push := int64(0), down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		n := next
		next++
		return push(Indexed[T]{n, v})
	}}
}
