package ops

import (
	"context"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Split gives every item on one of two channels, as a predicate says, in order on each.
//
//   - Emits: every item, unchanged, on one of the outputs
//   - Holds: one item, and on each output as many as the size of its buffer
//   - Backpressures: while its item waits for the receiver of its output
//   - Completes: when the input ends, both outputs
//   - Cancels: drops the item in hand
//
// Both outputs must be read: one that is not blocks the other when its buffer is full. Items
// that are in a buffer when the context ends may still be received.
//
// The predicate is called once an item, on one goroutine, and must not block.
//
// It is for those who own their channels. For flows there is [Switch].
type Split[T any] struct {
	base
	predicate func(T) bool
	size      int

	given *[2]atomic.Int64 // to false and true, of this value, not of the copies that options make
}

// SplitOutput is what comes out of a [Split].
type SplitOutput[T any] struct{ True, False <-chan T }

// NewSplit makes a Split, named "split", whose outputs have no buffers. predicate must not be
// nil.
func NewSplit[T any](predicate func(T) bool) *Split[T] {
	s := &Split[T]{name: "split", predicate: predicate, given: new([2]atomic.Int64)}
	s.needFunc(predicate == nil)
	return s
}

// WithName gives a copy with another name, which counts for itself.
func (s *Split[T]) WithName(name string) *Split[T] {
	c := *s
	c.name, c.given = name, new([2]atomic.Int64)
	return &c
}

// WithBufferSize gives a copy whose outputs hold size items each, and which counts for itself.
// 0 is the default.
func (s *Split[T]) WithBufferSize(size int) *Split[T] {
	c := *s
	c.size, c.given = size, new([2]atomic.Int64)
	c.needBuffer(size)
	return &c
}

// Process runs the Split over channels, with one goroutine. It follows the contract of
// [Processor], on each output.
func (s *Split[T]) Process(ctx context.Context, in <-chan T) SplitOutput[T] {
	outs := scatter(ctx, in, 2, s.size, kernel.Spec[T, kernel.Sent[T]]{
		Name: s.name, Op: "Split", Err: s.err(), Calls: kernel.CallsFunc, Books: kernel.Selected, Start: s.start,
	})
	return SplitOutput[T]{True: outs[1], False: outs[0]}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (s *Split[T]) start(stage *kernel.Stage, down kernel.Port[kernel.Sent[T]]) kernel.Port[T] {
	predicate, push, mark := s.predicate, down.Push, stage.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		stage.In++
		mark.Enter()
		to := 0
		if predicate(v) {
			to = 1
		}
		stage.Passed++
		if err := push(kernel.Sent[T]{To: to, Item: v}); err != nil {
			return err
		}
		s.given[to].Add(1)
		return nil
	}}
}

// SplitStats is what a Split has given to its outputs, in all runs. The ratios are from 0 to
// 1, and both 0 before the first item.
type SplitStats struct {
	TotalItems, TrueCount, FalseCount int64
	TrueRatio, FalseRatio             float64
}

// Stats gives the statistics so far. It may be called at any time, by anybody.
func (s *Split[T]) Stats() SplitStats {
	if s.given == nil { // not made by its constructor
		return SplitStats{}
	}
	no, yes := s.given[0].Load(), s.given[1].Load()
	return SplitStats{
		TotalItems: no + yes, TrueCount: yes, FalseCount: no,
		TrueRatio: share(yes, no+yes), FalseRatio: share(no, no+yes),
	}
}
