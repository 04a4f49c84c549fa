package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Find passes the first item for which a predicate is true, and then ends the stream. All
// items before it are discarded.
//
//   - Emits: the first item for which the predicate is true, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: right after that item is delivered, or when the input ends
//   - Cancels: drops the item in hand
//
// The predicate is called once an item, on one goroutine, and must not block.
//
// In a flow the end travels upstream and stops the source. Over bare channels the
// producer learns nothing: it has to watch its context.
type Find[T any] struct {
	base
	wanted func(T) bool
}

// NewFind makes a Find, named "find". wanted must not be nil.
//
//streamz:stage Find
//streamz:example flow.Range(0, 1_000_000).Find(func(n int) bool { return n > 0 && n%7 == 0 })
//streamz:output [7]
//streamz:marble a-b-c-d-c-| f.Find(func(s string) bool { return s == "c" })
func NewFind[T any](wanted func(T) bool) *Find[T] {
	f := &Find[T]{name: "find", wanted: wanted}
	f.needFunc(wanted == nil)
	return f
}

// WithName gives a copy with another name.
func (f *Find[T]) WithName(name string) *Find[T] {
	c := *f
	c.name = name
	return &c
}

// Process runs the Find over channels, see [Processor].
func (f *Find[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, f.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (f *Find[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: f, Name: f.name, Op: "Find", Err: f.err(),
		Calls: kernel.CallsFunc, Books: kernel.Selected, Start: f.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (f *Find[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	wanted, mark := f.wanted, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		if !wanted(v) {
			s.Filtered++
			return nil
		}
		s.Passed++
		if err := down.Push(v); err != nil {
			return err
		}
		return s.Enough(down.Signal)
	}}
}
