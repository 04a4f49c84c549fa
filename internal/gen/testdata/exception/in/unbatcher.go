package ops

import "context"

// Unbatcher emits the elements of every slice.
//
//   - Emits: each element
//   - Holds: one slice
//   - Backpressures: while an element waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the rest of the slice
type Unbatcher[T any] struct{}

// NewUnbatcher makes an Unbatcher.
//
//streamz:stage Unbatch
func NewUnbatcher[T any]() *Unbatcher[T] { return &Unbatcher[T]{} }

// Process runs the Unbatcher over channels.
func (u *Unbatcher[T]) Process(ctx context.Context, in <-chan []T) <-chan T { return nil }

// Name is "unbatcher".
func (u *Unbatcher[T]) Name() string { return "unbatcher" }

// ProcessorFunc is an adapter, no processor of the package.
type ProcessorFunc[In, Out any] func(ctx context.Context, in <-chan In) <-chan Out

// Process calls the function.
func (f ProcessorFunc[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return f(ctx, in)
}
