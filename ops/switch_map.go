package ops

import (
	"context"
	"iter"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SwitchMap turns every item into a sequence, which runs until it ends or until the next item
// comes: then its context ends, and the sequence of the new item begins when it has returned. So
// there is one at a time, of the newest item, and its producer never waits. For the sequences of
// all items there are [FlatMapper] and [FlatMapMerge].
//
//   - Emits: each item of each sequence, until a newer item comes
//   - Holds: one item, the sequence that runs, and one result of it
//   - Backpressures: never
//   - Completes: when the input ends, after the sequence of the last item
//   - Cancels: stops the sequence, drops what waits
//
// An item counts as dropped if a newer one came before its sequence had begun or ended: what
// the sequence gave before stays, and nothing that it gives afterwards is emitted. An item that
// comes while a sequence does not return waits, and is dropped in turn for one that comes later.
// Over channels a result that waits for the receiver stays.
//
// A sequence gives items, each with nil, or one error, at which it is stopped: the item has
// failed then, see [ItemError], and what was given before stays. So it is when a sequence
// panics. An error that only says that the context has ended is no failure. A nil sequence
// gives nothing.
//
// The function and its sequence run on the goroutine of the processor and may block. Their
// context ends when a newer item comes, with the run, or when nobody needs more items; they have
// to return soon after. It may be the same for several items.
//
// Barriers and watermarks come behind the sequences of the items before them, which a newer
// item behind them stops as well.
type SwitchMap[In, Out any] struct {
	base
	fn func(context.Context, In) iter.Seq2[Out, error]
}

// NewSwitchMap makes a SwitchMap, named "switch-map". fn must not be nil.
//
//streamz:stage SwitchMap
//streamz:example flow.Of(3).SwitchMap(func(ctx context.Context, n int) iter.Seq2[int, error] {
//streamz:example 	return func(yield func(int, error) bool) {
//streamz:example 		for i := range n {
//streamz:example 			if !yield(i, ctx.Err()) {
//streamz:example 				return
//streamz:example 			}
//streamz:example 		}
//streamz:example 	}
//streamz:example })
//streamz:output [0 1 2]
//streamz:marble a---b-c---------| f.SwitchMap(echoes)
func NewSwitchMap[In, Out any](fn func(context.Context, In) iter.Seq2[Out, error]) *SwitchMap[In, Out] {
	m := &SwitchMap[In, Out]{name: "switch-map", fn: fn}
	m.needFunc(fn == nil)
	return m
}

// WithName gives a copy with another name.
func (m *SwitchMap[In, Out]) WithName(name string) *SwitchMap[In, Out] {
	c := *m
	c.name = name
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on the goroutine
// of the processor. In a flow the stage's policy decides what happens then, and handle is told
// afterwards.
func (m *SwitchMap[In, Out]) OnError(handle func(context.Context, *ItemError)) *SwitchMap[In, Out] {
	c := *m
	c.onError(handle)
	return &c
}

// Process runs the SwitchMap over channels, see [Processor].
func (m *SwitchMap[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which put its queue between two segments.
func (m *SwitchMap[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{Self: m, Name: m.name, Op: "SwitchMap", Err: m.err(), Connect: m.connect}
}

func (m *SwitchMap[In, Out]) connect(seg *kernel.Segment, site kernel.Site, down kernel.Port[Out]) (*kernel.Segment, kernel.Port[In]) {
	r := &switching[In, Out]{SwitchMap: m}
	seg, stage := kernel.Attach(seg, site, kernel.Spec[In, Out]{
		Name: m.name, Op: "SwitchMap", Told: m.told, Calls: kernel.CallsEmitter, Heeds: true, Blocks: true, Start: r.start,
	}, down)
	return r.Above(seg, stage)
}

// switching is the state of one run.
type switching[In, Out any] struct {
	*SwitchMap[In, Out]
	kernel.Switching[In]
	s    *kernel.Stage
	emit func(Out) error
	next func(Out, error) bool // yield, made once

	err     error // at which the sequence was stopped
	stopped bool
}

func (r *switching[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	r.Below(s)
	r.s, r.emit, r.next = s, down.Push, r.yield
	return kernel.Port[In]{Push: r.push, Signal: down.Signal}
}

func (r *switching[In, Out]) push(v In) error {
	r.s.Hold()
	r.err, r.stopped = nil, false
	ctx := r.Begin()
	if seq := r.fn(ctx, v); seq != nil {
		seq(r.next)
	}
	switch newer := r.Finish(); {
	case r.err != nil && !(newer && kernel.Echoes(ctx, r.err)):
		return r.s.Fail(v, r.err)
	case newer:
		r.s.Held--
		r.s.Dropped++
		return nil
	}
	return r.passed()
}

// passed books the item as held if the sequence may have ended because its context had.
func (r *switching[In, Out]) passed() error {
	r.s.Held--
	if err := r.s.Ended(); err != nil {
		return err
	}
	r.s.Passed++
	return nil
}

func (r *switching[In, Out]) yield(v Out, err error) bool {
	switch {
	case r.stopped:
		return false
	case err != nil:
		r.err = err
	case !r.Newer():
		r.err = r.emit(v)
	}
	r.stopped = r.err != nil || r.Newer()
	return !r.stopped
}
