package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// FanOut gives every item to several channels, in order, the same value to each.
//
//   - Emits: every item, unchanged, on every output
//   - Holds: one item, and on each output as many as the size of its buffer
//   - Backpressures: until all outputs have taken the item
//   - Completes: when the input ends
//   - Cancels: drops the item in hand, which some outputs may have had
//
// An item is offered to all outputs at once, and the next one is read when all have it: the
// slowest reader sets the pace, and the others are ahead of it by the size of the buffer and
// one more item at most. An output that nobody reads stops all. Items that are in a buffer
// when the context ends may still be received.
//
// It is for those who own their channels.
type FanOut[T any] struct {
	base
	count, size int
}

// NewFanOut makes a FanOut, named "fanout", of count outputs, without buffers. A FanOut of
// none only reads.
func NewFanOut[T any](count int) *FanOut[T] {
	f := &FanOut[T]{name: "fanout", count: count}
	if count < 0 {
		f.misuse("count", count, "must not be negative")
	}
	return f
}

// WithName gives a copy with another name.
func (f *FanOut[T]) WithName(name string) *FanOut[T] {
	c := *f
	c.name = name
	return &c
}

// WithBufferSize gives a copy whose outputs hold size items each. 0 is the default.
func (f *FanOut[T]) WithBufferSize(size int) *FanOut[T] {
	c := *f
	c.size = size
	c.needBuffer(size)
	return &c
}

// Process runs the FanOut over channels, with one goroutine and one more for each output.
// It follows the contract of [Processor], on each output. The result is never nil.
func (f *FanOut[T]) Process(ctx context.Context, in <-chan T) []<-chan T {
	mustRun(ctx, f.name, f.err(), in == nil)
	return kernel.FanOut(newRun(ctx, &bare{}, true), in, f.count, f.size)
}
