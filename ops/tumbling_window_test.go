package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

const day = 24 * time.Hour

var _ = conforms(
	newSubject("tumbling-window", 2, ints(5), referencePieces(2, epoch, epoch.Add(day)), ops.NewTumblingWindow[int](day).WithMaxItems(2), nil, randomInts),
)

var _ = misused(
	newMisuse("tumbling window without size", "tumbling-window: size must be positive, got 0s", ops.NewTumblingWindow[int](0)),
	newMisuse("tumbling window of negative size", "tumbling-window: size must be positive, got -1ms", ops.NewTumblingWindow[int](-ms)),
	newMisuse("tumbling window of negative items", "tumbling-window: MaxItems must not be negative, got -1", ops.NewTumblingWindow[int](ms).WithMaxItems(-1)),
	newMisuse("tumbling window with two clocks", "tumbling-window: clock must be given once at most, got 2", ops.NewTumblingWindow[int](ms, nil, nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("tumbling ", n+1), flattened(ops.NewTumblingWindow[int](time.Duration(n+1) * ms)), referenceMap(same), false}
})

// referencePieces gives windows of n items with these times.
func referencePieces(n int, start, end time.Time) func(...int) []ops.Window[int] {
	return func(in ...int) (out []ops.Window[int]) {
		for _, piece := range referenceChunks[int](n)(in...) {
			out = append(out, ops.Window[int]{Start: start, End: end, Items: piece})
		}
		return out
	}
}

func TestTumblingWindow(t *testing.T) {
	tumbling := ops.NewTumblingWindow[int](20 * ms)
	checkCases(t, []windowCase{
		{
			"ten items over several windows, none twice", tumbling,
			script[int]{{5 * ms, ints(4)}, {10 * ms, []int{5}}, {10 * ms, []int{6, 7, 8}}, {50 * ms, []int{9, 10}}, {20 * ms, nil}},
			spans{
				{20 * ms, span{0, 20 * ms, ints(5)}},
				{40 * ms, span{20 * ms, 40 * ms, []int{6, 7, 8}}},
				{80 * ms, span{60 * ms, 80 * ms, []int{9, 10}}},
			},
		},
		{
			"an item at the End belongs to the next window", tumbling,
			script[int]{{0, []int{1}}, {20 * ms, []int{2}}, {20 * ms, nil}},
			spans{{20 * ms, span{0, 20 * ms, []int{1}}}, {40 * ms, span{20 * ms, 40 * ms, []int{2}}}},
		},
		{
			"the end of the input comes before that of the window", tumbling,
			script[int]{{25 * ms, []int{1, 2}}, {5 * ms, nil}},
			spans{{30 * ms, span{20 * ms, 40 * ms, []int{1, 2}}}},
		},
		{"no item, no window", tumbling, script[int]{{200 * ms, nil}}, nil},
		{
			"a maximum of items", tumbling.WithMaxItems(2),
			script[int]{{5 * ms, ints(5)}, {5 * ms, []int{6}}, {20 * ms, []int{7}}, {20 * ms, nil}},
			spans{
				{5 * ms, span{0, 20 * ms, []int{1, 2}}}, {5 * ms, span{0, 20 * ms, []int{3, 4}}}, {10 * ms, span{0, 20 * ms, []int{5, 6}}},
				{40 * ms, span{20 * ms, 40 * ms, []int{7}}},
			},
		},
		{
			"an offset", tumbling.WithOffset(5 * ms),
			script[int]{{4 * ms, []int{1}}, {1 * ms, []int{2}}, {19 * ms, []int{3}}, {1 * ms, []int{4}}, {20 * ms, nil}},
			spans{
				{5 * ms, span{-15 * ms, 5 * ms, []int{1}}}, {25 * ms, span{5 * ms, 25 * ms, []int{2, 3}}},
				{45 * ms, span{25 * ms, 45 * ms, []int{4}}},
			},
		},
		{
			"a negative offset", tumbling.WithOffset(-45 * ms),
			script[int]{{15 * ms, []int{1}}, {0, nil}},
			spans{{15 * ms, span{15 * ms, 35 * ms, []int{1}}}},
		},
	})
}

// referenceTumbling is the TumblingWindow over a script.
func referenceTumbling(size, offset time.Duration, limit int, in script[int]) (out spans) {
	var now time.Duration
	var open span
	flush := func(at time.Duration) {
		if len(open.Items) > 0 {
			out = append(out, stamped[span]{at, open})
		}
		open.Items = nil
	}
	for _, step := range in {
		now += step.After
		if open.End <= now {
			flush(open.End)
		}
		for _, v := range step.Items {
			if len(open.Items) == 0 {
				open.Start = floor(now-offset, size) + offset
				open.End = open.Start + size
			}
			if open.Items = append(open.Items, v); len(open.Items) == limit {
				flush(now)
			}
		}
	}
	flush(now)
	return out
}

