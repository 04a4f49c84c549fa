package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EventSlidingWindow groups the items by the times that are in them, into windows of one size
// that begin at regular intervals, the slide: they overlap where the slide is shorter than the
// size. What time it is, watermarks say, as those of an [EventTime] above.
//
//   - Emits: a [Window] when a watermark says that it is complete, again with each late item, and
//     earlier when it has its maximum of items
//   - Holds: the windows that items came for and that are not over, up to its maximum of windows,
//     each with its items
//   - Backpressures: while a window waits for its receiver
//   - Completes: when the input ends, after the windows that were not given, in order
//   - Cancels: drops the windows that were not given
//
// Windows begin at multiples of the slide since the zero time, in UTC, as those of
// [time.Time.Truncate]. An item is in each window with Start <= time < End, so in up to
// size/slide of them, and held in each. No window is empty, and each has a slice of its own.
// Where the slide is longer than the size there are gaps: an item in one is dropped, and counted.
//
// In all else it does as an [EventTumblingWindow] does. An item is too late when the last of
// its windows is over; if only some are, it is in the others.
type EventSlidingWindow[T any] struct {
	eventWindow[T]
	grid grid
}

// NewEventSlidingWindow makes an EventSlidingWindow, named "event-sliding-window". at gives the
// time of an item. It must not be nil; it is called once an item, on one goroutine, and must not
// block. size and slide must be positive, and an item in no more windows than are kept.
//
//streamz:stage EventSlidingWindow
//streamz:example flow.Of(1, 2, 4, 3).EventSlidingWindow(func(n int) time.Time { return time.Unix(int64(n), 0) }, 4*time.Second, 2*time.Second).Map(func(w ops.Window[int]) []int { return w.Items })
//streamz:output [[1] [1 2 3] [2 4 3] [4]]
//streamz:marble a-c-b-d-f-e-g-i--| f.EventTime(at, 10*time.Millisecond).EventSlidingWindow(at, 40*time.Millisecond, 20*time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewEventSlidingWindow[T any](at func(T) time.Time, size, slide time.Duration) *EventSlidingWindow[T] {
	w := &EventSlidingWindow[T]{newEventWindow("event-sliding-window", at), grid{size: size, slide: slide}}
	w.needPositive("size", size)
	w.needPositive("slide", slide)
	return w
}

// WithName gives a copy with another name.
func (w *EventSlidingWindow[T]) WithName(name string) *EventSlidingWindow[T] {
	c := *w
	c.name = name
	return &c
}

// WithLateness gives a copy in which a window that was given is kept until the watermark is d
// behind its End: until then it is given again, whole, with each item that comes for it. d must
// not be negative; with 0, the default, such an item is too late.
func (w *EventSlidingWindow[T]) WithLateness(d time.Duration) *EventSlidingWindow[T] {
	c := *w
	c.setLateness(d)
	return &c
}

// WithLate gives a copy that hands each item that is too late to fn, one at a time; if that
// fails, the item has. In a flow these items can be a flow as well, see flow.SplitLate.
func (w *EventSlidingWindow[T]) WithLate(fn func(context.Context, T) error) *EventSlidingWindow[T] {
	c := *w
	c.setLate(fn)
	return &c
}

// WithMaxItems gives a copy that emits a window at once when it has n items, and begins
// another one with the same Start and End. 0 is 1<<20.
func (w *EventSlidingWindow[T]) WithMaxItems(n int) *EventSlidingWindow[T] {
	c := *w
	c.max = c.needItems(n)
	return &c
}

// WithMaxWindows gives a copy that keeps n windows at most, at least 1, those that wait for late
// items included. The default is 100,000.
func (w *EventSlidingWindow[T]) WithMaxWindows(n int) *EventSlidingWindow[T] {
	c := *w
	c.setWindows("MaxWindows", n)
	return &c
}

// Process runs the EventSlidingWindow over channels, see [Processor]. They carry no watermarks, so
// all windows are given at the end.
func (w *EventSlidingWindow[T]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *EventSlidingWindow[T]) Kernel() kernel.Spec[T, Window[T]] {
	return w.kernel(w, "EventSlidingWindow", w.fits(), w.grid.start[T])
}

// LateKernel is Kernel for a flow that takes the items that are too late as well.
func (w *EventSlidingWindow[T]) LateKernel() kernel.Spec[T, kernel.Either[Window[T], T]] {
	return w.lateKernel(w, "EventSlidingWindow", w.fits(), w.grid.start[T])
}

// fits adds the misuse of windows that overlap so much that not all of an item's can be kept,
// which no single option can see.
func (w *EventSlidingWindow[T]) fits() error {
	b := w.base
	if w.grid.slide > 0 && w.windows > 0 && (w.grid.size-1)/w.grid.slide >= time.Duration(w.windows) {
		b.misuse("slide", w.grid.slide, "must leave an item in no more windows than are kept")
	}
	return b.err()
}
