package ops_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("sliding-window", 2, ints(5), referenceHalfDays, ops.NewSlidingWindow[int](day).WithSlide(day/2).WithMaxItems(2), nil, randomInts),
)

var _ = misused(
	newMisuse("sliding window without size", "sliding-window: size must be positive, got 0s", ops.NewSlidingWindow[int](0)),
	newMisuse("sliding window without slide", "sliding-window: slide must be positive, got 0s", ops.NewSlidingWindow[int](ms).WithSlide(0)),
	newMisuse("sliding window of negative items", "sliding-window: MaxItems must not be negative, got -1", ops.NewSlidingWindow[int](ms).WithMaxItems(-1)),
	newMisuse("sliding window with two clocks", "sliding-window: clock must be given once at most, got 2", ops.NewSlidingWindow[int](ms, nil, nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("sliding ", n+1), flattened(ops.NewSlidingWindow[int](time.Duration(n+1) * ms)), referenceMap(same), false}
})

// referenceHalfDays gives each pair in the two windows of a day that are open at the epoch.
func referenceHalfDays(in ...int) (out []ops.Window[int]) {
	for _, pair := range referenceChunks[int](2)(in...) {
		out = append(out, ops.Window[int]{Start: epoch.Add(-day / 2), End: epoch.Add(day / 2), Items: pair})
		out = append(out, ops.Window[int]{Start: epoch, End: epoch.Add(day), Items: pair})
	}
	return out
}

func sliding(size, slide time.Duration) *ops.SlidingWindow[int] {
	return ops.NewSlidingWindow[int](size).WithSlide(slide)
}

func TestSlidingWindow(t *testing.T) {
	checkCases(t, []windowCase{
		{
			"windows that overlap, also those from before the first item", sliding(100*ms, 50*ms),
			script[int]{{10 * ms, []int{1}}, {50 * ms, []int{2}}, {50 * ms, []int{3}}, {200 * ms, nil}},
			spans{
				{50 * ms, span{-50 * ms, 50 * ms, []int{1}}}, {100 * ms, span{0, 100 * ms, []int{1, 2}}},
				{150 * ms, span{50 * ms, 150 * ms, []int{2, 3}}}, {200 * ms, span{100 * ms, 200 * ms, []int{3}}},
			},
		},
		{
			"the slide is the size unless it is said", ops.NewSlidingWindow[int](20 * ms),
			script[int]{{5 * ms, []int{1}}, {15 * ms, []int{2}}, {20 * ms, nil}},
			spans{{20 * ms, span{0, 20 * ms, []int{1}}}, {40 * ms, span{20 * ms, 40 * ms, []int{2}}}},
		},
		{
			"a slide that does not divide the size", sliding(25*ms, 10*ms),
			script[int]{{12 * ms, []int{1}}, {40 * ms, nil}},
			spans{{15 * ms, span{-10 * ms, 15 * ms, []int{1}}}, {25 * ms, span{0, 25 * ms, []int{1}}}, {35 * ms, span{10 * ms, 35 * ms, []int{1}}}},
		},
		{
			"gaps", sliding(10*ms, 30*ms),
			script[int]{{9 * ms, []int{1}}, {1 * ms, []int{2}}, {19 * ms, []int{3}}, {1 * ms, []int{4}}, {10 * ms, nil}},
			spans{{10 * ms, span{0, 10 * ms, []int{1}}}, {40 * ms, span{30 * ms, 40 * ms, []int{4}}}},
		},
		{
			"an item at the End belongs to the next windows", sliding(20*ms, 10*ms),
			script[int]{{0, []int{1}}, {10 * ms, []int{2}}, {20 * ms, nil}},
			spans{{10 * ms, span{-10 * ms, 10 * ms, []int{1}}}, {20 * ms, span{0, 20 * ms, []int{1, 2}}}, {30 * ms, span{10 * ms, 30 * ms, []int{2}}}},
		},
		{
			"the end of the input", sliding(30*ms, 10*ms),
			script[int]{{5 * ms, []int{1}}, {10 * ms, []int{2}}},
			spans{
				{10 * ms, span{-20 * ms, 10 * ms, []int{1}}},
				{15 * ms, span{-10 * ms, 20 * ms, []int{1, 2}}}, {15 * ms, span{0, 30 * ms, []int{1, 2}}}, {15 * ms, span{10 * ms, 40 * ms, []int{2}}},
			},
		},
		{"no item, no window", sliding(20*ms, 10*ms), script[int]{{200 * ms, nil}}, nil},
		{
			"a maximum of items", sliding(20*ms, 10*ms).WithMaxItems(2),
			script[int]{{5 * ms, []int{1}}, {10 * ms, []int{2, 3}}, {20 * ms, nil}},
			spans{
				{10 * ms, span{-10 * ms, 10 * ms, []int{1}}},
				{15 * ms, span{0, 20 * ms, []int{1, 2}}}, {15 * ms, span{10 * ms, 30 * ms, []int{2, 3}}}, {20 * ms, span{0, 20 * ms, []int{3}}},
			},
		},
	})
}

