package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Pairwise emits each item together with the one before it, in order. One item alone gives
// nothing.
//
//   - Emits: a [Pair] of neighbours for each item but the first
//   - Holds: one item and a pair
//   - Backpressures: while a pair waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the items in hand
//
// A barrier passes at once: the item before is remembered, and has been given.
type Pairwise[T any] struct {
	base
}

// NewPairwise makes a Pairwise, named "pairwise".
//
//streamz:stage Pairwise
//streamz:example flow.Of("a", "b", "c").Pairwise()
//streamz:output [{a b} {b c}]
//streamz:marble a--b-c---d--| f.Pairwise()
func NewPairwise[T any]() *Pairwise[T] {
	return &Pairwise[T]{name: "pairwise"}
}

// WithName gives a copy with another name.
func (p *Pairwise[T]) WithName(name string) *Pairwise[T] {
	c := *p
	c.name = name
	return &c
}

// Process runs the Pairwise over channels, see [Processor].
func (p *Pairwise[T]) Process(ctx context.Context, in <-chan T) <-chan Pair[T, T] {
	return drive(ctx, in, p.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (p *Pairwise[T]) Kernel() kernel.Spec[T, Pair[T, T]] {
	return kernel.Spec[T, Pair[T, T]]{Self: p, Name: p.name, Op: "Pairwise", Err: p.err(), Start: p.start}
}

// pairing is the state of one run.
type pairing[T any] struct {
	s    *kernel.Stage
	down kernel.Port[Pair[T, T]]
	last T
	n    int64 // items so far
	over bool  // all of them have been booked
}

func (p *Pairwise[T]) start(s *kernel.Stage, down kernel.Port[Pair[T, T]]) kernel.Port[T] {
	r := &pairing[T]{s: s, down: down}
	s.OnClose(func(error) error {
		if r.n > 0 && !r.over {
			s.Held++
		}
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

// push books the item before as passed: with its second pair all has been given of it.
func (r *pairing[T]) push(v T) error {
	before := r.last
	r.last = v
	r.s.In++
	if r.n++; r.n == 1 {
		return nil
	}
	r.s.Passed++
	r.s.Out++
	return r.down.Push(Pair[T, T]{before, v})
}

func (r *pairing[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End {
		r.end()
	}
	return r.down.Signal(sig)
}

// end books the last item, which no further pair is awaited for.
func (r *pairing[T]) end() {
	r.over = true
	switch r.n {
	case 0:
	case 1:
		r.s.Filtered++
	default:
		r.s.Passed++
	}
}
