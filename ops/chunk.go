package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Chunk groups the items into slices of one size, in order. The last one may be shorter.
//
//   - Emits: a slice when it is full
//   - Holds: one slice
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the partial slice
//   - Cancels: drops the partial slice
//
// Every item is in exactly one slice, and no slice is empty. A slice belongs to its
// receiver. It waits for its last item as long as that takes: [Batcher] has a time limit.
//
// A barrier sends the partial slice first; a watermark waits until the items before
// it have gone.
type Chunk[T any] struct {
	base
	size int
}

// NewChunk makes a Chunk, named "chunk", of slices of size items. size must be at least 1.
//
//streamz:stage Chunk
//streamz:example flow.Range(0, 5).Chunk(2)
//streamz:output [[0 1] [2 3] [4]]
//streamz:marble ab---c--d---e---| f.Chunk(2)
func NewChunk[T any](size int) *Chunk[T] {
	c := &Chunk[T]{name: "chunk", size: size}
	if size < 1 {
		c.misuse("size", size, "must be at least 1")
	}
	return c
}

// WithName gives a copy with another name.
func (c *Chunk[T]) WithName(name string) *Chunk[T] {
	d := *c
	d.name = name
	return &d
}

// Process runs the Chunk over channels, see [Processor].
func (c *Chunk[T]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *Chunk[T]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{
		Self: c, Name: c.name, Op: "Chunk", Err: c.err(),
		Start: func(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
			return startBatching(s, down, c.size, 0)
		},
	}
}
