package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Flatten emits the elements of every slice, in order: it is [Unbatcher] by another name.
// A nil or empty slice gives nothing. It only reads the slices.
//
//   - Emits: each element of each slice
//   - Holds: one slice
//   - Backpressures: while an element waits for the receiver
//   - Completes: when the input ends, after the last element
//   - Cancels: between two elements; drops the rest of the slice
//
// A method of a flow cannot ask that its items be slices: there it is
// flow.Unbatch(f), or f.FlatMap(slices.Values).
type Flatten[T any] struct {
	base
}

// NewFlatten makes a Flatten, named "flatten".
//
//streamz:stage Flatten
func NewFlatten[T any]() *Flatten[T] {
	return &Flatten[T]{name: "flatten"}
}

// WithName gives a copy with another name.
func (f *Flatten[T]) WithName(name string) *Flatten[T] {
	c := *f
	c.name = name
	return &c
}

// Process runs the Flatten over channels, see [Processor].
func (f *Flatten[T]) Process(ctx context.Context, in <-chan []T) <-chan T {
	return drive(ctx, in, f.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (f *Flatten[T]) Kernel() kernel.Spec[[]T, T] {
	return kernel.Spec[[]T, T]{Self: f, Name: f.name, Op: "Flatten", Err: f.err(), Start: unbatch[T]}
}
