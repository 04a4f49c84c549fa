package ops

import (
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Window is what came in a span of time: the Items with Start <= time < End, in the order in
// which they came, at least one of them. Their time is that of the clock when they were
// received, or in windows of event time the one that is in them. The Items belong to the receiver.
//
// A window that reached the maximum of its items, or that the end of the input cut short, has
// the End that was planned, so of two windows with the same Start and End the later one
// continues the earlier one. One that is given again for a late item has all its items anew.
type Window[T any] struct {
	Start, End time.Time
	Items      []T
}

// Last is the last moment in the window, one nanosecond before its End. It is the event time of a
// window of items by their time: what [EventTime] and further windows below go by.
func (w Window[T]) Last() time.Time { return w.End.Add(-1) }

// aligned gives the last multiple of d, counted from offset after the zero time, that is not
// after t.
func aligned(t time.Time, d, offset time.Duration) time.Time {
	return t.Add(-offset).Truncate(d).Add(offset)
}

// windowing is what the runs of all windows have.
type windowing[T any] struct {
	s       *kernel.Stage
	seg     *kernel.Segment
	down    kernel.Port[Window[T]]
	waiting fifo[waiting]
}

// waiting is a signal that may not overtake the items that came before it.
type waiting struct {
	sig kernel.Signal
	at  int64 // it goes when so many have gone, by the count of the kind of windows
}

func newWindowing[T any](s *kernel.Stage, down kernel.Port[Window[T]]) windowing[T] {
	return windowing[T]{s: s, seg: s.Segment(), down: down}
}

// needItems keeps the misuse of a WithMaxItems and gives the bound.
func (b *base) needItems(n int) int {
	if n < 0 {
		b.misuse("MaxItems", n, "must not be negative")
	}
	if n == 0 {
		return maxBatch
	}
	return n
}

// emit sends a window. The caller has booked its items.
func (w *windowing[T]) emit(win Window[T]) error {
	w.s.Out++
	return w.down.Push(win)
}

// wait keeps a signal until so many have gone. A watermark includes the one right before it.
func (w *windowing[T]) wait(sig kernel.Signal, at int64) {
	list := w.waiting.all()
	if last := len(list) - 1; last >= 0 && sig.Kind == kernel.Watermark && list[last].at == at && list[last].sig.Kind == kernel.Watermark {
		list[last].sig = sig.With(list[last].sig)
		return
	}
	w.waiting.add(waiting{sig, at})
}

// release sends the signals for which enough have gone.
func (w *windowing[T]) release(gone int64) error {
	for w.waiting.len() > 0 && w.waiting.all()[0].at <= gone {
		sig := w.waiting.all()[0].sig
		w.waiting.drop(1)
		if err := w.down.Signal(sig); err != nil {
			return err
		}
	}
	return nil
}
