package ops

import (
	"context"
	"math"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Throttle delays the items so that no more than a number of them pass in a second, in
// order. It loses none.
//
//   - Emits: each item, the first at once, then one each 1/rate second
//   - Holds: one item
//   - Backpressures: while an item waits for its time, or for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: drops the item in hand, and waits no longer
//
// It is a token bucket: time in which nothing came is kept for as many items as the
// burst, by default one, which then pass at once. The rate may have a fraction: 0.5 is one
// item each two seconds.
//
// In a flow no timer waits for a Throttle. A timer of the system that rings late, by up to
// 100 ms, does not lower the rate: the items that it held up pass right after.
type Throttle[T any] struct {
	base
	rate  float64
	burst int
	clk   Clock
}

// NewThrottle makes a Throttle, named "throttle". perSecond must be a positive number.
// The clock is optional; without it the Throttle takes the clock of the run, or the real
// one.
//
//streamz:stage Throttle(perSecond float64) NewThrottle[T](perSecond)
//streamz:example flow.Of("a", "b", "c").Throttle(1000)
//streamz:output [a b c]
//streamz:marble (abcd)---------e-f-| f.Throttle(50)
func NewThrottle[T any](perSecond float64, clk ...Clock) *Throttle[T] {
	t := &Throttle[T]{name: "throttle", rate: perSecond, burst: 1}
	t.clk = t.oneClock(clk)
	t.needRate(perSecond)
	return t
}

// WithName gives a copy with another name.
func (t *Throttle[T]) WithName(name string) *Throttle[T] {
	c := *t
	c.name = name
	return &c
}

// WithBurst gives a copy that lets n items pass at once if there was time for them before,
// and at the beginning. n must be at least 1.
func (t *Throttle[T]) WithBurst(n int) *Throttle[T] {
	c := *t
	c.burst = n
	c.needBurst(n)
	return &c
}

// Process runs the Throttle over channels, see [Processor].
func (t *Throttle[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *Throttle[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "Throttle", Err: t.err(),
		Books: kernel.Mapped, Blocks: true, Clock: t.clk, Start: t.start,
	}
}

// needRate keeps the misuse of a rate, and needBurst that of a burst.
func (b *base) needRate(perSecond float64) {
	if !(perSecond > 0) || math.IsInf(perSecond, 1) { // which NaN is not
		b.misuse("rate", perSecond, "must be a positive number")
	}
}

func (b *base) needBurst(n int) {
	if n < 1 {
		b.misuse("burst", n, "must be at least 1")
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *Throttle[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	pace, push := newPacer(s, t.rate, t.burst), down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		if err := pace.next(1); err != nil {
			s.Held++
			return err
		}
		return push(v)
	}}
}

// pacer is a token bucket, written as a timetable: of the items since a moment at which
// the bucket was full, each has its time. That is computed from what they cost, which is
// their number in a Throttle: intervals added up would add up what rounding takes from each.
type pacer struct {
	s     *kernel.Stage
	rate  float64
	burst int64
	began time.Time // times are since then, for a whole time costs twice as much to read

	full  time.Duration // the bucket was full
	n     int64         // the cost of the items since then
	owed  time.Duration // since full
	until time.Duration // since full, see late
}

func newPacer(s *kernel.Stage, rate float64, burst int) pacer {
	return pacer{s: s, rate: rate, burst: int64(burst), began: s.Time()}
}

func (p *pacer) now() time.Duration { return clock.Since(p.s.Clock(), p.began) }

// maxLate bounds what a late timer is made up for: what held the program up for longer is
// no matter of timers, and its end no reason to let everything through at once.
const maxLate = 100 * time.Millisecond

// next waits until one more item may pass, which costs something.
func (p *pacer) next(cost int64) error {
	now := p.now()
	if p.n == 0 || p.rested(now-p.full) {
		p.full, p.n, p.owed = now, 0, 0
	}
	due := p.due(cost)
	if wait := due - (now - p.full); wait > 0 {
		if err := p.s.Wait(wait); err != nil {
			return err
		}
		p.late(due, p.now()-p.full)
	}
	p.n += min(cost, math.MaxInt64-p.n)
	return nil
}

// due is the time of the next item. Ahead of it are as many items as the burst, which
// need not wait. One that costs more than that waits for a full bucket, and those behind it
// for the rest.
func (p *pacer) due(cost int64) time.Duration { return p.after(p.n - p.burst + min(cost, p.burst)) }

// after is how long it takes until n is paid for. It is not rounded down, so the rate is
// never exceeded.
func (p *pacer) after(n int64) time.Duration {
	if n <= 0 { // of a burst that may be longer than a Duration
		return 0
	}
	d := math.Ceil(float64(n) * float64(time.Second) / p.rate)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

// rested tells whether the bucket has run over, so that the time without items is lost.
// Items that a late timer has held up do not make it so, if they come in time.
func (p *pacer) rested(elapsed time.Duration) bool {
	if p.owed > 0 && p.due(1) < p.owed && elapsed <= p.until {
		return false
	}
	return elapsed > p.after(p.n)
}

// late books that a wait which should have ended at due has ended now. Timers ring up to a
// millisecond late, on some systems more: where items are closer together, several of them
// are due by then. Taken for time without items that would be lost, and the rate would be
// that of the timer. So these are owed, and pass at once; but only if they come now, within
// as much time as the wait was late.
func (p *pacer) late(due, now time.Duration) {
	by := min(now-due, maxLate)
	p.owed, p.until = due+by, now+by
}
