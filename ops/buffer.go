package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

const maxBuffer = 1 << 30

// Buffer lets the producer run ahead of the consumer by some items, which wait in a queue,
// in order.
//
//   - Emits: every item, unchanged
//   - Holds: as many items as its size, and the one that waits for the receiver
//   - Backpressures: while the queue is full
//   - Completes: when the input ends, after what waits
//   - Cancels: drops what waits
//
// Room for all of the items is allocated when a run begins. A Buffer of size 0 hands each
// item over and has no queue.
//
// In a flow the stages above it and those below it run on two goroutines; items that
// still wait when the run ends count as queued behind the stage. [Buffer.Stats] tells how
// full it is.
type Buffer[T any] struct {
	base
	size  int
	fills *kernel.Fills // of this value, not of the copies that options make
}

// BufferStats says how full the queues of a [Buffer] are, in all of its runs that go on.
type BufferStats struct {
	Len int // items that wait
	Cap int // items that can
}

// NewBuffer makes a Buffer, named "buffer", for size items: from 0 to 1<<30.
//
//streamz:stage Buffer
//streamz:example flow.Range(0, 5).Buffer(2)
//streamz:output [0 1 2 3 4]
//streamz:marble abcdefgh------| f.Buffer(2).Call(work)
func NewBuffer[T any](size int) *Buffer[T] {
	b := &Buffer[T]{name: "buffer", size: size, fills: new(kernel.Fills)}
	if size < 0 || size > maxBuffer {
		b.misuse("size", size, "must be between 0 and 1<<30")
	}
	return b
}

// WithName gives a copy with another name, and with Stats of its own.
func (b *Buffer[T]) WithName(name string) *Buffer[T] {
	c := *b
	c.name, c.fills = name, new(kernel.Fills)
	return &c
}

// Stats adds up the runs that go on; without one nothing waits and the Cap is the size.
// An item that is on its way to the consumer may still count as waiting. Stats may be
// called at any time, by anybody.
func (b *Buffer[T]) Stats() BufferStats {
	if b.fills == nil { // not made by its constructor
		return BufferStats{}
	}
	items, size, queues := b.fills.Sum()
	if queues == 0 {
		return BufferStats{Cap: b.size}
	}
	return BufferStats{Len: int(items), Cap: int(size)}
}

// Process runs the Buffer over channels, see [Processor].
func (b *Buffer[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (b *Buffer[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: b, Name: b.name, Op: "Buffer", Err: b.err(), Connect: b.connect}
}

func (b *Buffer[T]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
	if b.size > 0 {
		seg, down = kernel.Boundary(seg, b.size, down)
	}
	return kernel.Attach(seg, site, kernel.Spec[T, T]{
		Name: b.name, Op: "Buffer", Books: kernel.Mapped, Start: b.start,
	}, down)
}

// start has nothing to do for an item: the queue is the boundary's.
func (b *Buffer[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	if b.size > 0 {
		b.fills.Watch(s, down)
	}
	return down
}
