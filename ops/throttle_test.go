package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("throttle", 1, ints(6), referenceMap(same), ops.NewThrottle[int](1).WithBurst(1000), nil, randomInts))

var _ = misused(
	newMisuse("no rate", "throttle: rate must be a positive number, got 0", ops.NewThrottle[int](0)),
	newMisuse("negative rate", "throttle: rate must be a positive number, got -1", ops.NewThrottle[int](-1)),
	newMisuse("rate that is no number", "throttle: rate must be a positive number, got NaN", ops.NewThrottle[int](math.NaN())),
	newMisuse("infinite rate", "throttle: rate must be a positive number, got +Inf", ops.NewThrottle[int](math.Inf(1))),
	newMisuse("no burst", "throttle: burst must be at least 1, got 0", ops.NewThrottle[int](1).WithBurst(0)),
	newMisuse("throttle with two clocks", "throttle: clock must be given once at most, got 2", ops.NewThrottle[int](1, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"throttle", ops.NewThrottle[int](1e9 / 3), referenceMap(same), true}
})

// throttled runs p on virtual time and compares when the items came. Where they do not all
// come at once, only a boundary lets the script keep its times while an item waits.
func throttled(t *testing.T, want []time.Duration, in script[int], p *ops.Throttle[int]) {
	t.Helper()
	for _, way := range ways[int, int]() {
		switch way.name {
		case "between boundaries of 64":
		case "fused", "over channels":
			if len(in) > 1 {
				continue
			}
		default: // a fake clock would have to be advanced while an item waits
			continue
		}
		var got []time.Duration
		for _, v := range way.run(t, p, in) {
			got = append(got, v.At)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: times mismatch (-want +got):\n%s", way.name, diff)
		}
	}
}

func TestThrottle_times(t *testing.T) {
	const s = time.Second
	at := func(times ...float64) (all []time.Duration) {
		for _, sec := range times {
			all = append(all, time.Duration(math.Round(sec*1e9)))
		}
		return all
	}
	tests := map[string]struct {
		rate  float64
		burst int
		in    script[int]
		want  []time.Duration
	}{
		"one each interval":            {10, 1, script[int]{{0, ints(5)}}, at(0, .1, .2, .3, .4)},
		"half an item a second":        {0.5, 1, script[int]{{0, ints(3)}}, at(0, 2, 4)},
		"no time is kept by a burst 1": {1, 1, script[int]{{0, ints(1)}, {10 * s, ints(3)}}, at(0, 10, 11, 12)},
		"a burst passes at once":       {1, 3, script[int]{{0, ints(5)}}, at(0, 0, 0, 1, 2)},
		"unused time fills the burst": {1, 3, script[int]{{0, ints(5)}, {2 * s, ints(4)}, {100 * s, ints(5)}},
			at(0, 0, 0, 1, 2, 3, 4, 5, 6, 102, 102, 102, 103, 104)},
		"an item at its time does not wait": {1, 1, script[int]{{0, ints(1)}, {s, ints(1)}, {s, ints(2)}}, at(0, 1, 2, 3)},
		"intervals that are no nanoseconds": {3, 1, script[int]{{0, ints(7)}},
			at(0, .333333334, .666666667, 1, 1.333333334, 1.666666667, 2)},
		"several in a nanosecond": {2.5e9, 1, script[int]{{0, ints(6)}}, at(0, 1e-9, 1e-9, 2e-9, 2e-9, 2e-9)},
		"as fast as can be":       {math.MaxFloat64, 1, script[int]{{0, ints(3)}}, at(0, 1e-9, 1e-9)},
		"the largest burst":       {1, math.MaxInt, script[int]{{0, ints(3)}, {s, ints(2)}}, at(0, 0, 0, 1, 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				throttled(t, tt.want, tt.in, ops.NewThrottle[int](tt.rate).WithBurst(tt.burst))
			})
		})
	}
}

// TestThrottle_fraction is a regression test of the defect throttle-fraction:
// a rate was cut to an integer, so that 1.9 acted as 1.
func TestThrottle_fraction(t *testing.T) {
	for _, rate := range []float64{1.9, 0.3, 7.77, 1999.9, 1e-3} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 2001
				begin := time.Now()
				if _, err := flow.Range(0, n).Throttle(rate).Count(t.Context()); err != nil {
					t.Fatal(err)
				}
				want := time.Duration(math.Ceil((n - 1) / rate * 1e9))
				if got := time.Since(begin); (got - want).Abs() > 1 {
					t.Errorf("%d items took %v, want %v", n, got, want)
				}
			})
		})
	}
}

