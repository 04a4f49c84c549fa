package ops

import (
	"context"
	"iter"

	"github.com/go-streamz/streamz/internal/kernel"
)

// FlatMapMerge turns every item into a sequence and gives the items of several sequences
// as they come: each sequence runs on one of the workers, in its own order, and there is none
// between those of two items. For one sequence after the other there is [FlatMapper].
//
//   - Emits: each item of each sequence
//   - Holds: twice as many items as it has workers, 64 results of each worker, and one that waits
//   - Backpressures: while that is full
//   - Completes: when the input ends, after the last sequence
//   - Cancels: stops the sequences, drops what waits
//
// A sequence gives items, each with nil, or one error, at which it is stopped: the item has
// failed then, see [ItemError], and what was given before stays. So it is when a sequence
// panics. A nil sequence gives nothing.
//
// The function and its sequence may block. Their context ends with the run, or when nobody
// needs more items; they have to return soon after.
//
// A barrier waits for the sequences of the items before it, and keeps the items behind it back.
// A watermark waits for the sequences of the items before it.
type FlatMapMerge[In, Out any] struct {
	base
	workers int
	fn      func(context.Context, In) iter.Seq2[Out, error]
}

// NewFlatMapMerge makes a FlatMapMerge, named "flat-map-merge", that runs up to so many
// sequences at once: from 1 to 1<<16. fn must not be nil.
//
//streamz:stage FlatMapMerge
//streamz:example flow.Of(3).FlatMapMerge(2, func(ctx context.Context, n int) iter.Seq2[int, error] {
//streamz:example 	return func(yield func(int, error) bool) {
//streamz:example 		for i := range n {
//streamz:example 			if !yield(i, ctx.Err()) {
//streamz:example 				return
//streamz:example 			}
//streamz:example 		}
//streamz:example 	}
//streamz:example })
//streamz:output [0 1 2]
//streamz:marble ab--------c---| f.FlatMapMerge(2, echoes)
func NewFlatMapMerge[In, Out any](workers int, fn func(context.Context, In) iter.Seq2[Out, error]) *FlatMapMerge[In, Out] {
	m := &FlatMapMerge[In, Out]{name: "flat-map-merge", workers: workers, fn: fn}
	if workers < 1 || workers > maxStreams {
		m.misuse("workers", workers, "must be between 1 and 1<<16")
	}
	m.needFunc(fn == nil)
	return m
}

const maxStreams = 1 << 16

// WithName gives a copy with another name.
func (m *FlatMapMerge[In, Out]) WithName(name string) *FlatMapMerge[In, Out] {
	c := *m
	c.name = name
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on the goroutine
// of the worker. In a flow the stage's policy decides what happens then, and handle is told
// afterwards.
func (m *FlatMapMerge[In, Out]) OnError(handle func(context.Context, *ItemError)) *FlatMapMerge[In, Out] {
	c := *m
	c.onError(handle)
	return &c
}

// Process runs the FlatMapMerge over channels, see [Processor].
func (m *FlatMapMerge[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows.
func (m *FlatMapMerge[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Staffed(kernel.Spec[In, Out]{
		Self: m, Name: m.name, Op: "FlatMapMerge", Err: m.err(), Told: m.told, Calls: kernel.CallsEmitter, Heeds: true,
	}, kernel.Workers[In, Out]{
		Stream: m.stream, Count: m.workers, Ahead: 2, Order: kernel.Unordered, Single: true,
	})
}

// merging is the state of one worker.
type merging[Out any] struct {
	emit func(Out) error
	err  error // at which the sequence was stopped
}

// stream makes one yield for all sequences of a worker: a loop over each would make its own.
func (m *FlatMapMerge[In, Out]) stream(emit func(Out) error) func(context.Context, In) error {
	r := &merging[Out]{emit: emit}
	yield := r.yield
	return func(ctx context.Context, v In) error {
		r.err = nil
		if seq := m.fn(ctx, v); seq != nil {
			seq(yield)
		}
		return r.err
	}
}

func (r *merging[Out]) yield(v Out, err error) bool {
	switch {
	case r.err != nil:
	case err != nil:
		r.err = err
	default:
		r.err = r.emit(v)
	}
	return r.err == nil
}
