package docs_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// groups are the parts of docs/shapes.md, by the names that its template has for them.
var groups = map[string][]shape{
	"FanIn": {
		{"Merge", "n → 1", "within each flow", "one for each flow, one below",
			ofAnyOrder(gallery{}.Merge), "[connected get /about get /home]"},
		{"MergePriority", "n → 1", "within each flow; the first flow goes first", "one for each flow, one below",
			of(gallery{}.MergePriority), "[event 1 event 2 alarm event 3]"},
		{"Interleave", "n → 1", "by turns", "one for each flow, one below",
			of(gallery{}.Interleave), "[a1 a2 b1 b2 a3]"},
		{"Concat", "n → 1", "one flow after the other", "none of its own: fused",
			of(gallery{}.Concat), "[name,age ada,36 bo,41]"},
		{"OrElse", "2 → 1", "that of the flow which gives", "none of its own: fused",
			of(gallery{}.OrElse), "[fetched]"},
		{"MergeSorted", "n → 1", "by a comparison", "one for each flow, one below",
			of(gallery{}.MergeSorted), "[1 2 3 4 9]"},
		{"Race", "n → 1", "that of the winner", "one for each flow, one below",
			of(gallery{}.Race), "[near]"},
		{"Zip", "2 → 1", "by place", "one for each flow, one below",
			of(gallery{}.Zip), "[{ada 36} {bo 41}]"},
		{"ZipLongest", "2 → 1", "by place", "one for each flow, one below",
			of(gallery{}.ZipLongest), "[{ada 36} {bo 41} {cy 0}]"},
		{"ZipLatest", "2 → 1", "by time", "one for each flow, one below",
			of(gallery{}.ZipLatest), "[{100 0.9} {100 0.8}]"},
		{"WithLatestFrom", "2 → 1", "that of the first flow", "one for each flow, one below",
			of(gallery{}.WithLatestFrom), "[{1 loud} {2 loud}]"},
		{"IntervalJoin", "2 → 1", "by time: that of the second item of a pair", "one for each flow, one below",
			of(gallery{}.IntervalJoin), "[{buy 12 paid 12}]"},
		{"WindowJoin", "2 → 1", "by window, then by the first flow", "one for each flow, one below",
			of(gallery{}.WindowJoin), "[{warm damp} {warm dry} {cold damp} {cold dry}]"},
	},
	"FanOut": {
		{"Branch", "1 → n → 1", "by item, then by branch", "none of its own: fused",
			of(gallery{}.Branch), "[A a B b C]"},
		{"Branch, not fused", "1 → n → 1", "within each branch", "one for each branch, one below",
			ofAnyOrder(gallery{}.BranchNotFused), "[A B C a b]"},
		{"Partition", "1 → 2 → 1", "as Branch", "as Branch",
			of(gallery{}.Partition), "[-1 20 -3 40]"},
		{"Route", "1 → n → 1", "as Branch", "as Branch",
			of(gallery{}.Route), "[EU us JP]"},
		{"Unzip", "1 → 2 → 1", "as Branch", "as Branch",
			of(gallery{}.Unzip), "[a B b C]"},
		{"AlsoTo", "1 → 1 + a sink", "kept on both", "one for the side",
			of(gallery{}.AlsoTo), "[book cup]"},
		{"SplitLate", "1 → 2 → 1", "as Branch", "as Branch",
			of(gallery{}.SplitLate), "[2 until 13:10 late: 13:08 2 until 13:20]"},
		{"Switch", "1 → n → 1", "within each case", "one for each case, one below",
			ofAnyOrder(gallery{}.Switch), "[1 2 50 70]"},
	},
	"Parallel": {
		{"Balance", "1 → n → 1", "within each piece", "one for each piece, one below",
			ofAnyOrder(gallery{}.Balance), "[A B C D]"},
		{"Parallel", "1 → n → 1", "that of the items", "one for each copy, two around",
			of(gallery{}.Parallel), "[0 1 4 16]"},
		{"ParallelUnordered", "1 → n → 1", "none", "one for each copy, one below",
			ofAnyOrder(gallery{}.ParallelUnordered), "[0 1 16 4]"},
		{"ParallelKeyed", "1 → n → 1", "within each key", "one for each copy, one below",
			ofAnyOrder(gallery{}.ParallelKeyed), "[a1 a2 b1 b2]"},
		{"Scaled", "1 → 1", "that of the stage", "one for each worker that there may be, two around",
			of(gallery{}.Scaled), "[0 1 4 9]"},
	},
	"Groups": {
		{"GroupBy", "1 → n → 1", "within each key", "none of its own: fused",
			of(gallery{}.GroupBy), "[[a1 a2] [b7 b9] [a5]]"},
		{"GroupByKeyed", "1 → n → 1", "within each key", "none of its own: fused",
			of(gallery{}.GroupByKeyed), "[{a 3} {b 2}]"},
	},
	"Time": {
		{"EventTime", "1 → 1", "kept", "none of its own: fused",
			of(gallery{}.EventTime), "[b 13:00 [8 3] a 13:00 [2 9] a 13:10 [14] b 13:20 [27]]"},
	},
	"Pieces": {
		{"Pipe", "1 → 1", "that of its stages", "those of its stages",
			of(gallery{}.Pipe), "[a b]"},
	},
}

