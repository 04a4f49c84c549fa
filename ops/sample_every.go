package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SampleEvery emits the newest item at each multiple of an interval since the run began. The
// other items that came since the tick before are dropped; at a tick without any nothing is
// emitted.
//
//   - Emits: the newest item, at the tick that follows it
//   - Holds: one item
//   - Backpressures: while an item that it emits waits for the receiver
//   - Completes: when the input ends, after the item that is held
//   - Cancels: drops the item that is held
//
// An item that comes just at a tick waits for the next one. Ticks that fall due while an
// item waits for the receiver are skipped, and those that follow are in step with the clock
// again. An idle stream wakes nobody.
//
// A barrier sends the item that is held first; a watermark waits until the items before it
// have been emitted or dropped.
type SampleEvery[T any] struct {
	base
	interval time.Duration
	clk      Clock
}

// NewSampleEvery makes a SampleEvery, named "sample-every". interval must be positive. The
// clock is optional; without it the SampleEvery takes the clock of the run, or the real one.
//
//streamz:stage SampleEvery
//streamz:example flow.Of("a", "b", "c").SampleEvery(time.Minute)
//streamz:output [c]
//streamz:marble abc--d-ef------g----| f.SampleEvery(40 * time.Millisecond)
func NewSampleEvery[T any](interval time.Duration, clk ...Clock) *SampleEvery[T] {
	e := &SampleEvery[T]{name: "sample-every", interval: interval}
	e.clk = e.oneClock(clk)
	e.needPositive("interval", interval)
	return e
}

// WithName gives a copy with another name.
func (e *SampleEvery[T]) WithName(name string) *SampleEvery[T] {
	c := *e
	c.name = name
	return &c
}

// Process runs the SampleEvery over channels, see [Processor].
func (e *SampleEvery[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (e *SampleEvery[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: e, Name: e.name, Op: "SampleEvery", Err: e.err(),
		Books: kernel.Selected, Timed: true, Clock: e.clk, Start: e.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (e *SampleEvery[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r, seg, interval := new(newest[T]), s.Segment(), e.interval
	r.init(s, down)
	var begun time.Time
	s.OnStart(func() error {
		begun = seg.Time()
		return nil
	})
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		if !r.some {
			r.timer.Reset(interval - seg.Now().Sub(begun)%interval)
		}
		return r.hold(v)
	}}
}
