package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// SplitLate groups the items of f into windows by their time, as w says, gives these to one piece
// of a flow and the items that are too late for theirs to another, and merges what comes out of
// both. w is an [ops.EventTumblingWindow], an [ops.EventSlidingWindow] or an
// [ops.EventSessionWindow] without a function of its own for such items. What time it is,
// watermarks say, as those of [Flow.EventTime].
//
// In the books an item that is too late counts as passed, not as dropped. For the two pieces see
// [Flow.Branch], which tells of the rest. A policy given to a SplitLate is that of w and the
// default of all stages in it, which are named "split-late/windows/map" and
// "split-late/late/map".
func SplitLate[T, R any](f Flow[T], w ops.EventWindow[T], windows func(Flow[Window[T]]) Flow[R], late func(Flow[T]) Flow[R]) Flow[R] {
	err := kernel.Join(notNil(w, "window"), notNil(windows, "function of the windows"), notNil(late, "function of late items"))
	split := Flow[either[T]]{}
	if err == nil {
		split, err = eitherOf(f, w)
	}
	var ways []kernel.Way[either[T], R]
	if err == nil {
		ways = branches(
			func(f Flow[either[T]]) Flow[R] { return windows(f.Map(func(e either[T]) Window[T] { return e.A })) },
			func(f Flow[either[T]]) Flow[R] { return late(f.Map(func(e either[T]) T { return e.B })) },
		)
		ways[0].Name, ways[1].Name = "windows", "late"
	}
	return Flow[R]{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[R]) {
		split := split
		split.last.At, split.last.Policy = last.At, last.Policy
		split.fork("split-late", "SplitLate", err, kernel.CallsNothing, ways, wayOf[T]()).wire(seg, last, down)
	}}
}

// either is a window, or an item that is too late for its own.
type either[T any] = kernel.Either[Window[T], T]

// eitherOf is the flow of the windows and the items that are too late.
func eitherOf[T any](f Flow[T], w ops.EventWindow[T]) (Flow[either[T]], error) {
	spec := w.LateKernel()
	if spec.Self != any(w) {
		return Flow[either[T]]{}, needs("window", "must be a processor of package ops, which none around it can stand for")
	}
	return f.shape(spec), nil
}

// wayOf makes what tells where one of the two goes.
func wayOf[T any]() func(either[T]) []int {
	onTime, late := []int{0}, []int{1}
	return func(e either[T]) []int {
		if e.Second {
			return late
		}
		return onTime
	}
}