// twice is no shape: it shows why there are no others.
var twice = shape{Name: "Twice", example: of(gallery{}.Twice), want: "[{0 0} {1 2} {2 4}]"}

// gallery holds the examples of docs/shapes.md, a method for each: its comment is the text of
// the section, and its body the code there.
type gallery struct{}

// Merge gives the items of all flows as they come. Order is kept within a flow, there is none
// between them, and none starves another.
func (gallery) Merge() flow.Flow[string] {
	web := flow.Of("GET /home", "GET /about").Map(strings.ToLower)
	db := flow.Of("connected")
	return flow.Merge(web, db)
}

// MergePriority is a `Merge` that takes from the earliest flow in the list that has an item,
// and looks for each item anew. So a busy flow starves those behind it. Here the alarm comes
// while the throttle holds the second event, and goes before the third.
func (gallery) MergePriority() flow.Flow[string] {
	alarms := flow.Of("alarm").Delay(500 * time.Millisecond)
	events := flow.Of("event 1", "event 2", "event 3")
	return flow.MergePriority(alarms, events).Throttle(1)
}

// Interleave gives some items of each flow in turn, here two, and waits for the flow whose turn
// it is, also while others have items. One that has ended is left out.
func (gallery) Interleave() flow.Flow[string] {
	a, b := flow.Of("a1", "a2", "a3"), flow.Of("b1", "b2")
	return flow.Interleave(2, a, b)
}

// Concat gives the items of one flow after those of the other. It needs no goroutine: the flows
// run on that of what is below, and the source of a later one does not start before the one in
// front of it has ended. An early end inside of one flow ends that one, and the next begins.
func (gallery) Concat() flow.Flow[string] {
	header := flow.Of("name,age")
	rows := flow.Of("ada,36", "bo,41", "cy,29").Take(2)
	return flow.Concat(header, rows)
}

// OrElse gives the items of the second flow if the first has ended without any. Else the
// source of the second is never started. It needs no goroutine, as a `Concat`.
func (gallery) OrElse() flow.Flow[string] {
	cached := flow.Empty[string]()
	return cached.OrElse(flow.Of("fetched"))
}

// MergeSorted makes one ordered flow of several that are ordered. It gives the least of the
// items that are next, of equal ones that of the earlier flow, and so waits until it knows the
// next item of each flow that has not ended.
func (gallery) MergeSorted() flow.Flow[int] {
	odd, square := flow.Of(1, 3), flow.Of(2, 4, 9)
	return flow.MergeSorted(cmp.Compare[int], odd, square)
}

// Race gives what comes of the flow that gives the first item, and stops the others then. One
// that ends without an item is out.
func (gallery) Race() flow.Flow[string] {
	far := flow.Of("far").Delay(time.Minute)
	near := flow.Of("near").Delay(time.Second)
	return flow.Race(far, near)
}

// Zip pairs the items of two flows by their places. Up to 256 items of each wait for their
// partners. It ends with the flow that ends first, and stops the other: items of that which
// have no partner are counted as queued.
func (gallery) Zip() flow.Flow[flow.Pair[string, int]] {
	names, ages := flow.Of("ada", "bo", "cy"), flow.Of(36, 41)
	return names.Zip(ages)
}

