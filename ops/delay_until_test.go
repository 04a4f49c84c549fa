package ops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// The times of the shared tests have passed: else they would need a clock that somebody advances.
var _ = conforms(newSubject("delay-until", 1, ints(6), referenceMap(same), pastDue(func() {}), pastDue, randomInts))

var _ = misused(
	newMisuse("delay until nothing", "delay-until: function must not be nil", ops.NewDelayUntil[int](nil)),
	newMisuse("delay until without room", "delay-until: buffer size must be between 1 and 1<<30, got 0", pastDue(func() {}).WithBufferSize(0)),
	newMisuse("delay until with two clocks", "delay-until: clock must be given once at most, got 2", ops.NewDelayUntil(longAgo, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	soon := func(v int) time.Time {
		before()
		return time.Now().Add(time.Duration(v%9) * ms)
	}
	return link{"delay until", ops.NewDelayUntil(soon).WithBufferSize(n + 1), referenceMap(same), true}
})

func longAgo(int) time.Time { return time.Time{} }

func pastDue(before func()) *ops.DelayUntil[int] {
	return ops.NewDelayUntil(func(int) time.Time {
		before()
		return time.Time{}
	})
}

// dueAt gives a DelayUntil for items that are their own times in milliseconds, by the clock of
// the run.
func dueAt(start time.Time) ops.Processor[int, int] {
	return ops.NewDelayUntil(func(v int) time.Time { return start.Add(time.Duration(v) * ms) })
}

// checkUntilTimes runs a script in every way.
func checkUntilTimes(t *testing.T, want []stamped[int], in script[int]) {
	t.Helper()
	for _, way := range ways[int, int]() {
		start := time.Now() // a fake clock begins elsewhere
		switch way.name {
		case "fused on the fake clock", "over channels on the fake clock", "over channels in a flow on the fake clock":
			start = clock.NewFake().Now()
		}
		if diff := cmp.Diff(orNil(want), orNil(way.run(t, dueAt(start), in))); diff != "" {
			t.Errorf("%s, of %v: mismatch (-want +got):\n%s", way.name, in, diff)
		}
	}
}

func TestDelayUntil(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[int]
	)
	tests := map[string]struct {
		in   in
		want out
	}{
		"each at its time":            {in{{0, []int{5, 10, 20}}, {50 * ms, nil}}, out{{5 * ms, 5}, {10 * ms, 10}, {20 * ms, 20}}},
		"order is kept":               {in{{0, []int{20, 5, 10, 30}}, {50 * ms, nil}}, out{{20 * ms, 20}, {20 * ms, 5}, {20 * ms, 10}, {30 * ms, 30}}},
		"a time that has passed":      {in{{20 * ms, []int{5}}, {5 * ms, []int{25, 30}}, {50 * ms, nil}}, out{{20 * ms, 5}, {25 * ms, 25}, {30 * ms, 30}}},
		"behind one that still waits": {in{{0, []int{20}}, {10 * ms, []int{5}}, {50 * ms, nil}}, out{{20 * ms, 20}, {20 * ms, 5}}},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) { checkUntilTimes(t, tt.want, tt.in) })
	}
}

func TestDelayUntilModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		in := script[int]{{}}
		var want []stamped[int]
		now, last := time.Duration(0), time.Duration(0)
		for range r.IntN(25) {
			step := step[int]{After: time.Duration(r.IntN(13)) * ms}
			now += step.After
			for range r.IntN(5) {
				v := int(now/ms) + r.IntN(30) - 10
				last = max(last, now, time.Duration(v)*ms)
				step.Items, want = append(step.Items, v), append(want, stamped[int]{last, v})
			}
			in = append(in, step)
		}
		checkUntilTimes(t, want, append(in, step[int]{After: 30 * ms}))
	})
}

// TestDelayUntil_panics: with a policy the item is skipped and those held stay.
func TestDelayUntil_panics(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Range(0, 5).DelayUntil(func(v int) time.Time {
			if v == 2 {
				panic(errBoom)
			}
			return time.Now().Add(time.Second)
		}).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{0, 1, 3, 4}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}
