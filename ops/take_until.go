package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TakeUntil passes the items on, in order, until a signal comes, and then ends the stream,
// also if that is idle.
//
//   - Emits: each item that comes before the signal
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: at the signal, after the item in hand, or when the input ends
//   - Cancels: drops the item in hand
//
// The signal is a channel that is closed, or that gives something. It is received from once in
// each run: what is sent ends one run, while a close ends all. The Done channel of a context
// is one. A signal that comes at the same moment as an item goes first, and one
// that came before the run ends it before it has read anything.
//
// In a flow the end travels upstream and stops the source; up to 256 items that wait
// between the two are discarded. Over bare channels the producer learns nothing: it has to
// watch its context, or the TakeUntil needs [TakeUntil.WithDrain].
type TakeUntil[T any] struct {
	base
	signal <-chan struct{}
	drain  bool
}

// NewTakeUntil makes a TakeUntil, named "take-until". signal must not be nil.
//
//streamz:stage TakeUntil
//streamz:example flow.Of("a", "b").TakeUntil(make(chan struct{}))
//streamz:output [a b]
//streamz:marble ab-cd---e---f-------| f.TakeUntil(after(105*time.Millisecond))
func NewTakeUntil[T any](signal <-chan struct{}) *TakeUntil[T] {
	t := &TakeUntil[T]{name: "take-until", signal: signal}
	if signal == nil {
		t.misuse("signal", nil, "must not be nil")
	}
	return t
}

// WithName gives a copy with another name.
func (t *TakeUntil[T]) WithName(name string) *TakeUntil[T] {
	c := *t
	c.name = name
	return &c
}

// WithDrain gives a copy that goes on reading after the signal, discarding what comes,
// until the input ends: for producers over bare channels that would block for ever
// otherwise. In a flow it changes nothing.
func (t *TakeUntil[T]) WithDrain() *TakeUntil[T] {
	c := *t
	c.drain = true
	return &c
}

// Process runs the TakeUntil over channels, see [Processor].
func (t *TakeUntil[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *TakeUntil[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "TakeUntil", Err: t.err(),
		Books: kernel.Selected, Cued: true, Drains: t.drain, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *TakeUntil[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	push, end := down.Push, func() error { return s.Enough(down.Signal) }
	cue := s.Cue(t.signal, end)
	return kernel.Port[T]{
		Push: func(v T) error {
			s.In++
			if cue.Came() {
				s.Filtered++
				cue.Stop()
				return end()
			}
			s.Passed++
			return push(v)
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End {
				cue.Stop()
			}
			return down.Signal(sig)
		},
	}
}
