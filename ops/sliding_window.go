package ops

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// SlidingWindow groups the items by the time at which they come, into windows of one size that
// begin at regular intervals, the slide: they overlap where the slide is shorter than the size.
//
//   - Emits: a [Window] when its time is over, and earlier when it has its maximum of items
//   - Holds: size/slide windows, whose items are held once
//   - Backpressures: while a window waits for its receiver
//   - Completes: when the input ends, after the open windows
//   - Cancels: drops the open windows
//
// Windows begin at multiples of the slide since the zero time, in UTC, as those of
// [time.Time.Truncate]: two processes agree on them. An item is in each window with
// Start <= time < End, so in up to size/slide of them, also in those that began before the
// first item. No window is empty, and each has a slice of its own. They come in the order of
// their Start. Where the slide is longer than the size there are gaps: an item that comes in
// one is dropped, and counted.
//
// While a window waits for its receiver no items are read, so theirs is a later time, and the
// Start and the End of each window are right also if it is emitted late. If the clock is set
// back the windows that are open close with the first item or timer that sees it.
//
// A window of more than 1<<20 items, or of the maximum of [SlidingWindow.WithMaxItems], is
// emitted in several, with the same Start and End.
//
// A barrier or a watermark waits until the items that came before it are in no open window.
type SlidingWindow[T any] struct {
	base
	size, slide time.Duration
	max         int
	clk         Clock
}

// NewSlidingWindow makes a SlidingWindow, named "sliding-window", whose slide is its size. size
// must be positive. The clock is optional; without it the SlidingWindow takes the clock of the
// run, or the real one.
//
//streamz:stage SlidingWindow(size, slide time.Duration) NewSlidingWindow[T](size).WithSlide(slide)
//streamz:example flow.Of("a").SlidingWindow(2*time.Hour, time.Hour).Map(func(w ops.Window[string]) []string { return w.Items })
//streamz:output [[a] [a]]
//streamz:marble a-b---c--d------e-| f.SlidingWindow(60*time.Millisecond, 30*time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewSlidingWindow[T any](size time.Duration, clk ...Clock) *SlidingWindow[T] {
	w := &SlidingWindow[T]{name: "sliding-window", size: size, slide: size, max: maxBatch}
	w.clk = w.oneClock(clk)
	w.needPositive("size", size)
	return w
}

// WithName gives a copy with another name.
func (w *SlidingWindow[T]) WithName(name string) *SlidingWindow[T] {
	c := *w
	c.name = name
	return &c
}

// WithSlide gives a copy whose windows begin every d, which must be positive.
func (w *SlidingWindow[T]) WithSlide(d time.Duration) *SlidingWindow[T] {
	c := *w
	c.slide = d
	c.needPositive("slide", d)
	return &c
}

// WithMaxItems gives a copy that emits a window at once when it has n items, and begins
// another one with the same Start and End. 0 is 1<<20.
func (w *SlidingWindow[T]) WithMaxItems(n int) *SlidingWindow[T] {
	c := *w
	c.max = c.needItems(n)
	return &c
}

// Process runs the SlidingWindow over channels, see [Processor].
func (w *SlidingWindow[T]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *SlidingWindow[T]) Kernel() kernel.Spec[T, Window[T]] {
	return kernel.Spec[T, Window[T]]{
		Self: w, Name: w.name, Op: "SlidingWindow", Err: w.err(),
		Timed: true, Clock: w.clk, Start: w.start,
	}
}

// sliding is the state of one run. The open windows are not kept one by one, since there may
// be many more of them than items.
type sliding[T any] struct {
	*SlidingWindow[T]
	windowing[T]
	timer *kernel.Timer

	items  fifo[T]         // those that an open window still has to emit, the oldest first
	begins fifo[beginning] // those of the items with which open windows begin
	begin  int64           // how many open windows begin with the next one
	next   int64           // its number

	open         fifo[similar] // the open windows, the one that closes next first
	first, last  time.Time     // the Start of that one and of the latest
	since, until time.Time     // meanwhile there is nothing to open or to close
	gap          bool          // between these two there is no window
}

// beginning is an item with which so many open windows begin.
type beginning struct{ no, windows int64 }

// similar are open windows, one after the other, that hold the same items.
type similar struct {
	windows int64
	from    int64 // the number of the first item
}

