package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DefaultIfEmpty passes the items on, in order, and emits a value of its own if the input
// ends without one.
//
//   - Emits: each item, the same value; at the end of an empty input the default
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends, after the default if there was no item
//   - Cancels: drops the item in hand; there is no default then
//
// All runs, and all their receivers, get the same default.
type DefaultIfEmpty[T any] struct {
	base
	value T
}

// NewDefaultIfEmpty makes a DefaultIfEmpty, named "default-if-empty", whose default is value.
//
//streamz:stage DefaultIfEmpty
//streamz:example flow.Empty[string]().DefaultIfEmpty("none")
//streamz:output [none]
//streamz:marble -------| f.DefaultIfEmpty("x")
func NewDefaultIfEmpty[T any](value T) *DefaultIfEmpty[T] {
	return &DefaultIfEmpty[T]{name: "default-if-empty", value: value}
}

// WithName gives a copy with another name.
func (d *DefaultIfEmpty[T]) WithName(name string) *DefaultIfEmpty[T] {
	c := *d
	c.name = name
	return &c
}

// Process runs the DefaultIfEmpty over channels, see [Processor].
func (d *DefaultIfEmpty[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, d.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (d *DefaultIfEmpty[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: d, Name: d.name, Op: "DefaultIfEmpty", Err: d.err(),
		Start: d.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (d *DefaultIfEmpty[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	push, empty := down.Push, true
	return kernel.Port[T]{
		Push: func(v T) error {
			empty = false
			s.In++
			s.Passed++
			s.Out++
			return push(v)
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End && empty {
				if err := s.Next(); err != nil {
					return err
				}
				if err := push(d.value); err != nil {
					return err
				}
			}
			return down.Signal(sig)
		},
	}
}
