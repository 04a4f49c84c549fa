package flow

import (
	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// MergePriority gives the items of all flows as they come, as [Merge] does, but while several
// have items those of the earlier in the list go first: it looks for each item anew. So a
// busy flow starves those behind it. Without flows it is empty.
//
// What is said of [Merge] about goroutines, ends, signals, names and policies holds here too.
func MergePriority[T any](flows ...Flow[T]) Flow[T] {
	return join(flows, "merge-priority", "MergePriority", within("merge-priority", kernel.Prioritized[T]))
}

// Interleave gives n items of each flow in turn, and waits for the flow whose turn it is, also
// while others have items. One that has ended is left out. It ends when all have. n must be
// positive. Without flows it is empty.
//
// Each flow runs on a goroutine of its own, and up to 256 of its items wait. What is said of
// [Merge] about ends, signals, names and policies holds here too.
func Interleave[T any](n int, flows ...Flow[T]) Flow[T] {
	f := join(flows, "interleave", "Interleave", within("interleave", func(seg *kernel.Segment, down kernel.Port[T], wires []kernel.Wire[T]) {
		kernel.Interleave(seg, n, down, wires)
	}))
	if n < 1 {
		f.last.Err = &ConfigError{Field: "count", Value: n, Want: "must be positive"}
	}
	return f
}

// MergeSorted makes one ordered flow of several that are ordered by compare, which gives a
// negative number when a comes before b, 0 when they are equal, and else a positive one. It
// gives the least of the items that are next; equal ones in the order of their flows. It
// waits until it knows the next item of each flow that has not ended. If some flow is not in
// order the result is not either. It ends when all have. compare must not be nil. Without
// flows it is empty.
//
// compare must not block. Its panic ends the run as a failure of the MergeSorted, whatever the
// policy. Each flow runs on a goroutine of its own, and up to 256 of its items wait. What is
// said of [Merge] about ends, signals, names and policies holds here too; the MergeSorted
// itself, which is a stage, has the name alone.
func MergeSorted[T any](compare func(a, b T) int, flows ...Flow[T]) Flow[T] {
	f := join(flows, "merge-sorted", "MergeSorted", func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T], wires []kernel.Wire[T]) {
		kernel.MergeSorted(seg, kernel.Junction{Site: last, Name: "merge-sorted", Op: "MergeSorted"}, compare, down, wires)
	})
	f.last.Err = notNil(compare, "comparison")
	return f
}

// Race gives what comes of the flow that gives the first item, and stops all others then. A
// flow that ends without an item is out; when all are it ends. Of several that give their
// first at once any may win. Without flows it is empty.
//
// Each flow runs on a goroutine of its own until then, and up to 256 of its items wait; those
// of flows that have lost count as queued. Also the failure of a flow that might have lost
// ends the run while none has won. What is said of [Merge] about signals, names and policies
// holds here too.
func Race[T any](flows ...Flow[T]) Flow[T] {
	return join(flows, "race", "Race", within("race", kernel.Race[T]))
}

// OrElse gives the items of other if f has ended without any, be it early. The source of other
// is not started before. A failure of f ends the run.
//
// A name is that of the OrElse alone.
func (f Flow[T]) OrElse[_ lazy](other Flow[T]) Flow[T] {
	return Flow[T]{last: settings{At: callsite.Here()}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[T]) {
		kernel.Otherwise(seg, kernel.Junction{Site: last, Name: "or-else", Op: "OrElse"}, down, f.connect, other.connect)
	}}
}
