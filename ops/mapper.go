package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Mapper applies a function to every item, in order.
//
//   - Emits: one item for each item
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The function runs on one goroutine and must not block; a function that can fail
// belongs to a [TryMapper].
type Mapper[In, Out any] struct {
	base
	fn func(In) Out
}

// NewMapper makes a Mapper, named "mapper". fn must not be nil.
//
//streamz:stage Map
//streamz:example flow.Of(1, 2, 3).Map(strconv.Itoa)
//streamz:output [1 2 3]
func NewMapper[In, Out any](fn func(In) Out) *Mapper[In, Out] {
	m := &Mapper[In, Out]{name: "mapper", fn: fn}
	m.needFunc(fn == nil)
	return m
}

// WithName gives a copy with another name.
func (m *Mapper[In, Out]) WithName(name string) *Mapper[In, Out] {
	c := *m
	c.name = name
	return &c
}

// Call does for one item what Process does for each, see [Caller].
func (m *Mapper[In, Out]) Call(_ context.Context, in In) (out Out, err error) {
	if m.fn == nil {
		return out, m.err()
	}
	return m.fn(in), nil
}

// Process runs the Mapper over channels, see [Processor].
func (m *Mapper[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *Mapper[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{
		Self: m, Name: m.name, Op: "Map", Err: m.err(),
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Nature: kernel.Stateless, Start: m.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (m *Mapper[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	fn, push, mark := m.fn, down.Push, s.Mark()
	return kernel.Port[In]{Signal: down.Signal, Push: func(v In) error {
		mark.Enter()
		return push(fn(v))
	}}
}
