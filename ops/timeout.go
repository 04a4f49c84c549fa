package ops

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Timeout passes the items on, in order, and fails when the stream is too slow: when no item
// comes for some time, or by one of the limits that options add.
//
//   - Emits: each item, the same value
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends; with a fallback also when a limit is exceeded
//   - Cancels: drops the item in hand
//
// The time without an item begins with the run, and anew when an item has been taken by
// the stage below: a slow receiver is no reason for this failure. An item that comes in the
// very moment is too late. The limits are
//
//   - idle: between two items, and before the first one
//   - initial: before the first item, in place of idle, see [Timeout.WithInitial]
//   - completion: from the start of the run to the end of the input, see [Timeout.WithCompletion]
//   - backpressure: while one item waits for the receiver, see [Timeout.WithBackpressure]
//
// The failure is a [TimeoutError] and ends the run: no policy is asked, since it
// concerns no item. Over bare channels it goes to the [Supervisor], else to the log. With
// [Timeout.WithFallback] the stream ends instead.
//
// In a flow a Timeout in front of a function that blocks has one item waiting between the
// two, which counts as taken.
type Timeout[T any] struct {
	base
	idle, initial, completion, backpressure time.Duration // 0 for no limit

	falls    bool
	fallback []T
	clk      Clock
}

// NewTimeout makes a Timeout, named "timeout", that fails when no item came for idle. 0 sets
// no such limit, and then another one has to be set. The clock is optional; without it the
// Timeout takes the clock of the run, or the real one.
//
//streamz:stage Timeout(idle time.Duration) NewTimeout[T](idle)
//streamz:example flow.Of("a", "b").Timeout(time.Minute)
//streamz:output [a b]
//streamz:marble ab-c---d----e-------| f.Timeout(50 * time.Millisecond)
func NewTimeout[T any](idle time.Duration, clk ...Clock) *Timeout[T] {
	t := &Timeout[T]{name: "timeout", idle: idle}
	t.clk = t.oneClock(clk)
	if idle < 0 {
		t.misuse("idle", idle, "must not be negative")
	}
	return t
}

// WithName gives a copy with another name.
func (t *Timeout[T]) WithName(name string) *Timeout[T] {
	c := *t
	c.name = name
	return &c
}

// WithInitial gives a copy that waits so long for the first item, which may take longer than
// others, or less long. d must be positive.
func (t *Timeout[T]) WithInitial(d time.Duration) *Timeout[T] {
	c := *t
	c.initial = d
	c.needPositive("initial", d)
	return &c
}

// WithCompletion gives a copy that fails if the input has not ended so long after the start
// of the run. d must be positive.
func (t *Timeout[T]) WithCompletion(d time.Duration) *Timeout[T] {
	c := *t
	c.completion = d
	c.needPositive("completion", d)
	return &c
}

// WithBackpressure gives a copy that fails if an item waits so long for the receiver. d must
// be positive.
func (t *Timeout[T]) WithBackpressure(d time.Duration) *Timeout[T] {
	c := *t
	c.backpressure = d
	c.needPositive("backpressure", d)
	return &c
}

// WithFallback gives a copy that does not fail: when a limit is exceeded it emits the items
// given, if any, and ends the stream. Only the limit of backpressure, which an item is
// in the way of, still fails; and that of completion takes effect when an item that
// waits has been taken.
func (t *Timeout[T]) WithFallback(items ...T) *Timeout[T] {
	c := *t
	c.falls, c.fallback = true, slices.Clone(items)
	return &c
}

// Process runs the Timeout over channels, see [Processor].
func (t *Timeout[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *Timeout[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "Timeout", Err: t.limited(),
		Timed: true, Clock: t.clk, Start: t.start,
	}
}

// limited adds the misuse of having no limit, which no single option can see.
func (t *Timeout[T]) limited() error {
	b := t.base
	if cmp.Or(t.idle, t.initial, t.completion, t.backpressure) == 0 && len(b.bad) == 0 && b.name != "" {
		b.misuse("idle", t.idle, "must be positive where there is no other limit")
	}
	return b.err()
}

// limiting is the state of one run. A timer without a limit is nil.
type limiting[T any] struct {
	*Timeout[T]
	s    *kernel.Stage
	down kernel.Port[T]
	some bool // an item has come

	gap, whole, taken *kernel.Timer
}

func (t *Timeout[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &limiting[T]{Timeout: t, s: s, down: down}
	if t.idle > 0 || t.initial > 0 {
		r.gap = s.Timer(r.late)
	}
	if t.completion > 0 {
		timer := s.Watch
		if t.falls {
			timer = s.Timer
		}
		r.whole = timer(func() error { return r.exceeded(TimeoutCompletion, t.completion) })
	}
	if t.backpressure > 0 {
		r.taken = s.Watch(func() error { return r.fail(TimeoutBackpressure, t.backpressure) })
	}
	s.OnStart(r.begin)
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *limiting[T]) begin() error {
	if r.gap != nil {
		r.gap.Reset(cmp.Or(r.initial, r.idle))
	}
	if r.whole != nil {
		r.whole.Reset(r.completion)
	}
	return nil
}

func (r *limiting[T]) push(v T) error {
	r.s.In++
	r.s.Passed++
	r.s.Out++
	r.some = true
	if r.gap != nil {
		r.gap.Stop()
	}
	if r.taken == nil {
		return r.again(r.down.Push(v))
	}
	r.taken.Reset(r.backpressure)
	err := r.down.Push(v)
	r.taken.Stop()
	return r.again(err)
}

// again begins the time without an item, unless nothing may be pushed any more.
func (r *limiting[T]) again(err error) error {
	if err == nil && r.idle > 0 {
		r.gap.Reset(r.idle)
	}
	return err
}

func (r *limiting[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End {
		r.stop()
	}
	return r.down.Signal(sig)
}

func (r *limiting[T]) stop() {
	for _, t := range [...]*kernel.Timer{r.gap, r.whole} {
		if t != nil {
			t.Stop()
		}
	}
}

// late fires when no item came.
func (r *limiting[T]) late() error {
	if !r.some && r.initial > 0 {
		return r.exceeded(TimeoutInitial, r.initial)
	}
	return r.exceeded(TimeoutIdle, r.idle)
}

// exceeded fails or falls back.
func (r *limiting[T]) exceeded(kind TimeoutKind, after time.Duration) error {
	if !r.falls {
		return r.fail(kind, after)
	}
	r.stop()
	for _, v := range r.fallback {
		if err := r.s.Next(); err != nil {
			return err
		}
		if err := r.down.Push(v); err != nil {
			return err
		}
	}
	return r.s.Enough(r.down.Signal)
}

func (r *limiting[T]) fail(kind TimeoutKind, after time.Duration) error {
	return r.s.Break(&TimeoutError{Kind: kind, After: after})
}
