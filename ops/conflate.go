package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Conflate merges the items that come while the receiver is slow, so that its producer never
// waits: an item that waits and the one that comes become one. While the receiver keeps up
// every item passes as it is.
//
//   - Emits: an item, or what was made of several
//   - Holds: one item, and the one that waits for the receiver
//   - Backpressures: never
//   - Completes: when the input ends, after what waits
//   - Cancels: drops what waits
//
// In a flow the receiver is the stage below, which runs on a goroutine of its own. An item
// that was merged counts as passed with the one that came of it, so the stage gives fewer
// items than it passes.
//
// The function gets the item that waits and the new one, in this order, on the producer's
// goroutine, and may change what it gets. It must not block. Where only the newest item
// matters there is [SlidingBuffer], which counts what it drops.
//
// Barriers and watermarks come behind what was made of the items before them, which may have
// later items in it.
type Conflate[T any] struct {
	base
	merge func(acc, next T) T
}

// NewConflate makes a Conflate, named "conflate". merge must not be nil.
//
//streamz:stage Conflate
//streamz:example flow.Of(1, 2, 3).Batch(1, 0).Conflate(func(acc, next []int) []int { return append(acc, next...) }).FlatMap(slices.Values)
//streamz:output [1 2 3]
//streamz:marble abcde-fg----h-| f.Conflate(func(acc, next string) string { return acc + next }).Throttle(20)
func NewConflate[T any](merge func(acc, next T) T) *Conflate[T] {
	c := &Conflate[T]{name: "conflate", merge: merge}
	c.needFunc(merge == nil)
	return c
}

// WithName gives a copy with another name.
func (c *Conflate[T]) WithName(name string) *Conflate[T] {
	d := *c
	d.name = name
	return &d
}

// Process runs the Conflate over channels, see [Processor].
func (c *Conflate[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (c *Conflate[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: c, Name: c.name, Op: "Conflate", Err: c.err(), Connect: c.connect}
}

func (c *Conflate[T]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
	seg, down, combine := kernel.Combining(seg, down)
	return kernel.Attach(seg, site, kernel.Spec[T, T]{
		Name: c.name, Op: "Conflate", Calls: kernel.CallsFunc,
		Start: func(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] { return c.start(s, down, combine) },
	}, down)
}

// start counts what goes out where the queue takes an item in: of those that are merged
// only the first does.
//
//go:noinline // inlined, its closure would no longer inline what it calls
func (c *Conflate[T]) start(s *kernel.Stage, down kernel.Port[T], combine kernel.Combine[T]) kernel.Port[T] {
	merge, mark := c.merge, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		if !combine(v, merge) {
			s.Out++
		}
		s.Passed++
		return nil
	}}
}