// ZipLongest is a `Zip` that ends with the flow that ends last. The zero value stands for
// what the other has no more.
func (gallery) ZipLongest() flow.Flow[flow.Pair[string, int]] {
	names, ages := flow.Of("ada", "bo", "cy"), flow.Of(36, 41)
	return names.ZipLongest(ages)
}

// ZipLatest gives a pair of the newest items of both flows each time one of them gives an
// item, once both have given one. It ends when both have ended. It is also known as
// CombineLatest.
func (gallery) ZipLatest() flow.Flow[flow.Pair[int, float64]] {
	price := flow.Of(100)
	rate := flow.Of(0.9, 0.8).Delay(time.Second)
	return price.ZipLatest(rate)
}

// WithLatestFrom gives a pair for each item of the first flow, with the newest that the other
// has given until then. Items that come before there is one are discarded. It ends with the
// first flow, and stops the other; the end of the other ends nothing.
func (gallery) WithLatestFrom() flow.Flow[flow.Pair[int, string]] {
	events := flow.Of(1, 2).Delay(time.Second)
	settings := flow.Of("quiet", "loud")
	return events.WithLatestFrom(settings)
}

// IntervalJoin pairs items of the same key by the times in them, here the payments with the orders
// that they come up to an hour after. A pair is given when the second of its items comes. An item is
// kept until the watermark of the other flow says that no partner can come, or that has ended; one that
// is behind a watermark of its own flow is late, and is dropped. At most 1<<20 items are kept.
func (gallery) IntervalJoin() flow.Flow[flow.Pair[string, string]] {
	minutes := map[string]int{"buy 11": 0, "buy 12": 5, "paid 12": 9, "paid 11": 70}
	order := func(s string) string { return s[len(s)-2:] }
	at := func(s string) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes[s]) * time.Minute) }
	orders, payments := flow.Of("buy 11", "buy 12"), flow.Of("paid 12", "paid 11")
	return orders.IntervalJoin(payments, flow.JoinOn(order, at, order, at), 0, time.Hour)
}

// WindowJoin pairs items of the same key whose times are in the same window. All pairs of a window
// are given when the watermarks of both flows have reached its end, or when both have ended.
func (gallery) WindowJoin() flow.Flow[flow.Pair[string, string]] {
	minutes := map[string]int{"warm": 1, "cold": 8, "damp": 2, "dry": 6, "wet": 11}
	room := func(string) string { return "attic" }
	at := func(s string) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes[s]) * time.Minute) }
	heat, air := flow.Of("warm", "cold"), flow.Of("damp", "dry", "wet")
	return heat.WindowJoin(air, flow.JoinOn(room, at, room, at), 10*time.Minute)
}

// Branch gives every item to each of several pieces, the same value and no copy, and merges what
// comes out of them. These are synchronous, so all of it is one goroutine: an item goes through
// one branch after the other, and its results come in the order of the branches.
func (gallery) Branch() flow.Flow[string] {
	upper := func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) }
	two := func(f flow.Flow[string]) flow.Flow[string] { return f.Take(2) }
	return flow.Of("a", "b", "c").Branch(upper, two)
}

// BranchNotFused is a `Branch` with an `Async` in one of its branches. Each has a goroutine of
// its own, and up to 256 items wait in front of it and behind it; the `Async`, which comes first
// here, makes its queue longer by 8. Order is kept within a branch. The slowest sets the pace,
// unless it begins with a `DroppingBuffer` or a `SlidingBuffer`.
func (gallery) BranchNotFused() flow.Flow[string] {
	upper := func(f flow.Flow[string]) flow.Flow[string] { return f.Async(8).Map(strings.ToUpper) }
	two := func(f flow.Flow[string]) flow.Flow[string] { return f.Take(2) }
	return flow.Of("a", "b", "c").Branch(upper, two)
}

// Partition gives the items for which a predicate is true to one piece, all others to
// another, and merges what comes out of both. The rest is as for a `Branch`.
func (gallery) Partition() flow.Flow[int] {
	even := func(n int) bool { return n%2 == 0 }
	tens := func(f flow.Flow[int]) flow.Flow[int] { return f.Map(func(n int) int { return n * 10 }) }
	less := func(f flow.Flow[int]) flow.Flow[int] { return f.Map(func(n int) int { return -n }) }
	return flow.Of(1, 2, 3, 4).Partition(even, tens, less)
}

