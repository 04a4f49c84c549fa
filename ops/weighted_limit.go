package ops

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/internal/kernel"
)

// WeightedLimit passes the items while their weights sum up to a limit at most, in order, and
// then ends the stream: a [Take] by size, for instance by bytes. With a limit of 0 it ends at
// once and reads nothing.
//
//   - Emits: each item up to the limit
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: at the limit, or at the first item that would exceed it, or when the input ends
//   - Cancels: drops the item in hand
//
// An item that would exceed the limit is discarded, and no smaller one behind it comes in its
// place. The function is called once an item, on one goroutine, and must not block. A negative
// weight is a failure of its item: that has no output, and the error is reported, see [ItemError].
//
// In a flow the end travels upstream and stops the source. Over bare channels the
// producer learns nothing: it has to watch its context, or the WeightedLimit needs
// [WeightedLimit.WithDrain].
type WeightedLimit[T any] struct {
	base
	limit int64
	weigh func(T) int64
	drain bool
}

// NewWeightedLimit makes a WeightedLimit, named "weighted-limit". limit must not be negative, nor
// weigh nil.
//
//streamz:stage TakeWeighted
//streamz:example flow.Of("a", "bb", "ccc", "d").TakeWeighted(4, func(s string) int64 { return int64(len(s)) })
//streamz:output [a bb]
func NewWeightedLimit[T any](limit int64, weigh func(T) int64) *WeightedLimit[T] {
	w := &WeightedLimit[T]{name: "weighted-limit", limit: limit, weigh: weigh}
	if limit < 0 {
		w.misuse("limit", limit, "must not be negative")
	}
	w.needFunc(weigh == nil)
	return w
}

// WithName gives a copy with another name.
func (w *WeightedLimit[T]) WithName(name string) *WeightedLimit[T] {
	c := *w
	c.name = name
	return &c
}

// WithDrain gives a copy that goes on reading after its last item, discarding what
// comes, until the input ends: for producers over bare channels that would block for
// ever otherwise. In a flow it changes nothing.
func (w *WeightedLimit[T]) WithDrain() *WeightedLimit[T] {
	c := *w
	c.drain = true
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (w *WeightedLimit[T]) OnError(handle func(context.Context, *ItemError)) *WeightedLimit[T] {
	c := *w
	c.onError(handle)
	return &c
}

// Process runs the WeightedLimit over channels, see [Processor].
func (w *WeightedLimit[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *WeightedLimit[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: w, Name: w.name, Op: "TakeWeighted", Err: w.err(), Told: w.told,
		Calls: kernel.CallsFunc, Books: kernel.Selected, Drains: w.drain, Start: w.start,
	}
}

//go:noinline // inlined, its closures would no longer inline what they call
func (w *WeightedLimit[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	left, weigh, push, mark := w.limit, w.weigh, down.Push, s.Mark()
	end := func() error { return s.Enough(down.Signal) }
	if left == 0 {
		s.OnLead(end)
	}
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		weight := weigh(v)
		switch {
		case weight < 0:
			return s.Fail(v, negative(weight))
		case weight > left:
			s.Filtered++
			return end()
		}
		s.Passed++
		left -= weight
		if err := push(v); err != nil || left > 0 {
			return err
		}
		return end()
	}}
}

// negative is the failure of an item that weighs less than nothing.
func negative(weight int64) error {
	return fmt.Errorf("the weight must not be negative, got %d", weight)
}
