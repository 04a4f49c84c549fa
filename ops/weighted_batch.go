package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// WeightedBatch groups the items into slices whose weights sum up to a limit at most, in
// order: a [Batcher] by size, for instance by bytes. An item that weighs more than the limit
// comes alone.
//
//   - Emits: a slice at the limit, or before an item that would exceed it, or so long after the first of its items
//   - Holds: one slice and one item
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the partial slice
//   - Cancels: drops the items in hand
//
// Every item is in exactly one slice, and no slice is empty. A slice belongs to its receiver.
// The time limit starts with the slice's own first item; 0 means that only the weight counts.
// A slice has 1<<20 items at most, also if they weigh nothing, or as many as
// [WeightedBatch.WithMaxSize] says.
//
// The function is called once an item, on one goroutine, and must not block. A negative weight
// is a failure of its item: that has no output, and the error is reported, see [ItemError].
//
// A barrier sends the partial slice first; a watermark waits until the items before
// it have gone.
type WeightedBatch[T any] struct {
	base
	limit   int64
	weigh   func(T) int64
	latency time.Duration
	size    int
	clk     Clock
}

// NewWeightedBatch makes a WeightedBatch, named "weighted-batch". limit must be at least 1, weigh
// must not be nil, nor wait, the time limit, negative. The clock is optional; without it the
// WeightedBatch takes the clock of the run, or the real one.
//
//streamz:stage BatchWeighted
//streamz:example flow.Of("a", "bb", "cc", "dddddd", "e").BatchWeighted(4, func(s string) int64 { return int64(len(s)) }, 0)
//streamz:output [[a bb] [cc] [dddddd] [e]]
//streamz:marble abacd---a-a-----| f.BatchWeighted(4, func(s string) int64 { return int64(s[0]-'a') + 1 }, 50*time.Millisecond)
func NewWeightedBatch[T any](limit int64, weigh func(T) int64, wait time.Duration, clk ...Clock) *WeightedBatch[T] {
	b := &WeightedBatch[T]{name: "weighted-batch", limit: limit, weigh: weigh, latency: wait, size: maxBatch}
	b.clk = b.oneClock(clk)
	if limit < 1 {
		b.misuse("limit", limit, "must be at least 1")
	}
	b.needFunc(weigh == nil)
	if wait < 0 {
		b.misuse("wait", wait, "must not be negative")
	}
	return b
}

// WithName gives a copy with another name.
func (b *WeightedBatch[T]) WithName(name string) *WeightedBatch[T] {
	c := *b
	c.name = name
	return &c
}

// WithMaxSize gives a copy whose slices have n items at most, whatever they weigh. n must be at
// least 1.
func (b *WeightedBatch[T]) WithMaxSize(n int) *WeightedBatch[T] {
	c := *b
	c.size = n
	c.needSize(n)
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (b *WeightedBatch[T]) OnError(handle func(context.Context, *ItemError)) *WeightedBatch[T] {
	c := *b
	c.onError(handle)
	return &c
}

// Process runs the WeightedBatch over channels, see [Processor].
func (b *WeightedBatch[T]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (b *WeightedBatch[T]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{
		Self: b, Name: b.name, Op: "BatchWeighted", Err: b.err(), Told: b.told,
		Calls: kernel.CallsFunc, Timed: b.latency > 0, Clock: b.clk, Start: b.start,
	}
}

// weighing is the state of one run.
type weighing[T any] struct {
	*batching[T]
	weigh func(T) int64
	place kernel.Mark
	limit int64
	sum   int64 // of the slice under way, if there is one
}

func (b *WeightedBatch[T]) start(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
	r := &weighing[T]{newBatching(s, down, b.size, b.latency), b.weigh, s.Mark(), b.limit, 0}
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *weighing[T]) push(v T) error {
	r.s.In++
	r.place.Enter()
	weight := r.weigh(v)
	if weight < 0 {
		return r.s.Fail(v, negative(weight))
	}
	if len(r.items) == 0 {
		r.sum = 0
	}
	together := weight <= r.limit-r.sum
	if !together {
		r.sum = 0
	}
	r.sum += weight
	if err := r.addBy(together, v); err != nil || r.sum < r.limit {
		return err
	}
	return r.flush()
}
