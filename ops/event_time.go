package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EventTime says what time it is in a stream by the times that are in its items. It passes each
// item on, and behind it a watermark as the time rises: the latest time so far less the
// disorder, which is how much later than an item of a later time one may come. Windows of event
// time that end before a watermark are complete.
//
//   - Emits: each item, unchanged
//   - Holds: nothing
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// An item that is more than the disorder earlier than one before it is passed on, too: it is for
// those below to say what becomes of one that is late. An item of the zero time, or an earlier one, has none.
//
// Not every rise of the time is told: a watermark comes when the time has risen by an eighth of
// the disorder, or as [EventTime.WithEvery] says, and in front of any other signal.
//
// Where several streams come together only the earliest of their watermarks holds, so one that
// gives nothing holds back all. [EventTime.WithIdleTimeout] has it left out after a while.
//
// Watermarks that come from above are not passed on: those of the EventTime take their place.
type EventTime[T any] struct {
	base
	at       func(T) time.Time
	disorder time.Duration
	every    time.Duration
	idle     time.Duration // 0 for never
	clk      Clock
}

// NewEventTime makes an EventTime, named "event-time". at gives the time of an item. It must not
// be nil; it is called once an item, on one goroutine, and must not block. disorder must not be
// negative. The clock, for the idle timeout alone, is optional; without it the EventTime takes
// the clock of the run, or the real one.
//
//streamz:stage EventTime
//streamz:example flow.Of(1, 3, 2).EventTime(func(n int) time.Time { return time.Unix(int64(n), 0) }, time.Second)
//streamz:output [1 3 2]
func NewEventTime[T any](at func(T) time.Time, disorder time.Duration, clk ...Clock) *EventTime[T] {
	e := &EventTime[T]{name: "event-time", at: at, disorder: disorder, every: disorder / 8}
	e.clk = e.oneClock(clk)
	e.needFunc(at == nil)
	e.needTime("disorder", disorder)
	return e
}

// WithName gives a copy with another name.
func (e *EventTime[T]) WithName(name string) *EventTime[T] {
	c := *e
	c.name = name
	return &c
}

// WithEvery gives a copy that sends a watermark when the time has risen by d since the last one,
// which must not be negative: with 0 at every rise. Windows close up to so much later, by the
// time of the items, and a watermark costs about as much as an item.
func (e *EventTime[T]) WithEvery(d time.Duration) *EventTime[T] {
	c := *e
	c.every = d
	c.needTime("every", d)
	return &c
}

// WithIdleTimeout gives a copy that calls its stream idle when no item has come for d, by the
// clock, which must be positive: until the next item it does not hold back the watermark of
// streams it comes together with, as in a Merge. An item that comes then may be late for
// windows that close meanwhile. Where all of these streams are idle the latest of their watermarks
// holds. What comes of one stream alone waits for its next item, idle or not.
//
// Of ways that a stream was split into, as by a Branch, one that is idle is left out if its
// EventTime is in that way. If it is above all of them, they are idle together.
func (e *EventTime[T]) WithIdleTimeout(d time.Duration) *EventTime[T] {
	c := *e
	c.idle = d
	c.needPositive("idle timeout", d)
	return &c
}

// Process runs the EventTime over channels, see [Processor]. They carry no watermarks.
func (e *EventTime[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, e.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (e *EventTime[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: e, Name: e.name, Op: "EventTime", Err: e.err(),
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Timed: e.idle > 0, Clock: e.clk, Start: e.start,
	}
}

// telling is the state of one run.
type telling[T any] struct {
	*EventTime[T]
	s      *kernel.Stage
	mark   kernel.Mark
	down   kernel.Port[T]
	latest time.Time // of the items, zero before the first
	told   time.Time // the latest that a watermark was sent for
	due    time.Time // the next one is sent when the time reaches this

	timer  *kernel.Timer // nil without an idle timeout
	came   time.Time     // when the receiver had the last item
	idling bool
}

func (e *EventTime[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &telling[T]{EventTime: e, s: s, mark: s.Mark(), down: down}
	if e.idle == 0 {
		return kernel.Port[T]{Push: r.push, Signal: r.signal}
	}
	r.timer = s.Timer(r.fire)
	s.OnStart(func() error {
		r.came = s.Segment().Now()
		r.timer.Reset(r.idle)
		return nil
	})
	return kernel.Port[T]{Push: r.pushTimed, Signal: r.signal}
}

func (r *telling[T]) push(v T) error {
	r.mark.Enter()
	t := r.at(v)
	if err := r.down.Push(v); err != nil || !t.After(r.latest) {
		return err
	}
	r.latest = t
	if t.Before(r.due) {
		return nil
	}
	return r.tell()
}

// pushTimed is push with an idle timeout, which begins anew when the receiver has the item.
func (r *telling[T]) pushTimed(v T) error {
	if r.idling {
		if err := r.wake(); err != nil {
			return err
		}
	}
	err := r.push(v)
	r.came = r.s.Segment().Now()
	return err
}

// wake says that the stream is idle no more. The item in hand is held meanwhile.
func (r *telling[T]) wake() error {
	r.s.Held++
	r.idling = false
	r.timer.Reset(r.idle)
	if err := r.down.Signal(r.watermark()); err != nil {
		return err
	}
	r.s.Held--
	return nil
}

// tell sends the watermark of the latest time.
func (r *telling[T]) tell() error {
	r.told = r.latest
	r.due = r.latest.Add(max(r.every, 1))
	return r.down.Signal(r.watermark())
}

// watermark is that of the latest time. Before the first item it claims nothing.
func (r *telling[T]) watermark() kernel.Signal {
	sig := kernel.Signal{Kind: kernel.Watermark}
	if !r.latest.IsZero() {
		sig.Time = r.latest.Add(-r.disorder)
	}
	return sig
}

// fire says that the stream is idle, unless an item has come since the timer was set: for each
// one to set it would cost more.
func (r *telling[T]) fire() error {
	if left := r.idle - r.s.Segment().Now().Sub(r.came); left > 0 {
		r.timer.Reset(left)
		return nil
	}
	r.idling, r.told = true, r.latest
	sig := r.watermark()
	sig.Idle = 1
	return r.down.Signal(sig)
}

func (r *telling[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.Watermark {
		return nil
	}
	if !r.told.Equal(r.latest) {
		if err := r.tell(); err != nil {
			return err
		}
	}
	return r.down.Signal(sig)
}
