package ops_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("monitor", 1, ints(6), referenceMap(same), ops.NewMonitor[int](ms).OnStats(func(ops.StreamStats) {}), nil, randomInts))

var _ = misused(
	newMisuse("no interval", "monitor: interval must be positive, got 0s", ops.NewMonitor[int](0)),
	newMisuse("negative interval", "monitor: interval must be positive, got -1ms", ops.NewMonitor[int](-ms)),
	newMisuse("nil OnStats", "monitor: OnStats must not be nil", ops.NewMonitor[int](ms).OnStats(nil)),
	newMisuse("monitor with two clocks", "monitor: clock must be given once at most, got 2", ops.NewMonitor[int](ms, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"monitor", ops.NewMonitor[int](ms), referenceMap(same), true}
})

// report is a StreamStats with its time as that since the start.
type report struct {
	At           time.Duration
	Count, Delta int64
	Rate         float64
	Stalled      time.Duration
}

// reporter collects reports.
type reporter struct {
	start time.Time
	all   []report
}

func (r *reporter) tell(s ops.StreamStats) {
	r.all = append(r.all, report{s.LastUpdate.Sub(r.start), s.Count, s.Delta, s.Rate, s.Stalled})
}

// now begins a collection in a bubble.
func now() *reporter { return &reporter{start: time.Now()} }

func (r *reporter) want(t *testing.T, name string, want ...report) {
	t.Helper()
	if diff := cmp.Diff(want, r.all); diff != "" {
		t.Errorf("%s: reports mismatch (-want +got):\n%s", name, diff)
	}
}

const sec = time.Second

// TestMonitor_reports: a report at each interval, before an item that comes in the same
// moment, and one at the end.
func TestMonitor_reports(t *testing.T) {
	in := script[int]{{0, ints(3)}, {1500 * ms, ints(2)}, {500 * ms, ints(1)}, {1250 * ms, nil}}
	for _, way := range ways[int, int]() {
		synctest.Test(t, func(t *testing.T) {
			var r reporter
			way.run(t, ops.NewMonitor[int](sec).OnStats(func(s ops.StreamStats) {
				if r.start.IsZero() {
					r.start = s.LastUpdate.Add(-sec)
				}
				r.tell(s)
			}), in)
			r.want(t, way.name,
				report{At: sec, Count: 3, Delta: 3, Rate: 3},
				report{At: 2 * sec, Count: 5, Delta: 2, Rate: 2},
				report{At: 3 * sec, Count: 6, Delta: 1, Rate: 1},
				report{At: 3250 * ms, Count: 6},
			)
		})
	}
}

// TestMonitor_silentInStall is a regression test of the defect
// monitor-silent-in-stall: no report came while an item waited for downstream, which is
// when one is needed.
func TestMonitor_silentInStall(t *testing.T) {
	sink := func(_ context.Context, v int) error {
		time.Sleep(2500 * ms)
		return nil
	}
	want := []report{
		{At: sec, Count: 2, Delta: 2, Rate: 2, Stalled: sec},
		{At: 2 * sec, Count: 2, Stalled: 2 * sec},
		{At: 3 * sec, Count: 3, Delta: 1, Rate: 1, Stalled: 500 * ms},
		{At: 4 * sec, Count: 3, Stalled: 1500 * ms},
		{At: 5 * sec, Count: 4, Delta: 1, Rate: 1}, // the timer of 5s is older than the sleep that ends then
		{At: 5 * sec, Count: 4},
	}
	t.Run("in a flow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := now()
			if err := flow.Range(0, 4).Monitor(sec, r.tell).ForEach(sink).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(r.all) < 5 {
				t.Fatalf("%d reports, want at least 5", len(r.all))
			}
			// At 5s the sink and the timer are ready together, in either order.
			if diff := cmp.Diff(want[:4], r.all[:4]); diff != "" {
				t.Errorf("reports mismatch (-want +got):\n%s", diff)
			}
			if last := r.all[len(r.all)-1]; last.Count != 4 || last.At != 5*sec {
				t.Errorf("the last report is %v, want 4 items after 5s", last)
			}
		})
	})
	t.Run("over channels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := now()
			ctx, cancel := context.WithCancel(t.Context())
			out := ops.NewMonitor[int](sec).OnStats(r.tell).Process(ctx, feed(ints(4)...))
			time.Sleep(2500 * ms)
			cancel()
			collect(out)
			r.want(t, "over channels",
				report{At: sec, Stalled: sec}, report{At: 2 * sec, Stalled: 2 * sec}, report{At: 2500 * ms})
		})
	})
	t.Run("before a processor that only knows channels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := now()
			f := flow.Range(0, 4).Monitor(sec, r.tell).Then(bridged[int, int]{ops.NewMapper(func(v int) int {
				time.Sleep(2500 * ms)
				return v
			})})
			if _, err := f.Count(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]report{
				{At: sec, Count: 1, Delta: 1, Rate: 1, Stalled: sec}, {At: 2 * sec, Count: 1, Stalled: 2 * sec},
				{At: 3 * sec, Count: 2, Delta: 1, Rate: 1, Stalled: 500 * ms},
			}, r.all[:3]); diff != "" {
				t.Errorf("reports mismatch (-want +got):\n%s", diff)
			}
		})
	})
}