// floor gives the last multiple of unit that is not above d.
func floor(d, unit time.Duration) time.Duration { return d - (d%unit+unit)%unit }

func TestTumblingWindowModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		size, offset, limit, in := randomSize(r), time.Duration(r.IntN(80)-40)*ms, r.IntN(8), randomScript(r)
		p := ops.NewTumblingWindow[int](size).WithOffset(offset).WithMaxItems(limit)
		checkWindows(t, referenceTumbling(size, offset, limit, in), in, p)
	})
}

// Processes that run at different times have the same windows, and weeks begin on Monday.
func TestTumblingWindowIsAligned(t *testing.T) {
	tests := []struct {
		name string
		p    *ops.TumblingWindow[int]
		want string
	}{
		{"hours", ops.NewTumblingWindow[int](time.Hour), "Wed 2024-05-15T13:00:00Z"},
		{"days", ops.NewTumblingWindow[int](day), "Wed 2024-05-15T00:00:00Z"},
		{"weeks", ops.NewTumblingWindow[int](7 * day), "Mon 2024-05-13T00:00:00Z"},
		{"days an hour ahead of UTC", ops.NewTumblingWindow[int](day).WithOffset(-time.Hour), "Tue 2024-05-14T23:00:00Z"},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			for _, at := range []string{"2024-05-15T13:14:15Z", "2024-05-15T13:59:59.999999999Z", "2024-05-15T15:14:15+02:00"} {
				now, err := time.Parse(time.RFC3339Nano, at)
				if err != nil {
					t.Fatal(err)
				}
				ctx := clock.With(t.Context(), clock.NewFakeAt(now))
				w := collect(tt.p.Process(ctx, feed(1)))
				if got := w[0].Start.UTC().Format("Mon " + time.RFC3339); got != tt.want {
					t.Errorf("at %s the window starts at %s, want %s", at, got, tt.want)
				}
			}
		})
	}
}

// settable is a clock that can be set.
type settable struct {
	*clock.Fake
	by time.Duration
}

func (s *settable) Now() time.Time { return s.Fake.Now().Add(s.by) }

func TestTumblingWindowWhenTheClockIsSet(t *testing.T) {
	tests := []struct {
		name   string
		by     time.Duration
		passes time.Duration
		want   []span
	}{
		{"forward past the End", 10 * ms, 10 * ms, []span{{0, 20 * ms, []int{1}}, {20 * ms, 40 * ms, []int{2}}}},
		{"back before the Start", -20 * ms, 10 * ms, []span{{0, 20 * ms, []int{1}}, {-20 * ms, 0, []int{2}}}},
		{"back a little", -5 * ms, 20 * ms, []span{{0, 20 * ms, []int{1, 2}}}},
		{"back a little, and the End comes", -5 * ms, 25 * ms, []span{{0, 20 * ms, []int{1}}, {20 * ms, 40 * ms, []int{2}}}},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			c := &settable{Fake: clock.NewFake()}
			in := make(chan int)
			out := ops.NewTumblingWindow[int](20*ms, c).Process(t.Context(), in)
			go func() {
				defer close(in)
				in <- 1
				settle()
				c.by = tt.by
				for d := time.Duration(0); d < tt.passes; d += ms {
					c.Advance(ms)
					settle()
				}
				in <- 2
			}()
			var got []span
			for w := range out {
				got = append(got, relative(w))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTumblingWindowRegressions(t *testing.T) {
	bubble(t, "tumbling-leak-on-cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, ints(5))
		_ = ops.NewTumblingWindow[int](10*ms).Process(ctx, in)
		time.Sleep(15 * ms) // the window waits for a reader
		cancel()            // the bubble sees what is left
	})
	bubble(t, "no empty windows and no timer while idle", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewTumblingWindow[int](10*ms, fake).Process(t.Context(), in)
		in <- 1
		settle()
		fake.Advance(10 * ms)
		wantNext(t, out)
		settle()
		if got := fake.Waiters(); got != 0 {
			t.Errorf("%d timers are armed while nothing is held", got)
		}
		close(in)
		collect(out)
	})
}

func TestTumblingWindowBooks(t *testing.T) {
	in := script[int]{{0, ints(3)}, {0, nil}}
	bubble(t, "an item passes with its window", func(t *testing.T) {
		var r flow.Report
		_, err := in.source(virtualTime()).TumblingWindow(time.Hour).Collect(t.Context(), flow.WithReport(&r))
		want := flow.StageReport{Name: "tumbling-window", Op: "TumblingWindow", In: 3, Passed: 3, Out: 1}
		got := r.Stages[1]
		got.At, got.Busy = "", 0
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