// piece is what a window emits at once, and what decides the order.
type piece struct {
	at    time.Duration
	cause int // 0 the time of the window, 1 its number of items, 2 the end of the input
	item  int // that was the last of that number
	stamped[span]
}

// referenceSliding is the SlidingWindow over a script: it looks at every window by itself.
func referenceSliding(size, slide time.Duration, limit int, in script[int]) spans {
	var items []stamped[int]
	var end time.Duration
	for _, step := range in {
		end += step.After
		for _, v := range step.Items {
			items = append(items, stamped[int]{end, v})
		}
	}
	var pieces []piece
	for start := floor(-size, slide); start <= end; start += slide {
		pieces = append(pieces, piecesOf(span{start, start + size, nil}, limit, items, end)...)
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.cause, b.cause), cmp.Compare(a.item, b.item), cmp.Compare(a.Item.Start, b.Item.Start))
	})
	var out spans
	for _, p := range pieces {
		out = append(out, stamped[span]{p.at, p.Item})
	}
	return out
}

func piecesOf(window span, limit int, items []stamped[int], end time.Duration) (out []piece) {
	add := func(at time.Duration, cause, item int) {
		out = append(out, piece{at, cause, item, stamped[span]{at, window}})
		window.Items = nil
	}
	for i, v := range items {
		if v.At < window.Start || v.At >= window.End {
			continue
		}
		if window.Items = append(window.Items, v.Item); len(window.Items) == limit {
			add(v.At, 1, i)
		}
	}
	switch {
	case len(window.Items) == 0:
	case window.End <= end:
		add(window.End, 0, 0)
	default:
		add(end, 2, 0)
	}
	return out
}

func TestSlidingWindowModel(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		size, slide := time.Duration(1+r.IntN(40))*ms, randomSize(r)
		limit, in := r.IntN(8), randomScript(r)
		want := referenceSliding(size, slide, limit, in)
		if checkWindows(t, want, in, sliding(size, slide).WithMaxItems(limit)); t.Failed() {
			t.Errorf("size %v, slide %v, at most %d items", size, slide, limit)
		}
	})
}

func TestSlidingWindowRegressions(t *testing.T) {
	bubble(t, "sliding-window-order", func(t *testing.T) {
		in := feed(ints(3)...)
		var last time.Time
		n := 0
		for w := range sliding(100*ms, ms).Process(t.Context(), in) {
			if !w.Start.After(last) {
				t.Errorf("the window of %v came after that of %v", w.Start, last)
			}
			last = w.Start
			n++
		}
		if n != 100 {
			t.Errorf("%d windows, want 100", n)
		}
	})
	bubble(t, "cancel while a window waits for a reader", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_ = sliding(10*ms, 5*ms).Process(ctx, filled(1, 2))
		time.Sleep(7 * ms)
		cancel() // the bubble sees what is left
	})
}

// A window of an hour that slides by a microsecond is one of 3.6 billion: only items take room.
func TestSlidingWindowManyWindows(t *testing.T) {
	bubble(t, "the first ones", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in := make(chan int, 1)
		in <- 1
		out := sliding(time.Hour, time.Microsecond).Process(ctx, in)
		var got []time.Duration
		for w := range out {
			if got = append(got, w.End.Sub(epoch)); len(got) == 3 {
				break
			}
		}
		cancel()
		const µs = time.Microsecond
		want := []time.Duration{µs, 2 * µs, 3 * µs}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestSlidingWindowWhenTheClockIsSetBack(t *testing.T) {
	bubble(t, "the open windows close", func(t *testing.T) {
		c := &settable{Fake: clock.NewFake()}
		in := make(chan int)
		out := ops.NewSlidingWindow[int](20*ms, c).WithSlide(10*ms).Process(t.Context(), in)
		go func() {
			defer close(in)
			in <- 1
			settle()
			c.by = -30 * ms
			in <- 2
		}()
		var got []span
		for w := range out {
			got = append(got, relative(w))
		}
		want := []span{{-10 * ms, 10 * ms, []int{1}}, {0, 20 * ms, []int{1}}, {-40 * ms, -20 * ms, []int{2}}, {-30 * ms, -10 * ms, []int{2}}}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestSlidingWindowBooks(t *testing.T) {
	tests := []struct {
		name string
		p    *ops.SlidingWindow[int]
		want flow.StageReport
	}{
		{"an item of several windows passes once", sliding(30*ms, 10*ms), flow.StageReport{In: 4, Passed: 4, Out: 5}},
		{"an item in a gap is dropped", sliding(5*ms, 15*ms), flow.StageReport{In: 4, Passed: 2, Dropped: 2, Out: 1}},
	}
	in := script[int]{{0, []int{1, 2}}, {10 * ms, []int{3}}, {15 * ms, []int{4}}, {50 * ms, nil}}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			var r flow.Report
			_, err := in.source(virtualTime()).Then(tt.p).Collect(t.Context(), flow.WithReport(&r))
			got := r.Stages[1]
			tt.want.Name, tt.want.Op = "sliding-window", "SlidingWindow"
			got.At, got.Busy = "", 0
			if diff := gocmp.Diff(tt.want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}
