package ops_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("weighted-throttle", 1, ints(6), referenceMap(same), weighted(func() {}), weighted, randomInts))

var _ = misused(
	newMisuse("weighted throttle without rate", "weighted-throttle: rate must be a positive number, got 0", ops.NewWeightedThrottle(0, weight)),
	newMisuse("weighted throttle with a rate that is no number", "weighted-throttle: rate must be a positive number, got NaN", ops.NewWeightedThrottle(math.NaN(), weight)),
	newMisuse("weighted throttle without burst", "weighted-throttle: burst must be at least 1, got 0", ops.NewWeightedThrottle(1, weight).WithBurst(0)),
	newMisuse("weighted throttle without function", "weighted-throttle: function must not be nil", ops.NewWeightedThrottle[int](1, nil)),
	newMisuse("weighted throttle with two clocks", "weighted-throttle: clock must be given once at most, got 2", ops.NewWeightedThrottle(1, weight, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"weighted throttle", weighted(before), referenceMap(same), true}
})

func weight(n int) int64 { return int64(n) }

// weighted has a burst that no test uses up.
func weighted(before func()) *ops.WeightedThrottle[int] {
	return ops.NewWeightedThrottle(1, func(n int) int64 {
		before()
		return int64(max(n, -n))
	}).WithBurst(1 << 40)
}

func TestWeightedThrottle_times(t *testing.T) {
	const s = time.Second
	tests := map[string]struct {
		burst int
		in    script[int]
		want  []time.Duration
	}{
		"each waits for those before it":       {1, script[int]{{0, []int{3, 1, 2, 1}}}, []time.Duration{0, 3 * s, 4 * s, 6 * s}},
		"what costs nothing":                   {1, script[int]{{0, []int{0, 2, 0, 1}}}, []time.Duration{0, 0, s, 2 * s}},
		"no time is kept":                      {1, script[int]{{0, []int{2}}, {10 * s, []int{5, 1}}}, []time.Duration{0, 10 * s, 15 * s}},
		"a burst":                              {5, script[int]{{0, []int{2, 3, 1, 1}}}, []time.Duration{0, 0, s, 2 * s}},
		"an item that costs more than a burst": {3, script[int]{{0, []int{1, 10, 1}}}, []time.Duration{0, s, 9 * s}},
		"unused time is kept up to the burst":  {4, script[int]{{0, []int{4}}, {100 * s, []int{2, 2, 2}}}, []time.Duration{0, 100 * s, 100 * s, 102 * s}},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			for _, way := range ways[int, int]() {
				if way.name != "between boundaries of 64" && (way.name != "fused" && way.name != "over channels" || len(tt.in) > 1) {
					continue // time has to go on while an item waits, and be that of the script
				}
				var got []time.Duration
				for _, v := range way.run(t, ops.NewWeightedThrottle(1, weight).WithBurst(tt.burst), tt.in) {
					got = append(got, v.At)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: times mismatch (-want +got):\n%s", way.name, diff)
				}
			}
		})
	}
}

// TestWeightedThrottle_isThrottle where each item costs 1.
func TestWeightedThrottle_isThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := func(int) int64 { return 1 }
		for burst := 1; burst < 5; burst++ {
			var want, got []time.Duration
			start := time.Now()
			note := func(to *[]time.Duration) func(int) { return func(int) { *to = append(*to, time.Since(start)) } }
			if err := flow.Range(0, 20).Then(ops.NewThrottle[int](3).WithBurst(burst)).Tap(note(&want)).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			start = time.Now()
			if err := flow.Range(0, 20).Then(ops.NewWeightedThrottle(3, one).WithBurst(burst)).Tap(note(&got)).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("burst %d: times mismatch (-want +got):\n%s", burst, diff)
			}
		}
	})
}

// TestWeightedThrottle_hugeWeights: their sum is beyond any int64.
func TestWeightedThrottle_hugeWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		huge := func(int) int64 { return math.MaxInt64 }
		p := ops.NewWeightedThrottle(math.MaxInt64, huge)
		start := time.Now()
		if _, err := flow.Range(0, 2).Then(p).Count(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want a second", took)
		}
	})
}

// TestWeightedThrottle_negative: the item fails and the others pass.
func TestWeightedThrottle_negative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed []any
		p := ops.NewWeightedThrottle(1e9, weight).OnError(func(_ context.Context, e *ops.ItemError) {
			failed = append(failed, e.Item, e.Error())
		})
		got := collect(p.Process(t.Context(), feed(1, -2, 3)))
		if diff := cmp.Diff([]int{1, 3}, got); diff != "" {
			t.Errorf("items mismatch (-want +got):\n%s", diff)
		}
		want := []any{-2, "weighted-throttle: the weight must not be negative, got -2"}
		if diff := cmp.Diff(want, failed); diff != "" {
			t.Errorf("failures mismatch (-want +got):\n%s", diff)
		}
		if _, err := flow.Of(-1).Then(p).Collect(t.Context()); err == nil {
			t.Error("Collect() error = nil, want that of the negative weight")
		}
	})
}

// TestWeightedThrottle_cancelInAWait: the item in hand counts as held.
func TestWeightedThrottle_cancelInAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var r flow.Report
		got, err := flow.Of(5, 1, 1).ThrottleWeighted(1, weight).Collect(ctx, flow.WithReport(&r), flow.WithLogger(discard))
		s, _ := r.Stage("weighted-throttle")
		if err == nil || len(got) != 1 || s.In != 2 || s.Held != 1 || !r.Balanced() {
			t.Errorf("Collect() = %v, %v, want one item and an error; report\n%v", got, err, r)
		}
	})
}