// TestMonitor_waitsOfOneItem: an item that becomes several below waits for each of them.
func TestMonitor_waitsOfOneItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := now()
		monitor := ops.NewMonitor[[]int](sec).OnStats(r.tell)
		err := flow.Unbatch(flow.Of(ints(4)).Then(monitor)).Async(1).
			ForEach(func(context.Context, int) error { time.Sleep(1600 * ms); return nil }).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.want(t, "unbatched",
			report{At: sec, Stalled: sec},
			report{At: 2 * sec, Stalled: 2 * sec},
			report{At: 3 * sec, Stalled: 3 * sec},
			report{At: 3200 * ms, Count: 1, Delta: 1, Rate: 5}, // 1 in 0.2 s
		)
	})
}

// TestMonitor_slowReport: what falls due while a report is made is skipped, and the next one
// is in phase.
func TestMonitor_slowReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := now()
		idle := make(chan int)
		m := ops.NewMonitor[int](sec).OnStats(func(s ops.StreamStats) {
			r.tell(s)
			time.Sleep(2250 * ms)
		})
		time.AfterFunc(6500*ms, func() { close(idle) })
		collect(m.Process(t.Context(), idle))
		r.want(t, "slow", report{At: sec}, report{At: 4 * sec}, report{At: 6500 * ms})
	})
}

// TestMonitor_lastReport comes once, however the stream ends, and counts what was delivered.
func TestMonitor_lastReport(t *testing.T) {
	fail := func(_ context.Context, v int) error {
		if v == 3 {
			return errBoom
		}
		return nil
	}
	tests := map[string]struct {
		run   func(ctx context.Context, f flow.Flow[int]) error
		want  error
		count int64
	}{
		"by the source":                {func(ctx context.Context, f flow.Flow[int]) error { return f.Run(ctx) }, nil, 6},
		"by a Take":                    {func(ctx context.Context, f flow.Flow[int]) error { return f.Take(2).Run(ctx) }, nil, 2},
		"by a Take of nothing":         {func(ctx context.Context, f flow.Flow[int]) error { return f.Take(0).Run(ctx) }, nil, 0},
		"by a failure below":           {func(ctx context.Context, f flow.Flow[int]) error { return f.TryMap(odd).Run(ctx) }, errBoom, 2},
		"by a failure behind a queue":  {func(ctx context.Context, f flow.Flow[int]) error { return f.ForEach(fail).Run(ctx) }, errBoom, -1},
		"by the end of the context":    {func(ctx context.Context, f flow.Flow[int]) error { return f.ForEach(stuck).Run(ctx) }, errBoom, 2},
		"by a context that had ended":  {func(ctx context.Context, f flow.Flow[int]) error { return f.Run(ended(ctx)) }, errBoom, 0},
		"by a failure above":           {func(ctx context.Context, f flow.Flow[int]) error { return f.Run(ctx) }, nil, 6},
		"by a panic far below the end": {func(ctx context.Context, f flow.Flow[int]) error { return f.Map(oops).Run(ctx) }, errBoom, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errBoom)
				defer cancel()
				r := now()
				err := tt.run(ctx, flow.Range(1, 7).Monitor(time.Hour, r.tell))
				if !errors.Is(err, tt.want) {
					t.Errorf("Run() = %v, want %v", err, tt.want)
				}
				if len(r.all) != 1 {
					t.Fatalf("reports %v, want one", r.all)
				}
				if got := r.all[0]; tt.count >= 0 && got.Count != tt.count || got.Stalled != 0 {
					t.Errorf("the report is %v, want %d items and no stall", got, tt.count)
				}
			})
		})
	}
}

func odd(v int) (int, error) {
	if v == 3 {
		return 0, errBoom
	}
	return v, nil
}

func oops(int) int { panic(errBoom) }

func stuck(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(errBoom)
	return ctx
}

