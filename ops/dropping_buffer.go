package ops

import (
	"context"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DroppingBuffer is a queue that never makes its producer wait: an item that finds it full
// is dropped. The others keep their order.
//
//   - Emits: every item that is not dropped, unchanged
//   - Holds: as many items as its size, and the one that waits for the receiver
//   - Backpressures: never
//   - Completes: when the input ends, after what waits
//   - Cancels: drops what waits
//
// With size 0 an item passes only if the receiver is waiting at that moment. Over channels
// that is the receiver of the output, and nothing is held; in a flow it is the stage
// below, which runs on a goroutine of its own.
//
// What is dropped is counted, see [DroppingBuffer.DroppedCount], and given to the function
// of [DroppingBuffer.OnDrop]. To lose the oldest items instead of the newest there is
// [SlidingBuffer].
type DroppingBuffer[T any] struct{ lossy[T] }

// NewDroppingBuffer makes a DroppingBuffer, named "dropping-buffer", for size items: from 0
// to 1<<30.
//
//streamz:stage DroppingBuffer
//streamz:example flow.Range(0, 5).DroppingBuffer(8)
//streamz:output [0 1 2 3 4]
//streamz:marble abcdefgh------| f.DroppingBuffer(2).Call(work)
func NewDroppingBuffer[T any](size int) *DroppingBuffer[T] {
	b := &DroppingBuffer[T]{lossy[T]{
		name: "dropping-buffer", size: size, queue: kernel.Dropping[T], dropped: new(atomic.Int64),
	}}
	b.needSize(0, "must be between 0 and 1<<30")
	return b
}

// WithName gives a copy with another name, which counts for itself.
func (b *DroppingBuffer[T]) WithName(name string) *DroppingBuffer[T] {
	c := *b
	c.setName(name)
	return &c
}

// OnDrop gives a copy that calls told for each item that is dropped, and counts for itself.
// It is called on the producer's goroutine, which waits for it, and must not block.
func (b *DroppingBuffer[T]) OnDrop(told func(T)) *DroppingBuffer[T] {
	c := *b
	c.setOnDrop(told)
	return &c
}

// Process runs the DroppingBuffer over channels, see [Processor].
func (b *DroppingBuffer[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (b *DroppingBuffer[T]) Kernel() kernel.Spec[T, T] { return b.spec(b, "DroppingBuffer") }
