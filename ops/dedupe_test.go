package ops_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("dedupe", 1, []int{1, 2, 3, 4}, referenceDedupe, dedupe(func() {}), dedupe, randomInts),
	newSubject("dedupe", 1, []int{1, 2, 3, 4}, referenceDedupe, dedupe(func() {}).WithTTL(time.Hour),
		func(before func()) *ops.Dedupe[int, int] { return dedupe(before).WithTTL(time.Hour) }, randomInts),
)

var _ = misused(
	newMisuse("dedupe without function", "dedupe: function must not be nil", ops.NewDedupe[int, int](nil)),
	newMisuse("dedupe with two clocks", "dedupe: clock must be given once at most, got 2", ops.NewDedupe(same, clock.NewFake(), clock.NewFake())),
	newMisuse("negative TTL", "dedupe: TTL must not be negative, got -1ms", ops.NewDedupe(same).WithTTL(-ms)),
	newMisuse("dedupe without keys", "dedupe: maximum of keys must be between 1 and 1<<30, got 0", ops.NewDedupe(same).WithMaxKeys(0)),
	newMisuse("dedupe with too many keys", "dedupe: maximum of keys must be between 1 and 1<<30, got 1073741825", ops.NewDedupe(same).WithMaxKeys(1<<30+1)),
	newMisuse("dedupe without memory", "dedupe: memory must not be nil", ops.NewDedupe(same).WithMemory(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"dedupe", dedupe(before), referenceDedupe, false}
})

func dedupe(before func()) *ops.Dedupe[int, int] {
	return ops.NewDedupe(func(n int) int {
		before()
		return n
	})
}

func referenceDedupe(in ...int) (out []int) {
	for _, v := range referenceDedupeInTime(0, math.MaxInt, script[int]{{0, in}}) {
		out = append(out, v.Item)
	}
	return out
}

// referenceDedupeInTime looks at all that was emitted, from the newest on.
func referenceDedupeInTime(ttl time.Duration, most int, in script[int]) (out []stamped[int]) {
	var now time.Duration
	known := func(v int) bool {
		for i := len(out) - 1; i >= max(0, len(out)-most); i-- {
			if out[i].Item == v {
				return ttl == 0 || now-out[i].At < ttl
			}
		}
		return false
	}
	for _, step := range in {
		now += step.After
		for _, v := range step.Items {
			if !known(v) {
				out = append(out, stamped[int]{now, v})
			}
		}
	}
	return out
}

func TestDedupe(t *testing.T) {
	bubble(t, "one and two, three times", func(t *testing.T) {
		check(t, []int{1, 2}, []int{1, 2, 1, 1, 2, 1, 1, 2, 1}, func() ops.Processor[int, int] { return ops.NewDedupe(same) })
	})
	bubble(t, "by length, the first wins", func(t *testing.T) {
		length := func(s string) int { return len(s) }
		check(t, []string{"a", "cc"}, strings.Fields("a b cc dd e"), func() ops.Processor[string, string] { return ops.NewDedupe(length) })
	})
}

func TestDedupeInTime(t *testing.T) {
	tests := []struct {
		name string
		ttl  time.Duration
		most int
		in   script[int]
		want []stamped[int]
	}{
		{
			"a key passes again when it is old", 50 * ms, 9,
			script[int]{{0, []int{1, 1}}, {49 * ms, []int{1}}, {11 * ms, []int{1}}},
			[]stamped[int]{{0, 1}, {60 * ms, 1}},
		},
		{
			"at just its time to live", 50 * ms, 9,
			script[int]{{0, []int{1}}, {50 * ms, []int{1, 1}}},
			[]stamped[int]{{0, 1}, {50 * ms, 1}},
		},
		{
			"a duplicate does not lengthen it", 50 * ms, 9,
			script[int]{{0, []int{1}}, {20 * ms, []int{1}}, {20 * ms, []int{1}}, {20 * ms, []int{1}}, {20 * ms, []int{1}}},
			[]stamped[int]{{0, 1}, {60 * ms, 1}},
		},
		{
			"for ever", 0, 9,
			script[int]{{0, []int{1}}, {1000 * time.Hour, []int{1, 2}}},
			[]stamped[int]{{0, 1}, {1000 * time.Hour, 2}},
		},
		{
			"the oldest makes way", time.Hour, 2,
			script[int]{{0, []int{1, 2, 1, 3, 2, 1}}},
			[]stamped[int]{{0, 1}, {0, 2}, {0, 3}, {0, 1}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			if tt.in[len(tt.in)-1].After > time.Hour { // a fake clock goes by the millisecond
				wantDeduped(t, tt.want, tt.in, ops.NewDedupe(same).WithTTL(tt.ttl))
				return
			}
			checkDedupe(t, tt.want, tt.ttl, tt.most, tt.in)
		})
	}
}

