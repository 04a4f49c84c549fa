package ops

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SlidingCount emits slices of n items in order, which overlap: each begins a number of
// items, the step, after the one before. With a step above n there are gaps, whose items are
// discarded.
//
//   - Emits: a slice of n with the last of its items
//   - Holds: n items
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the items in hand
//
// Every slice is full, unless [SlidingCount.WithPartial] says otherwise. A slice belongs to
// its receiver; the items in it are shared by those that overlap.
//
// A barrier passes at once: what is held belongs to slices whose last item is still to come.
type SlidingCount[T any] struct {
	base
	n, step int
	partial bool
}

// NewSlidingCount makes a SlidingCount, named "sliding-count", of slices of n items, each step
// items after the one before. Both must be at least 1.
//
//streamz:stage SlidingCount
//streamz:example flow.Range(0, 5).SlidingCount(3, 1)
//streamz:output [[0 1 2] [1 2 3] [2 3 4]]
//streamz:marble a-b-c-d--e--f---| f.SlidingCount(3, 2)
func NewSlidingCount[T any](n, step int) *SlidingCount[T] {
	c := &SlidingCount[T]{name: "sliding-count", n: n, step: step}
	if n < 1 {
		c.misuse("n", n, "must be at least 1")
	}
	if step < 1 {
		c.misuse("step", step, "must be at least 1")
	}
	return c
}

// WithName gives a copy with another name.
func (c *SlidingCount[T]) WithName(name string) *SlidingCount[T] {
	d := *c
	d.name = name
	return &d
}

// WithPartial gives a copy that at the end emits the slice which is not full yet, if it has an
// item that was in no slice before.
func (c *SlidingCount[T]) WithPartial() *SlidingCount[T] {
	d := *c
	d.partial = true
	return &d
}

// Process runs the SlidingCount over channels, see [Processor].
func (c *SlidingCount[T]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *SlidingCount[T]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{Self: c, Name: c.name, Op: "SlidingCount", Err: c.err(), Start: c.start}
}

// overlapping is the state of one run.
type overlapping[T any] struct {
	*SlidingCount[T]
	s     *kernel.Stage
	down  kernel.Port[[]T]
	items []T // of the next slice, so far
	shown int // so many of them were in the slice before
	gap   int // items to discard before that slice begins
}

func (c *SlidingCount[T]) start(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
	r := &overlapping[T]{SlidingCount: c, s: s, down: down}
	s.OnClose(func(error) error {
		s.Held += int64(len(r.items))
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *overlapping[T]) push(v T) error {
	r.s.In++
	if r.gap > 0 {
		r.gap--
		r.s.Filtered++
		return nil
	}
	r.items = append(r.items, v)
	if len(r.items) < r.n {
		return nil
	}
	return r.slide()
}

// slide emits a full slice. The items that are in no further one have passed with it.
func (r *overlapping[T]) slide() error {
	full, leave := slices.Clone(r.items), min(r.step, r.n)
	r.items = slices.Delete(r.items, 0, leave)
	r.shown, r.gap = len(r.items), r.step-leave
	r.s.Passed += int64(leave)
	r.s.Out++
	return r.down.Push(full)
}

func (r *overlapping[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End {
		if err := r.end(); err != nil {
			return err
		}
	}
	return r.down.Signal(sig)
}

func (r *overlapping[T]) end() error {
	rest := r.items
	r.items = nil
	if !r.partial || len(rest) == r.shown {
		r.s.Passed += int64(r.shown)
		r.s.Filtered += int64(len(rest) - r.shown)
		return nil
	}
	r.s.Passed += int64(len(rest))
	r.s.Out++
	return r.down.Push(rest)
}
