package ops

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TakeLast passes the last count items, in order, when the input has ended. All before them
// are discarded. With a count of 0 it ends at once and reads nothing.
//
//   - Emits: each of the last count items, unchanged, at the end
//   - Holds: count items
//   - Backpressures: while an item waits for the receiver, at the end
//   - Completes: when the input ends, after the last of them
//   - Cancels: drops what it holds
//
// Room for the items grows as they come.
//
// A barrier or a watermark waits until the items before it have been discarded or have
// gone: at the end, if fewer than count items come behind it.
type TakeLast[T any] struct {
	base
	count int
}

// NewTakeLast makes a TakeLast, named "take-last". count must not be negative; with 0 the
// output ends at once and nothing is read.
//
//streamz:stage TakeLast
//streamz:example flow.Range(0, 1000).TakeLast(3)
//streamz:output [997 998 999]
//streamz:marble a-b-c-d-e-| f.TakeLast(2)
func NewTakeLast[T any](count int) *TakeLast[T] {
	t := &TakeLast[T]{name: "take-last", count: count}
	if count < 0 {
		t.misuse("count", count, "must not be negative")
	}
	return t
}

// WithName gives a copy with another name.
func (t *TakeLast[T]) WithName(name string) *TakeLast[T] {
	c := *t
	c.name = name
	return &c
}

// Process runs the TakeLast over channels, see [Processor].
func (t *TakeLast[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *TakeLast[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "TakeLast", Err: t.err(),
		Start: t.start,
	}
}

// lasting is the state of one run.
type lasting[T any] struct {
	s       *kernel.Stage
	down    kernel.Port[T]
	count   int
	items   []T // the newest; once there are count of them, the oldest is at
	oldest  int
	came    int64
	waiting []behind
}

// behind is a signal that waits for the items before it, so many as came until then.
type behind struct {
	items int64
	sig   kernel.Signal
}

func (t *TakeLast[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &lasting[T]{s: s, down: down, count: t.count}
	if t.count == 0 {
		s.OnLead(func() error { return s.Enough(down.Signal) })
	}
	s.OnClose(func(error) error {
		s.Held += int64(len(r.items))
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *lasting[T]) push(v T) error {
	r.s.In++
	r.came++
	if len(r.items) < r.count {
		r.items = append(r.items, v)
		return nil
	}
	r.items[r.oldest] = v
	if r.oldest++; r.oldest == r.count {
		r.oldest = 0
	}
	r.s.Filtered++
	return r.pass()
}

// pass hands on the signals whose items have all left the stage.
func (r *lasting[T]) pass() error {
	for len(r.waiting) > 0 && r.waiting[0].items <= r.came-int64(len(r.items)) {
		sig := r.waiting[0].sig
		r.waiting = r.waiting[1:]
		if err := r.down.Signal(sig); err != nil {
			return err
		}
	}
	return nil
}

// signal lets a Flush pass: what is held cannot be emitted before the end.
func (r *lasting[T]) signal(sig kernel.Signal) error {
	switch {
	case sig.Kind == kernel.End:
		if err := r.emit(); err != nil {
			return err
		}
	case sig.Kind != kernel.Flush && len(r.items) > 0:
		r.await(sig)
		return nil
	}
	return r.down.Signal(sig)
}

// await keeps a signal. Of two watermarks in a row the later one says it all; how many
// barriers there can be is up to the source, which waits for them.
func (r *lasting[T]) await(sig kernel.Signal) {
	next := behind{r.came, sig}
	if last := len(r.waiting) - 1; last >= 0 && sig.Kind == kernel.Watermark && r.waiting[last].sig.Kind == kernel.Watermark {
		r.waiting[last] = behind{r.came, sig.With(r.waiting[last].sig)}
		return
	}
	r.waiting = append(r.waiting, next)
}

// emit emits what is held, the oldest first, and each signal behind its items.
func (r *lasting[T]) emit() error {
	slices.Reverse(r.items[:r.oldest])
	slices.Reverse(r.items[r.oldest:])
	slices.Reverse(r.items)
	for len(r.items) > 0 {
		if err := r.s.Next(); err != nil {
			return err
		}
		v := r.items[0]
		r.items = r.items[1:]
		r.s.Passed++
		if err := r.down.Push(v); err != nil {
			return err
		}
		if err := r.pass(); err != nil {
			return err
		}
	}
	return nil
}
