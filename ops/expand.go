package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Expand makes items while the producer is slow, so that its receiver never waits: each item
// passes as it is, and as long as the receiver is ready for more and no other has come, one is
// made of the last one, be that from the input or made itself.
//
//   - Emits: each item, the same value, and those that are made of it
//   - Holds: one item that has come, and the last one
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends, after the item that waits
//   - Cancels: drops what waits
//
// The function gets the last item and gives the next one, or false: then nothing is made
// until another item comes. It is called on the goroutine of the processor and must not block.
// Nothing is made before the first item, nor once the input has ended. In a flow nothing is made
// either while the run is paused, or when it is being drained.
//
// An item that has come goes before one that is to be made. Over channels it also takes the place
// of one that has been made and that nobody has received. In a flow the receiver is the stage
// below, up to the next one that waits: what it has taken is not called back.
//
// A receiver that never waits gets items as fast as they can be made, which keeps a processor
// busy and, in a test, virtual time from moving. So below an Expand there has to be something
// that takes its time, as a [Throttle] or a slow sink, or the function has to give false.
//
// Barriers and watermarks come behind the items before them. What is made behind them, of the
// last of these items, has the event time that the function gives it.
//
// In the books made items are out and never in. If the function panics, the item that it
// was given counts as failed, although it has been emitted; where the policy goes on, nothing
// more is made of it.
type Expand[T any] struct {
	base
	next func(last T) (T, bool)
}

// NewExpand makes an Expand, named "expand". next must not be nil.
//
//streamz:stage Expand
//streamz:example flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
//streamz:example 	_ = emit(1)
//streamz:example 	<-ctx.Done() // no other comes
//streamz:example 	return ctx.Err()
//streamz:example }).Expand(func(last int) (int, bool) { return 2 * last, true }).Take(4)
//streamz:output [1 2 4 8]
//streamz:marble a--------b---c-----| f.Expand(func(last string) (string, bool) { return last, true }).Call(work)
func NewExpand[T any](next func(last T) (T, bool)) *Expand[T] {
	e := &Expand[T]{name: "expand", next: next}
	e.needFunc(next == nil)
	return e
}

// WithName gives a copy with another name.
func (e *Expand[T]) WithName(name string) *Expand[T] {
	c := *e
	c.name = name
	return &c
}

// Process runs the Expand over channels, see [Processor].
func (e *Expand[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (e *Expand[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{Self: e, Name: e.name, Op: "Expand", Err: e.err(), Connect: e.connect}
}

func (e *Expand[T]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
	r := &expanding[T]{Expand: e}
	seg, stage := kernel.Attach(seg, site, kernel.Spec[T, T]{
		Name: e.name, Op: "Expand", Calls: kernel.CallsFunc, Start: r.start,
	}, down)
	return r.Above(seg, stage, r.can, r.more)
}

// expanding is the state of one run.
type expanding[T any] struct {
	*Expand[T]
	kernel.Expansion[T]
	s      *kernel.Stage
	mark   kernel.Mark
	down   func(T) error
	last   T
	some   bool // something can be made of last
	waits  bool // last has been made, and is still to be emitted
	making bool // the push is for an item that is to be made
}

func (r *expanding[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r.Below(s, down)
	r.s, r.mark, r.down = s, s.Mark(), down.Push
	return kernel.Port[T]{Push: r.push, Signal: down.Signal}
}

func (r *expanding[T]) can() bool { return r.some }

// more pushes the last item once more, so that what stands around a push stands around the
// function as well. It takes the item out of the books, as the push books it in again.
func (r *expanding[T]) more(push func(T) error) error {
	r.s.In--
	r.s.Passed--
	r.making, r.some = true, false // if the function fails there is nothing more
	err := push(r.last)
	r.making = false
	return err
}

func (r *expanding[T]) push(v T) error {
	r.s.In++
	if r.making {
		return r.extend(v)
	}
	r.last, r.some, r.waits = v, true, false
	r.s.Passed++
	r.s.Out++
	return r.down(v)
}

// extend makes an item, unless one that was made before still waits.
func (r *expanding[T]) extend(last T) error {
	if !r.waits {
		r.mark.Enter()
		made, ok := r.next(last)
		if !ok {
			r.s.Passed++
			return nil
		}
		r.last, r.waits = made, true
	}
	r.s.Passed++
	r.some = true
	taken, err := r.Give(r.last)
	r.waits = !taken
	return err
}
