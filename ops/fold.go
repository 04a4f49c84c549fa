package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Fold folds all items into one value. For an empty input that is the initial one.
//
//   - Emits: the accumulator, once, when the input has ended
//   - Holds: the accumulator
//   - Backpressures: while the accumulator waits for the receiver
//   - Completes: when the input ends, after the accumulator
//   - Cancels: drops the accumulator
//
// The function is called once an item, in order, on one goroutine, and must not block. An
// item whose call panics leaves the accumulator as it was. [Scan] emits the accumulator after
// each item.
//
// A barrier passes at once: it says that the items before it are in the accumulator.
type Fold[T, A any] struct {
	base
	begin func() A
	fn    func(A, T) A
}

// NewFold makes a Fold, named "fold". fn must not be nil. Every run begins with the same
// initial value, so that must be nothing that fn could write through: no map, pointer or
// channel but nil, and no slice with a capacity. A struct that has one of those is not detected.
// For all of them there is [NewFoldFunc].
//
//streamz:stage Fold
//streamz:example flow.Of(1, 2, 3).Fold(10, func(sum, n int) int { return sum + n })
//streamz:output [16]
//streamz:marble a-b--c----| f.Fold("", func(all, s string) string { return all + s })
func NewFold[T, A any](initial A, fn func(A, T) A) *Fold[T, A] {
	f := NewFoldFunc(func() A { return initial }, fn)
	f.needValue("initial", initial)
	return f
}

// NewFoldFunc makes a Fold, named "fold", whose initial value newState makes for each run: a
// map, for instance. newState is called once a run, before the first item. Neither function
// must be nil.
//
//streamz:stage FoldFunc
//streamz:example flow.Of("a", "b", "a").FoldFunc(func() map[string]int { return map[string]int{} },
//streamz:example 	func(counts map[string]int, s string) map[string]int { counts[s]++; return counts })
//streamz:output [map[a:2 b:1]]
func NewFoldFunc[T, A any](newState func() A, fn func(A, T) A) *Fold[T, A] {
	f := &Fold[T, A]{name: "fold", begin: newState, fn: fn}
	if newState == nil {
		f.misuse("newState", nil, "must not be nil")
	}
	f.needFunc(fn == nil)
	return f
}

// WithName gives a copy with another name.
func (f *Fold[T, A]) WithName(name string) *Fold[T, A] {
	c := *f
	c.name = name
	return &c
}

// Process runs the Fold over channels, see [Processor].
func (f *Fold[T, A]) Process(ctx context.Context, in <-chan T) <-chan A {
	return drive(ctx, in, f.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (f *Fold[T, A]) Kernel() kernel.Spec[T, A] {
	return kernel.Spec[T, A]{
		Self: f, Name: f.name, Op: "Fold", Err: f.err(),
		Calls: kernel.CallsFunc, Start: f.start,
	}
}

// folding is the state of one run.
type folding[T, A any] struct {
	*Fold[T, A]
	s      *kernel.Stage
	mark   kernel.Mark
	down   kernel.Port[A]
	acc    A
	folded int64 // items in acc
}

func (f *Fold[T, A]) start(s *kernel.Stage, down kernel.Port[A]) kernel.Port[T] {
	r := &folding[T, A]{Fold: f, s: s, mark: s.Mark(), down: down}
	s.OnOpen(func(context.Context) error {
		r.acc = r.begin()
		return nil
	})
	s.OnClose(func(error) error {
		s.Held += r.folded
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *folding[T, A]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	r.acc = r.fn(r.acc, v)
	r.folded++
	return nil
}

func (r *folding[T, A]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End {
		r.s.Passed += r.folded
		r.folded = 0
		r.s.Out++
		if err := r.down.Push(r.acc); err != nil {
			return err
		}
	}
	return r.down.Signal(sig)
}
