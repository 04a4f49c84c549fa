package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// With a delay the shared tests would need a clock that somebody advances.
var _ = conforms(newSubject("delay", 1, ints(6), referenceMap(same), ops.NewDelay[int](0), nil, randomInts))

var _ = misused(
	newMisuse("negative delay", "delay: delay must not be negative, got -1ms", ops.NewDelay[int](-ms)),
	newMisuse("delay without room", "delay: buffer size must be between 1 and 1<<30, got 0", ops.NewDelay[int](ms).WithBufferSize(0)),
	newMisuse("delay with two clocks", "delay: clock must be given once at most, got 2", ops.NewDelay[int](ms, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"delay", ops.NewDelay[int](time.Duration(n) * ms).WithBufferSize(n + 1), referenceMap(same), true}
})

func delaying(d time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewDelay[int](d) }
}

func TestDelay(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[int]
	)
	tests := map[string]struct {
		by   time.Duration
		in   in
		want out
	}{
		"distances stay":                         {20 * ms, in{{0, ints(2)}, {5 * ms, []int{3}}, {50 * ms, []int{4}}, {30 * ms, nil}}, out{{20 * ms, 1}, {20 * ms, 2}, {25 * ms, 3}, {75 * ms, 4}}},
		"an item that comes when another is due": {20 * ms, in{{0, ints(1)}, {20 * ms, []int{2}}, {30 * ms, nil}}, out{{20 * ms, 1}, {40 * ms, 2}}},
		"no delay":                               {0, in{{0, ints(2)}, {5 * ms, []int{3}}}, out{{0, 1}, {0, 2}, {5 * ms, 3}}},
		"nothing":                                {20 * ms, in{{5 * ms, nil}}, nil},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) { checkScript(t, tt.want, tt.in, delaying(tt.by)) })
	}
}

func TestDelayModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		by := time.Duration(r.IntN(40)) * ms
		in := append(randomScript(r), step[int]{After: by})
		var want []stamped[int]
		now := time.Duration(0)
		for _, step := range in {
			now += step.After
			for _, v := range step.Items {
				want = append(want, stamped[int]{now + by, v})
			}
		}
		checkScript(t, want, in, delaying(by))
	})
}

// runOnVirtualTime runs a script in the ways in which time passes while an item waits.
func runOnVirtualTime(t *testing.T, want []stamped[int], in script[int], p ops.Processor[int, int]) {
	t.Helper()
	for _, way := range ways[int, int]() {
		switch way.name {
		case "fused on the fake clock", "over channels on the fake clock", "over channels in a flow on the fake clock":
			continue
		}
		if diff := cmp.Diff(orNil(want), orNil(way.run(t, p, in))); diff != "" {
			t.Errorf("%s, of %v: mismatch (-want +got):\n%s", way.name, in, diff)
		}
	}
}

// TestDelay_end: what is held at the end still comes at its time.
func TestDelay_end(t *testing.T) {
	bubble(t, "in every way", func(t *testing.T) {
		in := script[int]{{0, ints(1)}, {5 * ms, []int{2, 3}}}
		runOnVirtualTime(t, []stamped[int]{{20 * ms, 1}, {25 * ms, 2}, {25 * ms, 3}}, in, ops.NewDelay[int](20*ms))
	})
}

// TestDelay_full: nothing is read while there is no room, so that what comes then is later.
func TestDelay_full(t *testing.T) {
	bubble(t, "in every way", func(t *testing.T) {
		want := []stamped[int]{{20 * ms, 1}, {20 * ms, 2}, {20 * ms, 3}, {40 * ms, 4}, {40 * ms, 5}, {40 * ms, 6}, {60 * ms, 7}}
		runOnVirtualTime(t, want, script[int]{{0, ints(7)}}, ops.NewDelay[int](20*ms).WithBufferSize(2))
	})
	bubble(t, "reads no more than it holds", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(20))
		out := ops.NewDelay[int](time.Hour).WithBufferSize(4).Process(ctx, in)
		wantOpen(t, out)
		if got := taken.Load(); got != 5 {
			t.Errorf("%d items were taken, want 4 that are held and one in hand", got)
		}
		time.Sleep(time.Hour) // and with a stuck reader
		if got := taken.Load(); got > 6 {
			t.Errorf("%d items were taken, want at most 6", got)
		}
		cancel()
		collect(out)
	})
}

// TestDelay_slowReceiver: what is due meanwhile follows at once.
func TestDelay_slowReceiver(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		out := ops.NewDelay[int](20*ms).Process(t.Context(), feed(ints(3)...))
		time.Sleep(time.Second)
		for want := 1; want <= 3; want++ {
			if got := wantNext(t, out); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
		wantClosed(t, out)
	})
}

// TestDelay_cancel: in the books what it holds is held, also while it waits for room or at the end.
func TestDelay_cancel(t *testing.T) {
	tests := map[string]struct {
		size, items int
		held        int64
		idle        bool
	}{
		"while idle":          {10, 3, 3, true},
		"while it is full":    {2, 9, 3, true},
		"while the end waits": {10, 3, 3, false},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
			defer cancel()
			start := time.Now()
			source := flow.FromSlice(ints(tt.items))
			if tt.idle {
				source = flow.Concat(source, flow.Tick(time.Hour).Map(func(time.Time) int { return 0 }))
			}
			var r flow.Report
			err := source.Then(ops.NewDelay[int](time.Minute).WithBufferSize(tt.size)).Run(ctx, flow.WithReport(&r), flow.WithLogger(discard))
			s, _ := r.Stage("delay")
			if !errors.Is(err, errBoom) || time.Since(start) != time.Second || s.Held != tt.held || !r.Balanced() {
				t.Errorf("Run() error = %v after %v, report\n%v", err, time.Since(start), r)
			}
		})
	}
}

// TestDelay_earlyEnd: a Take below takes the first, and what is held is in the books.
func TestDelay_earlyEnd(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		start := time.Now()
		var r flow.Report
		got, err := flow.Range(0, 9).Delay(time.Second).Take(2).Collect(t.Context(), flow.WithReport(&r))
		if took := time.Since(start); len(got) != 2 || err != nil || took != time.Second || !r.Balanced() {
			t.Errorf("Collect() = %v, %v after %v\n%v", got, err, took, r)
		}
	})
}

// TestDelay_timersGoOn: a Batch above and one below keep their time while it is full.
func TestDelay_timersGoOn(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		start := time.Now()
		var got []time.Duration
		err := flow.Unbatch(flow.Range(0, 3).Batch(1, time.Second).Then(ops.NewDelay[[]int](10*time.Second).WithBufferSize(1))).
			Batch(9, time.Second).ForEach(func(context.Context, []int) error {
			got = append(got, time.Since(start))
			return nil
		}).Run(t.Context())
		want := []time.Duration{11 * time.Second, 20 * time.Second}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestDelay_signals follow the items before them.
func TestDelay_signals(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var got []string
		source := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
			_ = out.Watermark(time.Unix(0, 0))
			_ = out.Emit(1)
			_ = out.Watermark(time.Unix(1, 0))
			_ = out.Emit(2)
			_ = out.Barrier(func(error) { got = append(got, "barrier") })
			return out.Emit(3)
		}))
		for _, size := range []int{1, 2, 10} {
			got = nil
			err := source.Then(ops.NewDelay[int](time.Second).WithBufferSize(size)).Then(marked(&got)).Run(t.Context())
			want := []string{"mark 0", "1", "mark 1", "2", "barrier", "3"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("size %d: error %v, mismatch (-want +got):\n%s", size, err, diff)
			}
		}
	})
}
