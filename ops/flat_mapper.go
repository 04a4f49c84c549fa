package ops

import (
	"context"
	"iter"

	"github.com/go-streamz/streamz/internal/kernel"
)

// FlatMapper turns every item into any number of items, in order.
//
//   - Emits: each item of the sequence that the function gives for an item
//   - Holds: one item and its sequence
//   - Backpressures: while an item of the sequence waits for the receiver
//   - Completes: when the input ends, after the last sequence
//   - Cancels: stops the sequence, drops the rest of it
//
// The function and the sequence run on one goroutine and may block. A nil sequence
// gives nothing. If the sequence panics, what it has given before stays.
type FlatMapper[In, Out any] struct {
	base
	fn func(In) iter.Seq[Out]
}

// NewFlatMapper makes a FlatMapper, named "flat-mapper". fn must not be nil.
//
//streamz:stage FlatMap
//streamz:example flow.Of("a b", "c").FlatMap(strings.FieldsSeq)
//streamz:output [a b c]
func NewFlatMapper[In, Out any](fn func(In) iter.Seq[Out]) *FlatMapper[In, Out] {
	m := &FlatMapper[In, Out]{name: "flat-mapper", fn: fn}
	m.needFunc(fn == nil)
	return m
}

// WithName gives a copy with another name.
func (m *FlatMapper[In, Out]) WithName(name string) *FlatMapper[In, Out] {
	c := *m
	c.name = name
	return &c
}

// Process runs the FlatMapper over channels, see [Processor].
func (m *FlatMapper[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *FlatMapper[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{
		Self: m, Name: m.name, Op: "FlatMap", Err: m.err(),
		Calls: kernel.CallsEmitter, Blocks: true, Nature: kernel.Stateless, Start: m.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (m *FlatMapper[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	fn, push := m.fn, down.Push
	// One yield for the run: a loop over the sequence would make one for each item.
	yield := func(out Out) bool { return push(out) == nil }
	return kernel.Port[In]{Signal: down.Signal, Push: func(v In) error {
		s.Hold()
		if seq := fn(v); seq != nil {
			seq(yield)
		}
		return s.Release()
	}}
}
