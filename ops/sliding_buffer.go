package ops

import (
	"context"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SlidingBuffer is a queue that never makes its producer wait: when it is full the oldest
// item in it is dropped for the new one. The last item sent is always delivered, and the
// others that are keep their order.
//
//   - Emits: every item that is not dropped, unchanged
//   - Holds: as many items as its size, and the one that waits for the receiver
//   - Backpressures: never
//   - Completes: when the input ends, after what waits
//   - Cancels: drops what waits
//
// What is dropped is counted, see [SlidingBuffer.DroppedCount], and given to the function
// of [SlidingBuffer.OnDrop]. To lose the newest items instead of the oldest there is
// [DroppingBuffer].
//
// Barriers and watermarks are never dropped: one comes when all items sent before it have
// been delivered or dropped. Many barriers that wait for a slow consumer make the producer
// wait as well.
type SlidingBuffer[T any] struct{ lossy[T] }

// NewSlidingBuffer makes a SlidingBuffer, named "sliding-buffer", for size items: from 1 to
// 1<<30.
//
//streamz:stage SlidingBuffer
//streamz:example flow.Range(0, 5).SlidingBuffer(8)
//streamz:output [0 1 2 3 4]
//streamz:marble abcdefgh------| f.SlidingBuffer(2).Call(work)
func NewSlidingBuffer[T any](size int) *SlidingBuffer[T] {
	b := &SlidingBuffer[T]{lossy[T]{
		name: "sliding-buffer", size: size, queue: kernel.Sliding[T], dropped: new(atomic.Int64),
	}}
	b.needSize(1, "must be between 1 and 1<<30")
	return b
}

// WithName gives a copy with another name, which counts for itself.
func (b *SlidingBuffer[T]) WithName(name string) *SlidingBuffer[T] {
	c := *b
	c.setName(name)
	return &c
}

// OnDrop gives a copy that calls told for each item that is dropped, and counts for itself.
// It is called on the producer's goroutine, which waits for it, and must not block.
func (b *SlidingBuffer[T]) OnDrop(told func(T)) *SlidingBuffer[T] {
	c := *b
	c.setOnDrop(told)
	return &c
}

// Process runs the SlidingBuffer over channels, see [Processor].
func (b *SlidingBuffer[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (b *SlidingBuffer[T]) Kernel() kernel.Spec[T, T] { return b.spec(b, "SlidingBuffer") }