func (w *SlidingWindow[T]) start(s *kernel.Stage, down kernel.Port[Window[T]]) kernel.Port[T] {
	r := &sliding[T]{SlidingWindow: w, windowing: newWindowing(s, down)}
	r.timer = s.Timer(r.fire)
	s.OnClose(func(error) error {
		s.Held += int64(r.items.len())
		return nil
	})
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func (r *sliding[T]) push(v T) error {
	r.s.In++
	if now := r.seg.Now(); !now.Before(r.until) || now.Before(r.since) {
		if err := r.turn(now); err != nil {
			return err
		}
	}
	if r.gap {
		r.s.Dropped++
		return nil
	}
	if r.begin > 0 {
		r.begins.add(beginning{r.next, r.begin})
		r.begin = 0
	}
	r.items.add(v)
	r.next++
	if r.items.len() < r.max {
		return nil
	}
	return r.split()
}

// turn closes the windows that the item in hand is too late for, which is held meanwhile, and
// opens those that it is in.
func (r *sliding[T]) turn(now time.Time) error {
	r.s.Held++
	if err := r.catchUp(now); err != nil {
		return err
	}
	r.s.Held--
	if r.items.len() == 0 {
		r.anew(now)
	} else if n := now.Sub(r.last) / r.slide; n > 0 {
		r.last = r.last.Add(n * r.slide)
		r.add(int64(n))
	}
	r.bound()
	return nil
}

// anew opens the windows of a time where there were none.
func (r *sliding[T]) anew(now time.Time) {
	r.open.drop(r.open.len())
	r.begin = 0
	r.last = aligned(now, r.slide, 0)
	left := r.size - now.Sub(r.last)
	r.gap = left <= 0
	if !r.gap {
		before := (left - 1) / r.slide
		r.first = r.last.Add(-before * r.slide)
		r.add(int64(before) + 1)
	}
}

// add opens n windows, which begin with the next item.
func (r *sliding[T]) add(n int64) {
	r.open.add(similar{windows: n, from: r.next})
	r.begin += n
}

// bound says until when nothing happens, and sets the timer by the time that it is: the
// receiver of the last window may have made it later than that of the item in hand.
func (r *sliding[T]) bound() {
	r.since, r.until = r.last, r.last.Add(r.slide)
	if r.gap {
		r.since = r.last.Add(r.size)
		return
	}
	end := r.first.Add(r.size)
	if end.Before(r.until) {
		r.until = end
	}
	r.timer.Reset(end.Sub(r.seg.Now()))
}

func (r *sliding[T]) fire() error {
	if err := r.catchUp(r.seg.Now()); err != nil {
		return err
	}
	if r.items.len() == 0 {
		r.until = time.Time{} // the next item finds no window
		return nil
	}
	r.bound()
	return nil
}

// catchUp closes the windows whose time is over.
func (r *sliding[T]) catchUp(now time.Time) error {
	for r.items.len() > 0 && r.over(now) {
		if err := r.close(); err != nil {
			return err
		}
	}
	return nil
}

// over tells whether the first open window has to close. If the clock was set back all have to.
func (r *sliding[T]) over(now time.Time) bool {
	return now.Before(r.last) || !now.Before(r.first.Add(r.size))
}

// closeAll closes all windows, the first ones first.
func (r *sliding[T]) closeAll() error {
	for r.items.len() > 0 {
		if err := r.close(); err != nil {
			return err
		}
	}
	r.until = time.Time{}
	return nil
}

// close closes the first open window. It is empty if it was just emitted for its number of
// items.
func (r *sliding[T]) close() error {
	alike := &r.open.all()[0]
	start, from := r.first, alike.from
	r.first = r.first.Add(r.slide)
	if alike.windows--; alike.windows == 0 {
		r.open.drop(1)
	}
	if from == r.next {
		r.begin--
		return nil
	}
	return r.cut(start, from)
}

// split emits the windows that have their maximum of items, and has them go on.
func (r *sliding[T]) split() error {
	start := r.first
	for i := range r.open.all() {
		alike := &r.open.all()[i]
		if r.next-alike.from == int64(r.max) {
			if err := r.cutAll(start, alike); err != nil {
				return err
			}
		}
		start = start.Add(time.Duration(alike.windows) * r.slide)
	}
	return nil
}

func (r *sliding[T]) cutAll(start time.Time, alike *similar) error {
	for range alike.windows {
		if err := r.cut(start, alike.from); err != nil {
			return err
		}
		start = start.Add(r.slide)
	}
	alike.from = r.next
	r.begin += alike.windows
	return nil
}

// cut emits the items of a window, from one on.
func (r *sliding[T]) cut(start time.Time, from int64) error {
	items := append([]T(nil), r.items.all()[from-r.oldest():]...)
	r.ended(from)
	r.pass()
	if err := r.emit(Window[T]{Start: start, End: start.Add(r.size), Items: items}); err != nil {
		return err
	}
	return r.release(r.oldest())
}

// pass lets go of the items that no open window still has to emit.
func (r *sliding[T]) pass() {
	for r.begins.len() > 0 && r.begins.all()[0].windows == 0 {
		r.begins.drop(1)
	}
	n := r.items.len()
	if r.begins.len() > 0 {
		n = int(r.begins.all()[0].no - r.oldest())
	}
	r.items.drop(n)
	r.s.Passed += int64(n)
}

// oldest is the number of the oldest item: so many have gone.
func (r *sliding[T]) oldest() int64 { return r.next - int64(r.items.len()) }

// ended notes that one window less begins with the item of a number.
func (r *sliding[T]) ended(no int64) {
	begins := r.begins.all()
	at, _ := slices.BinarySearchFunc(begins, no, func(b beginning, no int64) int { return cmp.Compare(b.no, no) })
	begins[at].windows--
}

func (r *sliding[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.End || sig.Kind == kernel.Flush {
		if err := r.closeAll(); err != nil {
			return err
		}
	}
	if r.items.len() > 0 {
		r.wait(sig, r.next)
		return nil
	}
	return r.down.Signal(sig)
}
