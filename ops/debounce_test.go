package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("debounce", never, ints(4), referenceLast, ops.NewDebounce[int](ms), nil, randomInts),
	newSubject("debounce", 1, ints(4), referenceMap(same), ops.NewDebounce[int](0), nil, randomInts),
)

var _ = misused(
	newMisuse("negative debounce", "debounce: wait must not be negative, got -1ms", ops.NewDebounce[int](-ms)),
	newMisuse("debounce with a negative longest wait", "debounce: longest wait must not be negative, got -1ms", ops.NewDebounce[int](ms).WithMaxWait(-ms)),
	newMisuse("debounce with two clocks", "debounce: clock must be given once at most, got 2", ops.NewDebounce[int](1, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"debounce of nothing", ops.NewDebounce[int](0), referenceMap(same), true}
})

func debouncing(wait, most time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewDebounce[int](wait).WithMaxWait(most) }
}

// referenceDebounce splits the script into bursts: each but the last is over when its item
// is due.
func referenceDebounce(wait, most time.Duration, in script[int]) (out []stamped[int]) {
	var now, first, last time.Duration
	held := 0
	due := func() time.Duration {
		if most > 0 {
			return min(last+wait, first+most)
		}
		return last + wait
	}
	for _, step := range in {
		now += step.After
		for _, v := range step.Items {
			if held != 0 && due() <= now {
				out, held = append(out, stamped[int]{due(), held}), 0
			}
			if held == 0 {
				first = now
			}
			held, last = v, now
			if wait == 0 {
				out, held = append(out, stamped[int]{now, held}), 0
			}
		}
	}
	if held != 0 {
		out = append(out, stamped[int]{min(due(), now), held})
	}
	return out
}

func TestDebounce(t *testing.T) {
	tenQuick := script[int]{{0, []int{1}}}
	for _, n := range ints(9) {
		tenQuick = append(tenQuick, step[int]{10 * ms, []int{n + 1}})
	}
	tests := []struct {
		name       string
		wait, most time.Duration
		in         script[int]
		want       []stamped[int]
	}{
		{
			"two bursts", 20 * ms, 0, script[int]{{0, []int{1, 2}}, {5 * ms, []int{3}}, {50 * ms, []int{4}}, {50 * ms, nil}},
			[]stamped[int]{{25 * ms, 3}, {75 * ms, 4}},
		},
		{
			"ten quick ones", 100 * ms, 0, append(slices.Clip(tenQuick), step[int]{time.Second, nil}),
			[]stamped[int]{{190 * ms, 10}},
		},
		{
			"one item and the end", 100 * ms, 0, script[int]{{0, []int{1}}, {3 * ms, nil}},
			[]stamped[int]{{3 * ms, 1}},
		},
		{
			"an item when the one before is due does not take its place", 20 * ms, 0, script[int]{{0, []int{1}}, {20 * ms, []int{2, 3}}, {19 * ms, []int{4}}, {20 * ms, nil}},
			[]stamped[int]{{20 * ms, 1}, {59 * ms, 4}},
		},
		{
			"without a wait all pass", 0, 0, script[int]{{0, []int{1, 2}}, {ms, []int{3}}, {9 * ms, nil}},
			[]stamped[int]{{0, 1}, {0, 2}, {ms, 3}},
		},
		{
			"not longer than the longest wait", 20 * ms, 35 * ms, tenQuick,
			[]stamped[int]{{35 * ms, 4}, {75 * ms, 8}, {90 * ms, 10}},
		},
		{
			"an item at the longest wait begins a burst", 20 * ms, 30 * ms, tenQuick,
			[]stamped[int]{{30 * ms, 3}, {60 * ms, 6}, {90 * ms, 9}, {90 * ms, 10}},
		},
		{
			"a longest wait that is shorter than the wait", 20 * ms, 5 * ms, script[int]{{0, []int{1}}, {4 * ms, []int{2}}, {9 * ms, []int{3}}, {9 * ms, nil}},
			[]stamped[int]{{5 * ms, 2}, {18 * ms, 3}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, debouncing(tt.wait, tt.most)) })
	}
}

func TestDebounceModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		wait, most := time.Duration(r.IntN(15))*ms, time.Duration(r.IntN(2)*r.IntN(40))*ms
		in := randomScript(r)
		checkScript(t, referenceDebounce(wait, most, in), in, debouncing(wait, most))
	})
}

// slowly is a reader that is busy for a while after each item.
func slowly(busy time.Duration, got *[]stamped[int]) func(context.Context, int) error {
	start := time.Now()
	return func(_ context.Context, v int) error {
		*got = append(*got, stamped[int]{time.Since(start), v})
		time.Sleep(busy)
		return nil
	}
}

