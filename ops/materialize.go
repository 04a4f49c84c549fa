package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Notification is an item, or the end of a stream.
type Notification[T any] struct {
	Item T    // the zero value at the end
	End  bool // the input has ended, and nothing follows
}

// Materialize makes the end of the stream an item, behind all others, in order. What reads
// the stream in another place, as behind a Merge or over a network, so knows that it is
// complete and not cut off.
//
//   - Emits: each item as a [Notification], and one for the end
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends, after the Notification of that
//   - Cancels: drops the item in hand
//
// There is no Notification of a failure, which ends the run, or skips one item: it has its own
// ways to those who have to know.
type Materialize[T any] struct {
	base
}

// NewMaterialize makes a Materialize, named "materialize".
//
//streamz:stage Materialize
//streamz:example flow.Of("a", "b").Materialize()
//streamz:output [{a false} {b false} { true}]
func NewMaterialize[T any]() *Materialize[T] {
	return &Materialize[T]{name: "materialize"}
}

// WithName gives a copy with another name.
func (m *Materialize[T]) WithName(name string) *Materialize[T] {
	c := *m
	c.name = name
	return &c
}

// Process runs the Materialize over channels, see [Processor].
func (m *Materialize[T]) Process(ctx context.Context, in <-chan T) <-chan Notification[T] {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *Materialize[T]) Kernel() kernel.Spec[T, Notification[T]] {
	return kernel.Spec[T, Notification[T]]{Self: m, Name: m.name, Op: "Materialize", Err: m.err(), Start: m.start}
}

//go:noinline // inlined, its closures would no longer inline what they call
func (m *Materialize[T]) start(s *kernel.Stage, down kernel.Port[Notification[T]]) kernel.Port[T] {
	push := down.Push
	return kernel.Port[T]{
		Push: func(v T) error {
			s.In++
			s.Passed++
			s.Out++
			return push(Notification[T]{Item: v})
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End {
				s.Out++
				if err := push(Notification[T]{End: true}); err != nil {
					return err
				}
			}
			return down.Signal(sig)
		},
	}
}