// checkDedupe keeps the warnings out of the output of the test.
func checkDedupe(t *testing.T, want []stamped[int], ttl time.Duration, most int, in script[int]) {
	t.Helper()
	_ = captureLog(t, func() {
		checkScript(t, want, in, func() ops.Processor[int, int] {
			return ops.NewDedupe(same).WithTTL(ttl).WithMaxKeys(most)
		})
	})
}

func wantDeduped(t *testing.T, want []stamped[int], in script[int], d *ops.Dedupe[int, int]) {
	t.Helper()
	if diff := cmp.Diff(want, runFlow(t, d, in, 0, virtualTime())); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestDedupeModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		ttl, most := time.Duration(r.IntN(30))*ms, 1+r.IntN(12)
		in := randomScript(r)
		for _, step := range in {
			for i := range step.Items {
				step.Items[i] = r.IntN(8)
			}
		}
		checkDedupe(t, referenceDedupeInTime(ttl, most, in), ttl, most, in)
	})
}

func TestDedupeStats(t *testing.T) {
	bubble(t, "over two runs", func(t *testing.T) {
		d := ops.NewDedupe(same).WithMaxKeys(2)
		for range 2 {
			if log := captureLog(t, func() { collect(d.Process(t.Context(), feed(1, 1, 2, 3, 4, 4))) }); strings.Count(log, "keys are forgotten") != 1 || !strings.Contains(log, "stage=dedupe keys=2") {
				t.Errorf("the log has %q, want one line that keys are forgotten", log)
			}
		}
		want := ops.DedupeStats{UniqueCount: 8, DuplicateCount: 4, Forgotten: 4}
		if diff := cmp.Diff(want, d.Stats()); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		copies := []*ops.Dedupe[int, int]{d.WithName("other"), d.WithTTL(1), d.WithMaxKeys(1), d.WithMemory(ops.NewDedupeMemory[int]()), new(ops.Dedupe[int, int])}
		for _, c := range copies {
			if got := c.Stats(); got != (ops.DedupeStats{}) {
				t.Errorf("a copy begins with %v, want zero", got)
			}
		}
	})
	bubble(t, "an item that was not taken does not count", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := ops.NewDedupe(same)
		out := d.Process(ctx, filled(1, 2))
		settle()
		cancel()
		collect(out)
		if got := d.Stats().UniqueCount; got != 0 {
			t.Errorf("%d items count as delivered, want 0", got)
		}
	})
	bubble(t, "a last item counts", func(t *testing.T) {
		d := ops.NewDedupe(same)
		got, err := flow.Of(1, 1, 2, 3).Then(d).Take(2).Collect(t.Context())
		if diff := cmp.Diff([]int{1, 2}, got); diff != "" || err != nil || d.Stats().UniqueCount != 2 {
			t.Errorf("error %v, %v, mismatch (-want +got):\n%s", err, d.Stats(), diff)
		}
	})
}

// A NaN is never known, and not kept.
func TestDedupeNaN(t *testing.T) {
	bubble(t, "every one passes", func(t *testing.T) {
		memory := ops.NewDedupeMemory[float64]()
		for _, d := range []*ops.Dedupe[float64, float64]{
			ops.NewDedupe(func(v float64) float64 { return v }).WithMaxKeys(2),
			ops.NewDedupe(func(v float64) float64 { return v }).WithMaxKeys(2).WithMemory(memory),
		} {
			nan := math.NaN()
			got := collect(d.Process(t.Context(), feed(1, nan, nan, nan, 1, nan, 2, 1)))
			if len(got) != 6 || d.Stats() != (ops.DedupeStats{UniqueCount: 6, DuplicateCount: 2}) {
				t.Errorf("got %v, %v, want four NaN, 1 and 2, and nothing forgotten", got, d.Stats())
			}
		}
		if n := memory.Len(); n != 2 {
			t.Errorf("the memory holds %d keys, want 2", n)
		}
	})
}

