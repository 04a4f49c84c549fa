package ops

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// StreamStats is what a [Monitor] reports of one run.
type StreamStats struct {
	LastUpdate time.Time     // of this report
	Count      int64         // items delivered since the run began
	Delta      int64         // items delivered since the report before, or since the run began
	Rate       float64       // Delta per second of that time, 0 if none has passed
	Stalled    time.Duration // how long the item in hand has been waiting for downstream, 0 without one
}

// Monitor passes the items on, in order, and reports how many there were: at every
// multiple of an interval since the run began, also while an item waits for downstream, and
// once when the stream has ended, however it ends.
//
//   - Emits: each item, the same value
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends, after the last report
//   - Cancels: drops the item in hand; the last report follows when the run has ended
//
// An item counts when it has been delivered: when the stage below has taken it, which may
// be a queue. In a flow a Monitor in front of a function that blocks has one item waiting
// between the two.
//
// A report that falls due while the one before is still made is skipped. A Monitor wakes at
// each interval, also on an idle stream.
type Monitor[T any] struct {
	base
	interval time.Duration
	clk      Clock
	tell     func(StreamStats)
	newest   *atomic.Pointer[gauge] // of the runs of this value and no copy
}

// gauge is where one run leaves its newest report.
type gauge struct{ last atomic.Pointer[StreamStats] }

// NewMonitor makes a Monitor, named "monitor". interval must be positive. The clock is
// optional; without it the Monitor takes the clock of the run, or the real one.
//
//streamz:stage Monitor(interval time.Duration, fn func(StreamStats)) NewMonitor[T](interval).OnStats(fn)
//streamz:example flow.Of("a", "b").Monitor(time.Minute, func(s ops.StreamStats) { fmt.Println(s.Count, "items") })
//streamz:output 2 items
//streamz:output [a b]
func NewMonitor[T any](interval time.Duration, clk ...Clock) *Monitor[T] {
	m := &Monitor[T]{name: "monitor", interval: interval, newest: new(atomic.Pointer[gauge])}
	m.clk = m.oneClock(clk)
	m.needPositive("interval", interval)
	return m
}

// WithName gives a copy with another name. It has reports of its own.
func (m *Monitor[T]) WithName(name string) *Monitor[T] {
	c := m.copy()
	c.name = name
	return c
}

// OnStats gives a copy that hands each report to fn, one at a time, on the processor's
// goroutine, or on another one when the run has been cut off. A slow fn slows the stream.
func (m *Monitor[T]) OnStats(fn func(StreamStats)) *Monitor[T] {
	c := m.copy()
	c.tell = fn
	if fn == nil {
		c.misuse("OnStats", nil, "must not be nil")
	}
	return c
}

func (m *Monitor[T]) copy() *Monitor[T] {
	c := *m
	c.newest = new(atomic.Pointer[gauge])
	return &c
}

// Stats gives the newest report of the run that began last, zero before the first. It may
// be called at any time, on any goroutine.
func (m *Monitor[T]) Stats() StreamStats {
	if m.newest == nil {
		return StreamStats{}
	}
	if g := m.newest.Load(); g != nil {
		if last := g.last.Load(); last != nil {
			return *last
		}
	}
	return StreamStats{}
}

// Process runs the Monitor over channels, see [Processor].
func (m *Monitor[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, m.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (m *Monitor[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: m, Name: m.name, Op: "Monitor", Err: m.err(),
		Books: kernel.Mapped, Timed: true, Clock: m.clk, Start: m.start,
	}
}

// monitoring is the state of one run.
type monitoring[T any] struct {
	*Monitor[T]
	gauge
	s     *kernel.Stage
	timer *kernel.Timer
	begun time.Time // zero until the segment runs
	ended bool      // the last report is due

	count  int64
	inHand bool
	waited time.Duration // what the segment had waited when it got the item in hand

	at     time.Time // of the report before
	before int64     // the count then
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (m *Monitor[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r, push := &monitoring[T]{Monitor: m, s: s}, down.Push
	r.timer = s.Watch(r.tick)
	s.OnStart(r.begin)
	s.OnClose(func(error) error {
		r.finish()
		return nil
	})
	return kernel.Port[T]{
		Push: func(v T) error {
			r.inHand, r.waited = true, s.Waited()
			err := push(v)
			r.inHand = false
			if s.Taken(err) {
				r.count++
			}
			return err
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End {
				s.Outside()
				r.finish()
			}
			return down.Signal(sig)
		},
	}
}

func (r *monitoring[T]) begin() error {
	r.open()
	r.timer.Reset(r.interval)
	return nil
}

func (r *monitoring[T]) open() {
	r.begun = r.s.Segment().Time()
	r.at = r.begun
	r.newest.Store(&r.gauge)
}

// tick is the timer's. What has fallen due while it reports is skipped, and the next report
// is in phase again.
func (r *monitoring[T]) tick() error {
	r.report()
	r.timer.Reset(r.interval - r.s.Segment().Time().Sub(r.begun)%r.interval)
	return nil
}

// finish makes the last report, also of a run that ended before it came this far.
func (r *monitoring[T]) finish() {
	if r.ended {
		return
	}
	if r.begun.IsZero() {
		r.open()
	}
	r.ended, r.inHand = true, false
	r.timer.Stop()
	r.report()
}

func (r *monitoring[T]) report() {
	stats := &StreamStats{LastUpdate: r.s.Segment().Time(), Count: r.count, Delta: r.count - r.before}
	if elapsed := stats.LastUpdate.Sub(r.at); elapsed > 0 {
		stats.Rate = float64(stats.Delta) / elapsed.Seconds()
	}
	if r.inHand {
		stats.Stalled = r.s.Waited() - r.waited
	}
	r.at, r.before = stats.LastUpdate, stats.Count
	r.last.Store(stats)
	if r.tell != nil {
		ended := r.ended
		r.ended = true // if it panics it is not called again
		r.tell(*stats)
		r.ended = ended
	}
}
