package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ChunkWhile groups neighbours into slices, in order, as long as a predicate says that they
// belong together.
//
//   - Emits: a slice when an item comes that does not belong to it, or when it is full
//   - Holds: one slice and one item
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the last slice
//   - Cancels: drops the items in hand
//
// Every item is in exactly one slice, and no slice is empty. A slice belongs to its receiver.
// It has 1<<20 items at most, or as many as [ChunkWhile.WithMaxSize] says; what is longer comes
// in several. The last slice of a stream that pauses waits for the next item.
//
// The predicate is called with the last item of the slice and the next one, once for each item
// that finds a slice under way, on one goroutine, and must not block.
//
// A barrier sends the slice under way first; a watermark waits until the items before
// it have gone.
type ChunkWhile[T any] struct {
	base
	together func(prev, next T) bool
	size     int
}

// NewChunkWhile makes a ChunkWhile, named "chunk-while". together must not be nil.
//
//streamz:stage ChunkWhile
//streamz:example flow.Of(1, 2, 4, 5, 6, 9).ChunkWhile(func(prev, next int) bool { return next == prev+1 })
//streamz:output [[1 2] [4 5 6] [9]]
//streamz:marble a-b-e-f-g--x----| f.ChunkWhile(func(prev, next string) bool { return next[0] == prev[0]+1 })
func NewChunkWhile[T any](together func(prev, next T) bool) *ChunkWhile[T] {
	c := &ChunkWhile[T]{name: "chunk-while", together: together, size: maxBatch}
	c.needFunc(together == nil)
	return c
}

// WithName gives a copy with another name.
func (c *ChunkWhile[T]) WithName(name string) *ChunkWhile[T] {
	d := *c
	d.name = name
	return &d
}

// WithMaxSize gives a copy whose slices have n items at most. n must be at least 1.
func (c *ChunkWhile[T]) WithMaxSize(n int) *ChunkWhile[T] {
	d := *c
	d.size = n
	d.needSize(n)
	return &d
}

// Process runs the ChunkWhile over channels, see [Processor].
func (c *ChunkWhile[T]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *ChunkWhile[T]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{
		Self: c, Name: c.name, Op: "ChunkWhile", Err: c.err(),
		Calls: kernel.CallsFunc, Start: c.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (c *ChunkWhile[T]) start(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
	r, together, mark := newBatching(s, down, c.size, 0), c.together, s.Mark()
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		last := len(r.items) - 1
		return r.addBy(last < 0 || together(r.items[last], v), v)
	}}
}
