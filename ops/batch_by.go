package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// BatchBy groups neighbours of the same key into slices, in order: an item of another key
// begins a new slice, also where there was one of that key before.
//
//   - Emits: a slice when an item of another key comes, or when it is full
//   - Holds: one slice and one item
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the last slice
//   - Cancels: drops the items in hand
//
// Every item is in exactly one slice, and no slice is empty. A slice belongs to its receiver.
// It has 1<<20 items at most, or as many as [BatchBy.WithMaxSize] says; what is longer comes in
// several. The last slice of a stream that pauses waits for the next item.
//
// The function is called once an item, on one goroutine, and must not block.
//
// A barrier sends the slice under way first; a watermark waits until the items before
// it have gone.
type BatchBy[T any, K comparable] struct {
	base
	key  func(T) K
	size int
}

// NewBatchBy makes a BatchBy, named "batch-by". key must not be nil.
//
//streamz:stage BatchBy
//streamz:example flow.Of("ant", "ape", "bee", "asp").BatchBy(func(s string) byte { return s[0] })
//streamz:output [[ant ape] [bee] [asp]]
//streamz:marble a-b-x-y-z--c--d-| f.BatchBy(func(s string) bool { return s < "n" })
func NewBatchBy[T any, K comparable](key func(T) K) *BatchBy[T, K] {
	b := &BatchBy[T, K]{name: "batch-by", key: key, size: maxBatch}
	b.needFunc(key == nil)
	return b
}

// WithName gives a copy with another name.
func (b *BatchBy[T, K]) WithName(name string) *BatchBy[T, K] {
	c := *b
	c.name = name
	return &c
}

// WithMaxSize gives a copy whose slices have n items at most. n must be at least 1.
func (b *BatchBy[T, K]) WithMaxSize(n int) *BatchBy[T, K] {
	c := *b
	c.size = n
	c.needSize(n)
	return &c
}

// Process runs the BatchBy over channels, see [Processor].
func (b *BatchBy[T, K]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (b *BatchBy[T, K]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{
		Self: b, Name: b.name, Op: "BatchBy", Err: b.err(),
		Calls: kernel.CallsFunc, Start: b.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (b *BatchBy[T, K]) start(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
	r, key, mark := newBatching(s, down, b.size, 0), b.key, s.Mark()
	var last K
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		k := key(v)
		together := k == last
		last = k
		return r.addBy(together, v)
	}}
}
