package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EventTumblingWindow groups the items by the times that are in them, into adjacent windows of
// one size. What time it is, watermarks say, as those of an [EventTime] above.
//
//   - Emits: a [Window] when a watermark says that it is complete, again with each late item, and
//     earlier when it has its maximum of items
//   - Holds: the windows that items came for and that are not over, up to its maximum of windows
//   - Backpressures: while a window waits for its receiver
//   - Completes: when the input ends, after the windows that were not given, in order
//   - Cancels: drops the windows that were not given
//
// Every item is in exactly one window, and no window is empty. Windows begin at multiples of
// the size since the zero time, in UTC, as those of [time.Time.Truncate]. The times in a window
// are from its Start up to but not including its End. Windows come in the order of their End, and
// the items of one in the order in which they came. Without watermarks all windows come at the
// end.
//
// A window is complete when the watermark has reached its End. An item that comes for it then is
// too late: it is dropped, and counted. See [EventTumblingWindow.WithLateness] for items that may
// come later, and [EventTumblingWindow.WithLate] and flow.SplitLate for what becomes of those that
// are too late.
//
// A window of more than 1<<20 items, or of the maximum of [EventTumblingWindow.WithMaxItems], is
// given in several, with the same Start and End. When there would be more windows than its
// maximum, by default 100,000, the earliest one is given before its time. A flush gives all that
// were not given. If an item comes for such a window later, it begins another one with the same
// Start and End.
//
// A watermark passes when the windows that it completes have been given: the event time of a
// window is its last moment, see [Window.Last]. A barrier waits until all windows up to the
// latest one that there is when it comes have been given.
type EventTumblingWindow[T any] struct {
	eventWindow[T]
	grid grid
}

// NewEventTumblingWindow makes an EventTumblingWindow, named "event-tumbling-window". at gives the
// time of an item. It must not be nil; it is called once an item, on one goroutine, and must not
// block. size must be positive.
//
//streamz:stage EventTumblingWindow
//streamz:example flow.Of(1, 3, 2, 5).EventTumblingWindow(func(n int) time.Time { return time.Unix(int64(n), 0) }, 2*time.Second).Map(func(w ops.Window[int]) []int { return w.Items })
//streamz:output [[1] [3 2] [5]]
//streamz:marble a-c-b-d-f-e-g-i-h-j--| f.EventTime(at, 10*time.Millisecond).EventTumblingWindow(at, 30*time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewEventTumblingWindow[T any](at func(T) time.Time, size time.Duration) *EventTumblingWindow[T] {
	w := &EventTumblingWindow[T]{newEventWindow("event-tumbling-window", at), grid{size: size, slide: size}}
	w.needPositive("size", size)
	return w
}

// WithName gives a copy with another name.
func (w *EventTumblingWindow[T]) WithName(name string) *EventTumblingWindow[T] {
	c := *w
	c.name = name
	return &c
}

// WithOffset gives a copy whose windows begin d later than the multiples of the size. It may
// be negative: days of a place one hour ahead of UTC begin an hour earlier, at -time.Hour.
func (w *EventTumblingWindow[T]) WithOffset(d time.Duration) *EventTumblingWindow[T] {
	c := *w
	c.grid.offset = d
	return &c
}

// WithLateness gives a copy in which a window that was given is kept until the watermark is d
// behind its End: until then it is given again, whole, with each item that comes for it. d must
// not be negative; with 0, the default, such an item is too late.
func (w *EventTumblingWindow[T]) WithLateness(d time.Duration) *EventTumblingWindow[T] {
	c := *w
	c.setLateness(d)
	return &c
}

// WithLate gives a copy that hands each item that is too late to fn, one at a time; if that
// fails, the item has. In a flow these items can be a flow as well, see flow.SplitLate.
func (w *EventTumblingWindow[T]) WithLate(fn func(context.Context, T) error) *EventTumblingWindow[T] {
	c := *w
	c.setLate(fn)
	return &c
}

// WithMaxItems gives a copy that emits a window at once when it has n items, and begins
// another one with the same Start and End. 0 is 1<<20.
func (w *EventTumblingWindow[T]) WithMaxItems(n int) *EventTumblingWindow[T] {
	c := *w
	c.max = c.needItems(n)
	return &c
}

// WithMaxWindows gives a copy that keeps n windows at most, at least 1, those that wait for late
// items included. The default is 100,000.
func (w *EventTumblingWindow[T]) WithMaxWindows(n int) *EventTumblingWindow[T] {
	c := *w
	c.setWindows("MaxWindows", n)
	return &c
}

// Process runs the EventTumblingWindow over channels, see [Processor]. They carry no watermarks, so
// all windows are given at the end.
func (w *EventTumblingWindow[T]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *EventTumblingWindow[T]) Kernel() kernel.Spec[T, Window[T]] {
	return w.kernel(w, "EventTumblingWindow", w.err(), w.grid.start[T])
}

// LateKernel is Kernel for a flow that takes the items that are too late as well.
func (w *EventTumblingWindow[T]) LateKernel() kernel.Spec[T, kernel.Either[Window[T], T]] {
	return w.lateKernel(w, "EventTumblingWindow", w.err(), w.grid.start[T])
}