// Route gives each item to the piece that is for its key. One whose key no `Case` has
// goes to the `Default`; without one it is discarded and counted as filtered. The rest is as for
// a `Branch`.
func (gallery) Route() flow.Flow[string] {
	region := func(s string) string { return s }
	loud := func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) }
	plain := func(f flow.Flow[string]) flow.Flow[string] { return f }
	return flow.Of("eu", "us", "jp").Route(region,
		flow.Case("us", plain), flow.Case("eu", loud), flow.Default[string](loud))
}

// Unzip gives the first half of each pair to one piece, the second to another, and merges what
// comes out of both. The rest is as for a `Branch`.
func (gallery) Unzip() flow.Flow[string] {
	same := func(f flow.Flow[string]) flow.Flow[string] { return f }
	upper := func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) }
	return flow.Unzip(flow.Of("a", "b", "c").Pairwise(), same, upper)
}

// AlsoTo gives every item to a further sink as well, and goes on with it. The main line is fused;
// the side has a goroutine of its own behind a queue. When that is full the main line waits, or
// the side loses items: here the oldest, and `SideDrop` loses the newest instead. Each may end
// early without the other, and the run ends when both have.
func (gallery) AlsoTo() flow.Flow[string] {
	log := func(f flow.Flow[string]) flow.Job { return f.Map(strings.ToUpper).Discard() }
	return flow.Of("book", "lamp", "cup").
		AlsoTo(log, flow.SideSlide(100)).
		Filter(func(order string) bool { return order != "lamp" })
}

// SplitLate groups items into windows by the times that are in them. The windows go to one piece,
// and the items that come too late for theirs to another. The rest is as for a `Branch`.
func (gallery) SplitLate() flow.Flow[string] {
	at := func(minute int) time.Time { return time.Date(2024, 5, 15, 13, minute, 0, 0, time.UTC) }
	count := func(w flow.Window[int]) string { return fmt.Sprint(len(w.Items), " until ", w.End.Format("15:04")) }
	late := func(minute int) string { return "late: " + at(minute).Format("15:04") }
	return flow.SplitLate(
		flow.Of(1, 2, 11, 8, 12).EventTime(at, 0), ops.NewEventTumblingWindow(at, 10*time.Minute),
		func(f flow.Flow[flow.Window[int]]) flow.Flow[string] { return f.Map(count) },
		func(f flow.Flow[int]) flow.Flow[string] { return f.Map(late) },
	)
}

// Switch gives each item to the processor of the first case whose predicate is true. It knows
// processors instead of flows, and is one itself, so that it runs over channels as well. It does
// not fuse: each case has a goroutine of its own, and up to two items wait in front of it and behind
// it, which `ops.Switch` has an option for.
func (gallery) Switch() flow.Flow[int] {
	big := func(n int) bool { return n > 4 }
	tens := ops.NewMapper(func(n int) int { return n * 10 })
	return flow.Of(1, 5, 2, 7).Switch(ops.When("big", big, tens), ops.Otherwise(ops.NewTake[int](2)))
}

// Balance gives each item to one of several pieces, which need not be alike: to the one in front
// of which the fewest wait. At most two do, so that one which takes long holds up few.
func (gallery) Balance() flow.Flow[string] {
	near := func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) }
	far := func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.TrimSpace).Map(strings.ToUpper) }
	return flow.Of("a", "b", "c", "d").Balance(near, far)
}

// ParallelUnordered is a `Balance` of several copies of one piece. Each copy has the state of its
// stages for itself, and results come in no order. For one function that takes long there is
// `AsyncMap`, which keeps it.
func (gallery) ParallelUnordered() flow.Flow[int] {
	return flow.Range(0, 5).ParallelUnordered(2, func(f flow.Flow[int]) flow.Flow[int] {
		return f.Filter(func(n int) bool { return n != 3 }).Map(func(n int) int { return n * n })
	})
}

// ParallelKeyed sends items of the same key through the same copy. So their order is kept, and
// stages may have state for each key, as the `Dedupe` here. Up to 256 items wait in front of each
// copy; while one is full all wait.
func (gallery) ParallelKeyed() flow.Flow[string] {
	user := func(visit string) string { return visit[:1] }
	return flow.Of("a1", "b1", "a1", "a2", "b2").ParallelKeyed(2, user, func(f flow.Flow[string]) flow.Flow[string] {
		return f.Dedupe(func(visit string) string { return visit }, 0)
	})
}

