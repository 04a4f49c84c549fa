package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Take passes the first count items, in order, and then ends the stream. With a count of
// 0 it ends at once and reads nothing.
//
//   - Emits: each of the first count items
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: right after the last of them is delivered, or when the input ends
//   - Cancels: drops the item in hand
//
// In a flow the end travels upstream and stops the source. Over bare channels the
// producer learns nothing: it has to watch its context, or the Take needs
// [Take.WithDrain].
type Take[T any] struct {
	base
	count int
	drain bool
}

// NewTake makes a Take, named "take". count must not be negative; with 0 the
// output ends at once and nothing is read.
//
//streamz:stage Take
//streamz:example flow.Range(0, 1_000_000).Take(3)
//streamz:output [0 1 2]
func NewTake[T any](count int) *Take[T] {
	t := &Take[T]{name: "take", count: count}
	if count < 0 {
		t.misuse("count", count, "must not be negative")
	}
	return t
}

// WithName gives a copy with another name.
func (t *Take[T]) WithName(name string) *Take[T] {
	c := *t
	c.name = name
	return &c
}

// WithDrain gives a copy that goes on reading after its last item, discarding what
// comes, until the input ends: for producers over bare channels that would block for
// ever otherwise. In a flow it changes nothing.
func (t *Take[T]) WithDrain() *Take[T] {
	c := *t
	c.drain = true
	return &c
}

// Process runs the Take over channels, see [Processor].
func (t *Take[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *Take[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "Take", Err: t.err(),
		Books: kernel.Selected, Drains: t.drain, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *Take[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	end := func() error { return s.Enough(down.Signal) }
	if t.count == 0 {
		s.OnLead(end)
	}
	left := t.count
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		s.Passed++
		left--
		if err := down.Push(v); err != nil || left > 0 {
			return err
		}
		return end()
	}}
}