// lateTimers is a clock whose timers ring later than they should.
type lateTimers struct {
	clock.Clock
	by time.Duration
}

func (c lateTimers) NewTimer(d time.Duration) clock.Timer {
	return lateTimer{c.Clock.NewTimer(d + c.by), c.by}
}

type lateTimer struct {
	clock.Timer
	by time.Duration
}

func (t lateTimer) Reset(d time.Duration) bool { return t.Timer.Reset(d + t.by) }

// TestThrottle_lateTimers: timers that ring late do not lower the average rate, unless the
// program stood still, and even then do not let through more than is owed for maxLate.
func TestThrottle_lateTimers(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		rate float64
		late time.Duration
		n    int
		want time.Duration // for n items
		most int           // at once
	}{
		{rate: 1000, late: 2500 * time.Microsecond, n: 1000, want: 1001 * ms, most: 4},
		{rate: 10, late: 3 * ms, n: 100, want: 9903 * ms, most: 1},
		{rate: 100_000, late: ms, n: 10_000, want: 100 * ms, most: 102},
		{rate: 100, late: time.Second, n: 100, want: 9 * 1010 * ms, most: 11},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v a second, %v late", tt.rate, tt.late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, last, run, most := time.Now(), time.Duration(-1), 0, 0
				limit := ops.NewThrottle[int](tt.rate, lateTimers{clock.Real(), tt.late})
				_, err := flow.Range(0, tt.n).Then(limit).Map(func(v int) int {
					if at := time.Since(begin); at != last {
						last, run = at, 0
					}
					run++
					most = max(most, run)
					return v
				}).Count(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got := time.Since(begin); (got - tt.want).Abs() > tt.want/50 {
					t.Errorf("%d items took %v, want %v", tt.n, got, tt.want)
				}
				if most > tt.most {
					t.Errorf("%d items passed at once, want at most %d", most, tt.most)
				}
			})
		})
	}
}

// TestThrottle_lateTimersOwedNoLonger: what a late timer held up is not kept for later.
func TestThrottle_lateTimersOwedNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		limit := ops.NewThrottle[int](1000, lateTimers{clock.Real(), 10 * ms})
		want := []time.Duration{0, 11 * ms, time.Second, time.Second + 11*ms, time.Second + 11*ms}
		in := script[int]{{0, ints(2)}, {time.Second, ints(3)}}
		throttled(t, want, in, limit)
	})
}

// TestThrottle_readsNothingWhileItWaits: one item is held, the others wait above.
func TestThrottle_readsNothingWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(10))
		out := ops.NewThrottle[int](1).Process(ctx, in)
		if got := <-out; got != 1 {
			t.Errorf("got %d, want 1", got)
		}
		time.Sleep(time.Second - 1)
		wantOpen(t, out)
		if got := taken.Load(); got != 2 {
			t.Errorf("%d items were taken, want 2", got)
		}
		cancel()
		collect(out)
	})
}

// TestThrottle_cancelInAWait: the item in hand counts as held, and nothing more passes.
func TestThrottle_cancelInAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
		defer cancel()
		begin := time.Now()
		var r flow.Report
		got, err := flow.Range(0, 3).Throttle(0.1).Collect(ctx, flow.WithReport(&r))
		if !errors.Is(err, errBoom) || len(got) != 1 {
			t.Errorf("Collect() = %v, %v, want one item and %v", got, err, errBoom)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("it took %v, want a second", took)
		}
		s, _ := r.Stage("throttle")
		if s.In != 2 || s.Passed != 1 || s.Held != 1 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestThrottle_timersGoOn: a Batch above and one below keep their time while it waits.
func TestThrottle_timersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var got []string
		err := flow.Range(0, 4).Batch(1, time.Second).Throttle(0.1).Batch(9, time.Second).
			ForEach(func(_ context.Context, v [][]int) error {
				got = append(got, fmt.Sprint(v, " at ", time.Since(begin)))
				return nil
			}).Run(t.Context())
		want := []string{"[[0]] at 1s", "[[1]] at 11s", "[[2]] at 21s", "[[3]] at 30s"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, batches mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestThrottle_runsDoNotShare: two runs at once have a bucket each.
func TestThrottle_runsDoNotShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ops.NewThrottle[int](1)
		a, b := p.Process(t.Context(), feed(ints(2)...)), p.Process(t.Context(), feed(ints(2)...))
		begin := time.Now()
		if got := slices.Concat(collect(a), collect(b)); len(got) != 4 {
			t.Errorf("got %v, want four items", got)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("it took %v, want a second", took)
		}
	})
}
