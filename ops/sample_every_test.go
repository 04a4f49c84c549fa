package ops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("sample-every", never, ints(4), referenceLast, ops.NewSampleEvery[int](ms), nil, randomInts),
)

var _ = misused(
	newMisuse("sample without interval", "sample-every: interval must be positive, got 0s", ops.NewSampleEvery[int](0)),
	newMisuse("sample with two clocks", "sample-every: clock must be given once at most, got 2", ops.NewSampleEvery[int](1, clock.NewFake(), clock.NewFake())),
)

func sampling(interval time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewSampleEvery[int](interval) }
}

func TestSampleEvery(t *testing.T) {
	tests := []struct {
		name string
		in   script[int]
		want []stamped[int]
	}{
		{
			"the newest at each tick", script[int]{{4 * ms, []int{1, 2}}, {5 * ms, []int{3}}, {8 * ms, []int{4, 5}}, {9 * ms, nil}},
			[]stamped[int]{{10 * ms, 3}, {20 * ms, 5}},
		},
		{
			"an item at a tick waits for the next", script[int]{{10 * ms, []int{1}}, {10 * ms, []int{2}}, {99 * ms, nil}},
			[]stamped[int]{{20 * ms, 1}, {30 * ms, 2}},
		},
		{
			"an item at the beginning", script[int]{{0, []int{1}}, {99 * ms, nil}},
			[]stamped[int]{{10 * ms, 1}},
		},
		{
			"nothing at a tick without items", script[int]{{4 * ms, []int{1}}, {100 * ms, []int{2}}, {99 * ms, nil}},
			[]stamped[int]{{10 * ms, 1}, {110 * ms, 2}},
		},
		{
			"the end comes before the tick", script[int]{{4 * ms, []int{1}}, {ms, nil}},
			[]stamped[int]{{5 * ms, 1}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, sampling(10*ms)) })
	}
}

func TestSampleEveryModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		interval, in := time.Duration(1+r.IntN(30))*ms, randomScript(r)
		due := func(now time.Duration) time.Duration { return (now/interval + 1) * interval }
		checkScript(t, referenceNewest(due, in), in, sampling(interval))
	})
}

// Ticks that a slow reader misses do not put those that follow out of step.
func TestSampleEveryWithASlowReader(t *testing.T) {
	bubble(t, "stays in step", func(t *testing.T) {
		start := time.Now()
		in := make(chan int)
		out := ops.NewSampleEvery[int](10*ms).Process(t.Context(), in)
		in <- 1
		time.Sleep(35 * ms) // 1 is due since 10 ms
		go func() { in <- 2 }()
		got := []stamped[int]{{time.Since(start), <-out}}
		v := <-out
		got = append(got, stamped[int]{time.Since(start), v})
		if diff := cmp.Diff([]stamped[int]{{35 * ms, 1}, {40 * ms, 2}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		close(in)
		collect(out)
	})
}

// An idle stream wakes nobody.
func TestSampleEveryIsIdleWithoutItems(t *testing.T) {
	bubble(t, "no timer is armed", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewSampleEvery[int](10*ms, fake).Process(t.Context(), in)
		settle()
		if n := fake.Waiters(); n != 0 {
			t.Errorf("%d timers are armed before the first item, want none", n)
		}
		in <- 1
		settle()
		fake.Advance(10 * ms)
		wantNext(t, out)
		settle()
		if n := fake.Waiters(); n != 0 {
			t.Errorf("%d timers are armed after the tick, want none", n)
		}
		close(in)
		collect(out)
	})
}