// Parallel runs several copies of one piece and keeps the order of the items, for stages that keep
// nothing from one item to the next: `Map`, `TryMap`, `Filter`, `Tap`, `Call`, `FlatMap`, and a
// `Branch` of such. Any other is a configuration error.
func (gallery) Parallel() flow.Flow[int] {
	return flow.Range(0, 5).Parallel(2, func(f flow.Flow[int]) flow.Flow[int] {
		return f.Filter(func(n int) bool { return n != 3 }).Map(func(n int) int { return n * n })
	})
}

// GroupBy gives the items of each key a copy of a piece of their own, so that a `Batch`, a window
// or a `Fold` in it is of that key. A key costs the memory of its state: all copies run on one
// goroutine, and their stages have one row in the report.
func (gallery) GroupBy() flow.Flow[[]string] {
	user := func(visit string) string { return visit[:1] }
	return flow.Of("a1", "b7", "a2", "a5", "b9").GroupBy(user, func(f flow.Flow[string]) flow.Flow[[]string] {
		return f.Batch(2, 0)
	}, flow.EvictIdle(time.Hour))
}

// GroupByKeyed gives each result together with its key.
func (gallery) GroupByKeyed() flow.Flow[flow.Pair[string, int]] {
	user := func(visit string) string { return visit[:1] }
	return flow.Of("a1", "b7", "a2", "a5", "b9").GroupByKeyed(user, func(f flow.Flow[string]) flow.Flow[int] {
		return f.Fold(0, func(n int, _ string) int { return n + 1 })
	})
}

// Scaled has the number of workers of a stage change while it runs: by hand with `Manual`, or with
// `Auto`, which adds workers as long as that brings more results, and takes them away where calls
// only get slower, or there is nothing to do. The snapshot of a running flow tells the number and the
// latest decisions. It is for one function; the copies of a `Parallel` are as many as they are.
func (gallery) Scaled() flow.Flow[int] {
	square := func(_ context.Context, n int) (int, error) { return n * n, nil }
	return flow.Range(0, 4).AsyncMap(4, square).Scaled(flow.Auto(2, 64))
}

// EventTime tells by watermarks how far a stream has come by the times in its items, of which
// some are late by up to a bound. The windows behind it go by that and not by the clock, here those
// of each key in a `GroupBy`: the first reading of b comes late, and is in its window all the same.
func (gallery) EventTime() flow.Flow[string] {
	type reading struct {
		sensor string
		minute int
	}
	at := func(r reading) time.Time { return time.Date(2024, 5, 15, 13, r.minute, 0, 0, time.UTC) }
	sensor := func(r reading) string { return r.sensor }
	count := func(w flow.Window[reading]) string {
		var minutes []int
		for _, r := range w.Items {
			minutes = append(minutes, r.minute)
		}
		return fmt.Sprint(w.Items[0].sensor, " ", w.Start.Format("15:04"), " ", minutes)
	}
	return flow.Of(reading{"a", 2}, reading{"b", 8}, reading{"a", 9}, reading{"b", 3}, reading{"a", 14}, reading{"b", 27}).
		EventTime(at, 5*time.Minute).
		GroupBy(sensor, func(f flow.Flow[reading]) flow.Flow[string] {
			return f.EventTumblingWindow(at, 10*time.Minute).Map(count)
		})
}

// Pipe makes a processor of a piece of a flow, to be used in many flows with `Then`, or over
// channels. Its stages are wired as if they stood there themselves, and fuse with those around
// them. A name given to it is the first part of theirs, and a policy their default.
func (gallery) Pipe() flow.Flow[string] {
	clean := flow.Pipe(func(f flow.Flow[string]) flow.Flow[string] {
		return f.Map(strings.TrimSpace).Filter(func(s string) bool { return s != "" })
	})
	return flow.Of(" a", "", "b ").Then(clean).Named("clean")
}

// Twice uses one description for two sources.
func (gallery) Twice() flow.Flow[flow.Pair[int, int]] {
	numbers := flow.Range(0, 3)
	return numbers.Zip(numbers.Map(func(n int) int { return 2 * n }))
}
