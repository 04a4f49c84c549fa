package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Call applies a function that may block and can fail to every item, one at a time, in
// order. A failed item has no output and its error is reported, see [ItemError].
//
//   - Emits: one item for each item whose call succeeds
//   - Holds: one item
//   - Backpressures: while a call runs, and while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand when its call has returned
//
// The function runs on one goroutine. Its context ends with the run, or when nobody
// needs more items; it has to return soon after, and what it returns then is no failure.
// In a flow no timer waits for it.
type Call[In, Out any] struct {
	base
	fn func(context.Context, In) (Out, error)
}

// NewCall makes a Call, named "call". fn must not be nil.
//
//streamz:stage Call
//streamz:example flow.Of("a", "b").Call(func(ctx context.Context, s string) (string, error) { return s + "!", ctx.Err() })
//streamz:output [a! b!]
func NewCall[In, Out any](fn func(context.Context, In) (Out, error)) *Call[In, Out] {
	c := &Call[In, Out]{name: "call", fn: fn}
	c.needFunc(fn == nil)
	return c
}

// WithName gives a copy with another name.
func (c *Call[In, Out]) WithName(name string) *Call[In, Out] {
	d := *c
	d.name = name
	return &d
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (c *Call[In, Out]) OnError(handle func(context.Context, *ItemError)) *Call[In, Out] {
	d := *c
	d.onError(handle)
	return &d
}

// Call does for one item what Process does for each, see [Caller].
func (c *Call[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	if c.fn == nil {
		return out, c.err()
	}
	return c.fn(ctx, in)
}

// Process runs the Call over channels, see [Processor].
func (c *Call[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *Call[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{
		Self: c, Name: c.name, Op: "Call", Err: c.err(), Told: c.told,
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Heeds: true, Blocks: true, Nature: kernel.Stateless, Start: c.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (c *Call[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	fn, push, mark := c.fn, down.Push, s.Mark()
	return kernel.Port[In]{Signal: down.Signal, Push: func(v In) error {
		mark.Enter()
		out, err := fn(s.Context(), v)
		if err != nil {
			return s.Fail(v, err)
		}
		if err := s.Ended(); err != nil { // while it ran
			return err
		}
		return push(out)
	}}
}
