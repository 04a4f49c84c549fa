package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TumblingWindow groups the items by the time at which they come, into adjacent windows of
// one size.
//
//   - Emits: a [Window] when its time is over, and earlier when it has its maximum of items
//   - Holds: one window
//   - Backpressures: while a window waits for its receiver
//   - Completes: when the input ends, after the open window
//   - Cancels: drops the open window
//
// Every item is in exactly one window, and no window is empty. Windows begin at multiples of
// the size since the zero time, in UTC, as those of [time.Time.Truncate]: two processes agree
// on them. Those of a week begin on Monday. [TumblingWindow.WithOffset] moves them. An item
// that comes at the End of a window belongs to the next one.
//
// While a window waits for its receiver no items are read, so theirs is a later time, and the
// Start and the End of each window are right also if it is emitted late. If the clock is set
// while a window is open, the window closes with the first item or timer that sees a time
// outside of it.
//
// A window of more than 1<<20 items, or of the maximum of [TumblingWindow.WithMaxItems], is
// emitted in several, with the same Start and End.
//
// A barrier or a watermark waits until the window that is open when it comes has closed.
type TumblingWindow[T any] struct {
	base
	size, offset time.Duration
	max          int
	clk          Clock
}

// NewTumblingWindow makes a TumblingWindow, named "tumbling-window". size must be positive.
// The clock is optional; without it the TumblingWindow takes the clock of the run, or the real
// one.
//
//streamz:stage TumblingWindow(size time.Duration) NewTumblingWindow[T](size)
//streamz:example flow.Of("a").TumblingWindow(time.Hour).Map(func(w ops.Window[string]) []string { return w.Items })
//streamz:output [[a]]
//streamz:marble ab-c---d-e-------f--| f.TumblingWindow(50 * time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewTumblingWindow[T any](size time.Duration, clk ...Clock) *TumblingWindow[T] {
	w := &TumblingWindow[T]{name: "tumbling-window", size: size, max: maxBatch}
	w.clk = w.oneClock(clk)
	w.needPositive("size", size)
	return w
}

// WithName gives a copy with another name.
func (w *TumblingWindow[T]) WithName(name string) *TumblingWindow[T] {
	c := *w
	c.name = name
	return &c
}

// WithOffset gives a copy whose windows begin d later than the multiples of the size. It may
// be negative: days of a place one hour ahead of UTC begin an hour earlier, at -time.Hour.
func (w *TumblingWindow[T]) WithOffset(d time.Duration) *TumblingWindow[T] {
	c := *w
	c.offset = d
	return &c
}

// WithMaxItems gives a copy that emits a window at once when it has n items, and begins
// another one with the same Start and End. 0 is 1<<20.
func (w *TumblingWindow[T]) WithMaxItems(n int) *TumblingWindow[T] {
	c := *w
	c.max = c.needItems(n)
	return &c
}

// Process runs the TumblingWindow over channels, see [Processor].
func (w *TumblingWindow[T]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *TumblingWindow[T]) Kernel() kernel.Spec[T, Window[T]] {
	return kernel.Spec[T, Window[T]]{
		Self: w, Name: w.name, Op: "TumblingWindow", Err: w.err(),
		Timed: true, Clock: w.clk, Start: w.start,
	}
}

// tumbling is the state of one run.
type tumbling[T any] struct {
	*TumblingWindow[T]
	windowing[T]
	timer *kernel.Timer
	open  Window[T] // of the zero times before the first item, and while none is open
	gone  int64     // the number of items that have gone
	grown int       // the number of items that the last window reached: the next one may have a few more
}

func (w *TumblingWindow[T]) start(s *kernel.Stage, down kernel.Port[Window[T]]) kernel.Port[T] {
	r := &tumbling[T]{TumblingWindow: w, windowing: newWindowing(s, down)}
	r.timer = s.Timer(r.fire)
	s.OnClose(func(error) error {
		s.Held += int64(len(r.open.Items))
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *tumbling[T]) push(v T) error {
	r.s.In++
	if now := r.seg.Now(); r.over(now) {
		if err := r.turn(now); err != nil {
			return err
		}
	}
	if r.open.Items == nil && r.grown > 0 {
		r.open.Items = make([]T, 0, r.grown+r.grown/8)
	}
	r.open.Items = append(r.open.Items, v)
	if len(r.open.Items) < r.max {
		return nil
	}
	return r.flush()
}

// over tells whether a time is not in the open window.
func (r *tumbling[T]) over(now time.Time) bool {
	return !now.Before(r.open.End) || now.Before(r.open.Start)
}

// turn closes the open window and opens that of the item in hand, which is held meanwhile. The
// timer is set by the time that it is then: the receiver may have made it later.
func (r *tumbling[T]) turn(now time.Time) error {
	r.s.Held++
	if err := r.close(); err != nil {
		return err
	}
	r.s.Held--
	r.open.Start = aligned(now, r.size, r.offset)
	r.open.End = r.open.Start.Add(r.size)
	r.timer.Reset(r.open.End.Sub(r.seg.Now()))
	return nil
}

// fire closes the window, unless the clock was set and the window has some time left.
func (r *tumbling[T]) fire() error {
	if now := r.seg.Now(); !r.over(now) {
		r.timer.Reset(r.open.End.Sub(now))
		return nil
	}
	return r.close()
}

func (r *tumbling[T]) close() error {
	err := r.flush()
	r.open = Window[T]{}
	return err
}

// flush emits what the open window holds.
func (r *tumbling[T]) flush() error {
	if len(r.open.Items) == 0 {
		return nil
	}
	full := r.open
	r.open.Items, r.grown = nil, len(full.Items)
	r.s.Passed += int64(len(full.Items))
	r.gone += int64(len(full.Items))
	if err := r.emit(full); err != nil {
		return err
	}
	return r.release(r.gone)
}

func (r *tumbling[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End || sig.Kind == kernel.Flush {
		if err := r.close(); err != nil {
			return err
		}
	}
	if n := len(r.open.Items); n > 0 {
		r.wait(sig, r.gone+int64(n))
		return nil
	}
	return r.down.Signal(sig)
}
