package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DistinctUntilChanged keeps the first item and each one whose key is another than that of
// the item before it, in order.
//
//   - Emits: each item that is kept, unchanged
//   - Holds: one item and one key
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The key function is called once an item, on one goroutine, and must not block. An item
// for which it panics has no key: if the stage's policy skips it, the next one is compared
// with the item before it. A key that is not equal to itself, as NaN, always is another one.
//
// An item that comes again after another one is kept: a Dedupe remembers more than one key.
type DistinctUntilChanged[T any, K comparable] struct {
	base
	key func(T) K
}

// NewDistinctUntilChanged makes a DistinctUntilChanged, named "distinct-until-changed".
// key must not be nil.
//
//streamz:stage DistinctUntilChanged
//streamz:example flow.Of("a", "A", "b", "a").DistinctUntilChanged(strings.ToLower)
//streamz:output [a b a]
//streamz:marble a-a-b-bbb-a-a-| f.DistinctUntilChanged(func(s string) string { return s })
func NewDistinctUntilChanged[T any, K comparable](key func(T) K) *DistinctUntilChanged[T, K] {
	d := &DistinctUntilChanged[T, K]{name: "distinct-until-changed", key: key}
	d.needFunc(key == nil)
	return d
}

// WithName gives a copy with another name.
func (d *DistinctUntilChanged[T, K]) WithName(name string) *DistinctUntilChanged[T, K] {
	c := *d
	c.name = name
	return &c
}

// Process runs the DistinctUntilChanged over channels, see [Processor].
func (d *DistinctUntilChanged[T, K]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, d.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (d *DistinctUntilChanged[T, K]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: d, Name: d.name, Op: "DistinctUntilChanged", Err: d.err(),
		Calls: kernel.CallsFunc, Books: kernel.Selected, Start: d.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (d *DistinctUntilChanged[T, K]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	var last K
	key, push, mark, some := d.key, down.Push, s.Mark(), false
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		k := key(v)
		if some && k == last {
			s.Filtered++
			return nil
		}
		last, some = k, true
		s.Passed++
		return push(v)
	}}
}
