package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TryMapper applies a function that can fail to every item, in order. A failed
// item has no output and its error is reported, see [ItemError].
//
//   - Emits: one item for each item whose call succeeds
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The function runs on one goroutine and must not block.
type TryMapper[In, Out any] struct {
	base
	fn func(In) (Out, error)
}

// NewTryMapper makes a TryMapper, named "try-mapper". fn must not be nil.
//
//streamz:stage TryMap
//streamz:example flow.Of("1", "2", "3").TryMap(strconv.Atoi)
//streamz:output [1 2 3]
func NewTryMapper[In, Out any](fn func(In) (Out, error)) *TryMapper[In, Out] {
	m := &TryMapper[In, Out]{name: "try-mapper", fn: fn}
	m.needFunc(fn == nil)
	return m
}

// WithName gives a copy with another name.
func (m *TryMapper[In, Out]) WithName(name string) *TryMapper[In, Out] {
	c := *m
	c.name = name
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (m *TryMapper[In, Out]) OnError(handle func(context.Context, *ItemError)) *TryMapper[In, Out] {
	c := *m
	c.onError(handle)
	return &c
}

// Call does for one item what Process does for each, see [Caller].
func (m *TryMapper[In, Out]) Call(_ context.Context, in In) (out Out, err error) {
	if m.fn == nil {
		return out, m.err()
	}
	return m.fn(in)
}

// Process runs the TryMapper over channels, see [Processor].
func (m *TryMapper[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *TryMapper[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{
		Self: m, Name: m.name, Op: "TryMap", Err: m.err(), Told: m.told,
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Nature: kernel.Stateless, Start: m.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (m *TryMapper[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	fn, push, mark := m.fn, down.Push, s.Mark()
	return kernel.Port[In]{Signal: down.Signal, Push: func(v In) error {
		mark.Enter()
		out, err := fn(v)
		if err != nil {
			return s.Fail(v, err)
		}
		return push(out)
	}}
}