// A key that cannot be compared fails its item, as a function that panics does.
func TestDedupeKeyThatCannotBeCompared(t *testing.T) {
	for name, d := range map[string]*ops.Dedupe[any, any]{
		"without memory": ops.NewDedupe(func(v any) any { return v }),
		"with memory":    ops.NewDedupe(func(v any) any { return v }).WithMemory(ops.NewDedupeMemory[any]()),
	} {
		bubble(t, name, func(t *testing.T) {
			var r flow.Report
			got, err := flow.Of[any](1, []int{2}, 1, 3).Then(d).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
			if diff := cmp.Diff([]any{1, 3}, got); diff != "" || err != nil || !r.Balanced() || r.Stages[1].Failed != 1 {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
		})
	}
}

func TestDedupeMemory(t *testing.T) {
	run := func(t *testing.T, d *ops.Dedupe[int, int], in ...int) []int {
		t.Helper()
		var r flow.Report
		got, err := flow.FromSlice(in).Then(d).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if err != nil || !r.Balanced() {
			t.Errorf("error %v\n%v", err, r)
		}
		return got
	}
	bubble(t, "lasts from run to run", func(t *testing.T) {
		memory := ops.NewDedupeMemory[int]()
		d := ops.NewDedupe(same).WithTTL(time.Second).WithMaxKeys(3).WithMemory(memory)
		var got [][]int
		got = append(got, run(t, d, 1, 2, 1), run(t, d.WithName("other"), 2, 3))
		time.Sleep(time.Second)
		got = append(got, run(t, d, 1, 1), run(t, d, 2, 3, 4, 1))
		memory.Forget()
		got = append(got, run(t, d, 4))
		if diff := cmp.Diff([][]int{{1, 2}, {3}, {1}, {2, 3, 4, 1}, {4}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if got := d.Stats().Forgotten; got != 2 {
			t.Errorf("%d keys were forgotten, want 2", got)
		}
	})
	bubble(t, "is of what was delivered", func(t *testing.T) {
		memory := ops.NewDedupeMemory[int]()
		d := ops.NewDedupe(same).WithMemory(memory)
		ctx, cancel := context.WithCancel(t.Context())
		out := d.Process(ctx, filled(1, 2, 3))
		<-out
		settle()
		cancel()
		collect(out)
		if diff := cmp.Diff([]int{2, 3}, run(t, d, 1, 2, 3)); diff != "" {
			t.Errorf("the next run: mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "remembers an item that was the last", func(t *testing.T) {
		d := ops.NewDedupe(same).WithMemory(ops.NewDedupeMemory[int]())
		if _, err := flow.Of(1, 2).Then(d).Take(1).Collect(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{2}, run(t, d, 1, 2)); diff != "" {
			t.Errorf("the next run: mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "never holds more than the maximum", func(t *testing.T) {
		memory := ops.NewDedupeMemory[int]()
		most := 0
		d := ops.NewDedupe(same).WithMaxKeys(10).WithMemory(memory)
		look := func(int) { most = max(most, memory.Len()) }
		if err := flow.Range(0, 10_000).Then(d).Tap(look).Run(t.Context(), flow.WithLogger(discard)); err != nil || most != 10 || memory.Len() != 10 {
			t.Errorf("error %v, up to %d keys and %d at the end, want 10", err, most, memory.Len())
		}
	})
	bubble(t, "is of several runs at once", func(t *testing.T) {
		d := ops.NewDedupe(same).WithTTL(time.Hour).WithMemory(ops.NewDedupeMemory[int]())
		a, b := make(chan int), make(chan int)
		first, second := d.Process(t.Context(), a), d.Process(t.Context(), b)
		a <- 1
		<-first
		settle()
		b <- 1
		b <- 2
		close(a)
		close(b)
		if diff := cmp.Diff([]int{2}, collect(second)); diff != "" {
			t.Errorf("the second run: mismatch (-want +got):\n%s", diff)
		}
		collect(first)
	})
}

// Keys whose time is over go without an item that would look at them, and wake nobody after.
func TestDedupeForgetsWhileIdle(t *testing.T) {
	for _, clk := range []func() timing{virtualTime, fakeTime} {
		bubble(t, "with the time", func(t *testing.T) {
			at := clk()
			memory := ops.NewDedupeMemory[int]()
			in := make(chan int)
			out := ops.NewDedupe(same, at.Clock).WithTTL(50*ms).WithMemory(memory).Process(t.Context(), in)
			step := func(d time.Duration, want int) {
				t.Helper()
				_ = at.pass(t.Context(), d)
				settle()
				if got := memory.Len(); got != want {
					t.Errorf("%d keys, want %d", got, want)
				}
			}
			in <- 1
			<-out
			step(30*ms, 1)
			in <- 2
			<-out
			step(20*ms, 1)
			step(29*ms, 1)
			step(ms, 0)
			if fake, ok := at.Clock.(*clock.Fake); ok && fake.Waiters() != 0 {
				t.Errorf("%d timers are armed without a key, want none", fake.Waiters())
			}
			in <- 1
			<-out
			step(0, 1)
			step(50*ms, 0)
			close(in)
			collect(out)
		})
	}
}

// TestDedupeSecondRun is a regression test: the keys of one run were those of all, so
// that a second run gave nothing.
func TestDedupeSecondRun(t *testing.T) {
	d := ops.NewDedupe(same).WithTTL(time.Nanosecond) // which was a ticker of nothing
	for range 2 {
		if diff := cmp.Diff([]int{1, 2}, collect(d.WithTTL(0).Process(t.Context(), feed(1, 2, 1)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if got := len(collect(d.Process(t.Context(), feed(1, 2)))); got != 2 {
			t.Errorf("%d items with a TTL of 1 ns, want 2", got)
		}
	}
}