// TestMonitor_panicInAStall: a report's panic while an item waits is the failure of the
// Monitor, and no policy above or below is asked.
func TestMonitor_panicInAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r flow.Report
		err := flow.Range(0, 9).
			Map(double).OnError(flow.Skip()).
			Monitor(sec, func(ops.StreamStats) { panic(errBoom) }).
			ForEach(stuck).OnError(flow.Skip()).Run(t.Context(), flow.WithReport(&r))
		failed, ok := errors.AsType[*flow.StageError](err)
		if !ok || err != error(failed) || failed.Stage != "monitor" || !errors.Is(err, errBoom) {
			t.Errorf("Run() = %v, want one failure of the monitor", err)
		}
		if !r.Balanced() {
			t.Errorf("the books do not balance:\n%v", r)
		}
	})
}

// TestMonitor_exitInAStall: an item that waits for a stage is in the books, also if a report
// ends the goroutine meanwhile.
func TestMonitor_exitInAStall(t *testing.T) {
	call := ops.NewCall(func(ctx context.Context, v int) (int, error) { return v, stuck(ctx, v) })
	below := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"a queue":                    func(f flow.Flow[int]) flow.Flow[int] { return f.Then(call) },
		"workers":                    func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(2, asyncStuck) },
		"one that only has channels": func(f flow.Flow[int]) flow.Flow[int] { return f.Then(bridged[int, int]{call}) },
	}
	for name, build := range below {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r flow.Report
				f := flow.Range(0, 99).Monitor(sec, func(s ops.StreamStats) {
					if s.Stalled == 0 {
						t.Error("no item waits")
					}
					runtime.Goexit()
				})
				// The end is a queue, so that the Monitor has a goroutine of its own.
				if err := build(f).Async(1).Run(t.Context(), flow.WithReport(&r)); err == nil {
					t.Error("Run() = nil, want the failure of the monitor")
				}
				if !r.Balanced() {
					t.Errorf("the books do not balance:\n%v", r)
				}
				if s := r.Stages[2]; s.Held == 0 || s.Out != 0 {
					t.Errorf("the books are wrong, want items of %s held and none given:\n%v", s.Name, r)
				}
			})
		})
	}
}

func asyncStuck(ctx context.Context, v int) (int, error) { return v, stuck(ctx, v) }

// TestMonitor_batchKeepsItsTime: the timer of a Batch in the same segment is on time after a
// stall in which the Monitor's fired.
func TestMonitor_batchKeepsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := script[int]{{0, ints(1)}, {10 * ms, ints(1)}, {10 * ms, ints(1)}, {7 * sec, ints(1)}, {9 * sec, nil}}
		var got []time.Duration
		err := in.source(virtualTime()).
			Batch(9, 5*ms).
			Then(ops.NewMonitor[[]int](sec)).
			ForEach(func(context.Context, []int) error {
				got = append(got, time.Since(start))
				time.Sleep(3500 * ms)
				return nil
			}).Run(t.Context())
		want := []time.Duration{5 * ms, 3505 * ms, 7005 * ms, 10505 * ms}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, times mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestMonitor_stats are of the run that began last, and of this value alone.
func TestMonitor_stats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := ops.NewMonitor[int](sec)
		n := m.WithName("other")
		if got := m.Stats(); got != (ops.StreamStats{}) {
			t.Errorf("Stats() before a run = %v, want none", got)
		}
		first := make(chan int)
		long := m.Process(t.Context(), first)
		synctest.Wait()
		collect(m.Process(t.Context(), feed(ints(3)...)))
		close(first)
		collect(long)
		if got := m.Stats(); got.Count != 3 || !got.LastUpdate.Equal(time.Now()) {
			t.Errorf("Stats() = %v, want those of the newest run", got)
		}
		if got := n.Stats(); got != (ops.StreamStats{}) {
			t.Errorf("Stats() of a copy = %v, want none", got)
		}
		if got := new(ops.Monitor[int]).Stats(); got != (ops.StreamStats{}) {
			t.Errorf("Stats() of the zero value = %v, want none", got)
		}
	})
}

// TestMonitor_ownClock: the reports come by the Monitor's clock, also in a stall.
func TestMonitor_ownClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		r := &reporter{start: fake.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewMonitor[int](sec, fake).OnStats(r.tell).Process(ctx, feed(ints(2)...))
		for range 2 {
			synctest.Wait()
			fake.Advance(sec)
		}
		synctest.Wait()
		cancel()
		collect(out)
		r.want(t, "fake", report{At: sec, Stalled: sec}, report{At: 2 * sec, Stalled: 2 * sec}, report{At: 2 * sec})
		if n := fake.Waiters(); n != 0 {
			t.Errorf("%d timers are armed, want none", n)
		}
	})
}