// With a reader that is busy for longer than the bursts are apart, the item that is due
// waits for it, the newest is held behind that, and those between are dropped.
func TestDebounceWithASlowReader(t *testing.T) {
	in := script[int]{{0, []int{1, 2}}, {20 * ms, []int{3}}, {20 * ms, []int{4}}, {20 * ms, []int{5}}, {20 * ms, []int{6}}}
	want := []stamped[int]{{10 * ms, 2}, {110 * ms, 3}, {210 * ms, 6}}
	books := column{In: 6, Passed: 3, Dropped: 3}
	bubble(t, "in a flow", func(t *testing.T) {
		var r flow.Report
		var got []stamped[int]
		err := in.source(virtualTime()).Debounce(10*ms).ForEach(slowly(100*ms, &got)).Run(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		if diff := cmp.Diff(books, columnOf(t, r, "debounce")); diff != "" {
			t.Errorf("books mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "over channels", func(t *testing.T) {
		var got []stamped[int]
		read := slowly(100*ms, &got)
		for v := range ops.NewDebounce[int](10*ms).Process(t.Context(), in.send(t.Context(), virtualTime())) {
			_ = read(t.Context(), v)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "that takes nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewDebounce[int](10*ms).Process(ctx, in.send(ctx, virtualTime()))
		time.Sleep(time.Second) // two are held, the oldest and the newest
		if diff := cmp.Diff([]int{2, 6}, collect(out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		cancel()
	})
}

// While a burst waits behind another one it goes on: its longest wait is over, so that newer
// items take its place without a further wait.
func TestDebounceMaxWaitWithASlowReader(t *testing.T) {
	in := script[int]{{0, []int{1}}}
	for n := range 30 {
		in = append(in, step[int]{10 * ms, []int{n + 2}})
	}
	want := []stamped[int]{{25 * ms, 3}, {125 * ms, 6}, {225 * ms, 13}, {325 * ms, 23}, {425 * ms, 31}}
	for _, build := range []func() ops.Processor[int, int]{debouncing(20*ms, 25*ms), func() ops.Processor[int, int] { return bridged[int, int]{debouncing(20*ms, 25*ms)()} }} {
		bubble(t, fmt.Sprintf("%T", build()), func(t *testing.T) {
			var r flow.Report
			var got []stamped[int]
			err := in.source(virtualTime()).Then(build()).ForEach(slowly(100*ms, &got)).Run(t.Context(), flow.WithReport(&r))
			if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
		})
	}
}

// At the end of a run that was cut off two items wait, and the third is held.
func TestDebounceBooks(t *testing.T) {
	for wait, want := range map[time.Duration]column{
		500 * time.Microsecond: {In: 10, Passed: 3, Dropped: 7, Queued: 2},
		ms + 1:                 {In: 10, Passed: 1, Dropped: 9},
	} {
		if diff := cmp.Diff(want, columnOf(t, runStuck(t, ops.NewDebounce[int](wait)), "debounce")); diff != "" {
			t.Errorf("wait %v: books mismatch (-want +got):\n%s", wait, diff)
		}
	}
}

// TestDebounceSendOnClosed is a regression test: the timer sent on its own, while the output
// was being closed, and shuffled the items of a slow consumer.
func TestDebounceSendOnClosed(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		wait := time.Duration(1 + r.IntN(3))
		in := make(chan int)
		out := ops.NewDebounce[int](wait).Process(t.Context(), in)
		pauses := make([]time.Duration, r.IntN(6))
		for i := range pauses {
			pauses[i] = time.Duration(r.IntN(3))
		}
		go func() {
			defer close(in)
			for n, pause := range pauses {
				in <- n + 1
				time.Sleep(pause)
			}
		}()
		var got []int
		for v := range out {
			got = append(got, v)
			time.Sleep(time.Duration(r.IntN(6)))
		}
		if !slices.IsSorted(got) || len(pauses) > 0 && got[len(got)-1] != len(pauses) {
			t.Errorf("got %v, want it in order and the last of %d", got, len(pauses))
		}
	})
}

func TestDebounceCancel(t *testing.T) {
	bubble(t, "while idle, with a timer armed", func(t *testing.T) {
		fake := clock.NewFake()
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewDebounce[int](time.Second, fake).Process(ctx, filled(1))
		settle()
		cancel()
		wantClosed(t, out)
		if n := fake.Waiters(); n != 0 {
			t.Errorf("%d timers are left", n)
		}
	})
	bubble(t, "an early end below", func(t *testing.T) {
		in := script[int]{{0, []int{1}}, {20 * ms, []int{2}}, {20 * ms, []int{3}}, {20 * ms, nil}}
		var r flow.Report
		got, err := in.source(virtualTime()).Debounce(10*ms).Take(2).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 2}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}
