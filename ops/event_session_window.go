package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// EventSessionWindow groups the items of each key into sessions by the times that are in them: in
// a session each item is within a gap of another one. What time it is, watermarks say, as those
// of an [EventTime] above.
//
//   - Emits: a [Window] when a watermark says that it is complete, again with each late item, and
//     earlier as its limits say
//   - Holds: the sessions that are not over, up to its maximum of sessions
//   - Backpressures: while a session waits for its receiver, for the items of all keys
//   - Completes: when the input ends, after the sessions that were not given, in order
//   - Cancels: drops the sessions that were not given
//
// Every item is in exactly one session, and no session is empty. Its Start is the time of its
// earliest item, and its End that of its latest and the gap. An item at the End of a session is in
// another one. An item between two sessions may make one of them: then the items of the earlier
// come first. Sessions come in the order of their End, those of the same End in that of their
// Start. A Window has no key: that of any of its Items is the session's.
//
// A session is complete when the watermark has reached its End. An item that is in none that is
// kept, and whose own gap is over by then, is too late: it is dropped, and counted. See
// [EventSessionWindow.WithLateness] for items that may come later, and
// [EventSessionWindow.WithLate] and flow.SplitLate for what becomes of those that are too late.
//
// When there would be more sessions than its maximum, by default 100,000, the one whose time is
// over first is given. A session that has 1<<20 items, or the maximum of
// [EventSessionWindow.WithMaxItems], is given, and a flush gives all that were not. The next item
// of the key begins a new one.
//
// A watermark passes when the sessions that it completes have been given: the event time of a
// session is its last moment, see [Window.Last]. A barrier waits until the sessions that wait to
// be given when it comes have been. A key whose items never pause holds it up.
type EventSessionWindow[T any, K comparable] struct {
	eventWindow[T]
	key func(T) K
	gap time.Duration
}

// NewEventSessionWindow makes an EventSessionWindow, named "event-session-window". key and at
// give the key and the time of an item. They must not be nil; they are called once an item, on
// one goroutine, and must not block. gap must be positive.
//
//streamz:stage EventSessionWindow
//streamz:example flow.Of(1, 5, 2, 3).EventSessionWindow(func(int) string { return "" }, func(n int) time.Time { return time.Unix(int64(n), 0) }, 2*time.Second).Map(func(w ops.Window[int]) []int { return w.Items })
//streamz:output [[1 2 3] [5]]
//streamz:marble a-c-b-h-j-i-p-t--| f.EventTime(at, 10*time.Millisecond).EventSessionWindow(func(string) string { return "" }, at, 30*time.Millisecond).Map(func(w ops.Window[string]) []string { return w.Items })
func NewEventSessionWindow[T any, K comparable](key func(T) K, at func(T) time.Time, gap time.Duration) *EventSessionWindow[T, K] {
	w := &EventSessionWindow[T, K]{newEventWindow("event-session-window", at), key, gap}
	w.needFunc(key == nil)
	w.needPositive("gap", gap)
	return w
}

// WithName gives a copy with another name.
func (w *EventSessionWindow[T, K]) WithName(name string) *EventSessionWindow[T, K] {
	c := *w
	c.name = name
	return &c
}

// WithLateness gives a copy in which a session that was given is kept until the watermark is d
// behind its End: until then it is given again, whole, with each item that comes for it. If an
// item makes it last longer it is given again when it is complete. d must not be negative; with
// 0, the default, such an item is too late.
func (w *EventSessionWindow[T, K]) WithLateness(d time.Duration) *EventSessionWindow[T, K] {
	c := *w
	c.setLateness(d)
	return &c
}

// WithLate gives a copy that hands each item that is too late to fn, one at a time; if that
// fails, the item has. In a flow these items can be a flow as well, see flow.SplitLate.
func (w *EventSessionWindow[T, K]) WithLate(fn func(context.Context, T) error) *EventSessionWindow[T, K] {
	c := *w
	c.setLate(fn)
	return &c
}

// WithMaxItems gives a copy that gives a session at once when it has n items. One that was made
// of two may have up to twice as many. 0 is 1<<20.
func (w *EventSessionWindow[T, K]) WithMaxItems(n int) *EventSessionWindow[T, K] {
	c := *w
	c.max = c.needItems(n)
	return &c
}

// WithMaxSessions gives a copy that keeps n sessions at most, at least 1, those that wait for
// late items included. The default is 100,000.
func (w *EventSessionWindow[T, K]) WithMaxSessions(n int) *EventSessionWindow[T, K] {
	c := *w
	c.setWindows("MaxSessions", n)
	return &c
}

// Process runs the EventSessionWindow over channels, see [Processor]. They carry no watermarks,
// so all sessions are given at the end.
func (w *EventSessionWindow[T, K]) Process(ctx context.Context, in <-chan T) <-chan Window[T] {
	return drive(ctx, in, w.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (w *EventSessionWindow[T, K]) Kernel() kernel.Spec[T, Window[T]] {
	return w.kernel(w, "EventSessionWindow", w.err(), w.start)
}

// LateKernel is Kernel for a flow that takes the items that are too late as well.
func (w *EventSessionWindow[T, K]) LateKernel() kernel.Spec[T, kernel.Either[Window[T], T]] {
	return w.lateKernel(w, "EventSessionWindow", w.err(), w.start)
}

func (w *EventSessionWindow[T, K]) start(r *eventWindowing[T]) eventWindows[T] {
	s := &eventSessions[T, K]{eventWindowing: r, key: w.key, gap: w.gap, byKey: make(map[K]*eventSession[T, K])}
	s.open.Clear()
	return s
}
