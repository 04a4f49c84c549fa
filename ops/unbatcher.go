package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Unbatcher emits the elements of every slice, in order. A nil or empty slice
// gives nothing. It only reads the slices.
//
//   - Emits: each element of each slice
//   - Holds: one slice
//   - Backpressures: while an element waits for the receiver
//   - Completes: when the input ends, after the last element
//   - Cancels: between two elements; drops the rest of the slice
//
// A method of a flow cannot ask that its items be slices: there it is
// flow.Unbatch(f), or f.FlatMap(slices.Values). [Flatten] is the same by another name.
type Unbatcher[T any] struct {
	base
}

// NewUnbatcher makes an Unbatcher, named "unbatcher".
//
//streamz:stage Unbatch
func NewUnbatcher[T any]() *Unbatcher[T] {
	return &Unbatcher[T]{name: "unbatcher"}
}

// WithName gives a copy with another name.
func (u *Unbatcher[T]) WithName(name string) *Unbatcher[T] {
	c := *u
	c.name = name
	return &c
}

// Process runs the Unbatcher over channels, see [Processor].
func (u *Unbatcher[T]) Process(ctx context.Context, in <-chan []T) <-chan T {
	return drive(ctx, in, u.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (u *Unbatcher[T]) Kernel() kernel.Spec[[]T, T] {
	return kernel.Spec[[]T, T]{Self: u, Name: u.name, Op: "Unbatch", Err: u.err(), Start: unbatch[T]}
}

// unbatch is what a stage does that emits the elements of slices.
//
//go:noinline // inlined, its closure would no longer inline what it calls
func unbatch[T any](s *kernel.Stage, down kernel.Port[T]) kernel.Port[[]T] {
	push := down.Push
	return kernel.Port[[]T]{Signal: down.Signal, Push: func(batch []T) error {
		s.Hold()
		for _, v := range batch {
			if err := s.Next(); err != nil {
				return err
			}
			if err := push(v); err != nil {
				return err
			}
		}
		return s.Release()
	}}
}
