package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("batcher", 2, ints(5), referenceChunks[int](2), ops.NewBatcher[int](ops.BatchConfig{MaxSize: 2}), nil, randomInts),
	newSubject("batcher", 2, ints(5), referenceChunks[int](2), ops.NewBatcher[int](ops.BatchConfig{MaxSize: 2, MaxLatency: ms}), nil, randomInts),
)

var _ = misused(
	newMisuse("negative batch size", "batcher: size must not be negative, got -1", ops.NewBatcher[int](within(-1, ms))),
	newMisuse("negative latency", "batcher: latency must not be negative, got -1ms", ops.NewBatcher[int](within(1, -ms))),
	newMisuse("batch without limits", "batcher: size must be at least 1 where there is no latency, got 0", ops.NewBatcher[int](sized(0))),
	newMisuse("two clocks", "batcher: clock must be given once at most, got 2", ops.NewBatcher[int](within(1, ms), clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("batch and unbatch ", n+1), rebatch(within(n+1, ms)), referenceMap(same), false}
})

func sized(n int) ops.BatchConfig { return ops.BatchConfig{MaxSize: n} }

func within(n int, d time.Duration) ops.BatchConfig {
	return ops.BatchConfig{MaxSize: n, MaxLatency: d}
}

func batching(config ops.BatchConfig) func() ops.Processor[int, []int] {
	return func() ops.Processor[int, []int] { return ops.NewBatcher[int](config) }
}

func TestBatcherBySize(t *testing.T) {
	tests := []struct {
		name string
		size int
		in   []int
		want [][]int
	}{
		{"ten by three", 3, ints(10), [][]int{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10}}},
		{"ten by five", 5, ints(10), [][]int{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}},
		{"one by one", 1, ints(3), [][]int{{1}, {2}, {3}}},
		{"fewer than a batch", 9, ints(3), [][]int{{1, 2, 3}}},
		{"one item", 3, ints(1), [][]int{{1}}},
		{"empty input", 3, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { check(t, tt.want, tt.in, batching(sized(tt.size))) })
	}
}

func TestBatcherInTime(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[[]int]
	)
	tests := []struct {
		name   string
		config ops.BatchConfig
		in     in
		want   out
	}{
		{
			"two bursts give two batches", within(10, 50*ms),
			in{{0, []int{1, 2, 3}}, {60 * ms, []int{4, 5, 6}}, {60 * ms, nil}},
			out{{50 * ms, []int{1, 2, 3}}, {110 * ms, []int{4, 5, 6}}},
		},
		{
			"a full batch and a slow one", within(5, 100*ms),
			in{{0, ints(5)}, {10 * ms, []int{6}}, {20 * ms, []int{7}}, {200 * ms, nil}},
			out{{0, ints(5)}, {110 * ms, []int{6, 7}}},
		},
		{
			"the time runs from the first item of the batch", within(10, 20*ms),
			in{{5 * ms, []int{1}}, {19 * ms, []int{2}}, {30 * ms, nil}},
			out{{25 * ms, []int{1, 2}}},
		},
		{
			"an item at the deadline belongs to the next batch", within(10, 20*ms),
			in{{0, []int{1}}, {20 * ms, []int{2}}, {30 * ms, nil}},
			out{{20 * ms, []int{1}}, {40 * ms, []int{2}}},
		},
		{
			"an item that would fill the batch at its deadline does not", within(2, 20*ms),
			in{{0, []int{1}}, {20 * ms, []int{2, 3}}},
			out{{20 * ms, []int{1}}, {20 * ms, []int{2, 3}}},
		},
		{
			"a full batch stops the time of its own", within(2, 10*ms),
			in{{0, []int{1, 2}}, {5 * ms, []int{3}}, {30 * ms, nil}},
			out{{0, []int{1, 2}}, {15 * ms, []int{3}}},
		},
		{
			"no empty batches while idle", within(2, 10*ms),
			in{{0, []int{1}}, {200 * ms, []int{2}}, {200 * ms, nil}},
			out{{10 * ms, []int{1}}, {210 * ms, []int{2}}},
		},
		{
			"the end comes before the deadline", within(10, 50*ms),
			in{{0, []int{1}}, {10 * ms, []int{2}}},
			out{{10 * ms, []int{1, 2}}},
		},
		{
			"limited by time alone", within(0, 10*ms),
			in{{0, ints(100)}, {20 * ms, nil}},
			out{{10 * ms, ints(100)}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, batching(tt.config)) })
	}
}

func TestBatcherRegressions(t *testing.T) {
	bubble(t, "batcher-zero-latency", func(t *testing.T) {
		want := []stamped[[]int]{{5 * ms, []int{1, 2, 3}}, {10 * ms, []int{4, 5}}}
		in := script[int]{{0, []int{1}}, {5 * ms, []int{2, 3}}, {5 * ms, []int{4, 5}}}
		checkScript(t, want, in, batching(sized(3)))
	})
	bubble(t, "zero latency keeps all items", func(t *testing.T) {
		check(t, [][]int{{1, 2}, {3, 4}, {5}}, ints(5), batching(sized(2)))
	})
	bubble(t, "a tick left over from a full batch does not cut the next one short", func(t *testing.T) {
		want := []stamped[[]int]{{9 * ms, []int{1, 2}}, {19 * ms, []int{3}}}
		in := script[int]{{0, []int{1}}, {9 * ms, []int{2, 3}}, {30 * ms, nil}}
		checkScript(t, want, in, batching(within(2, 10*ms)))
	})
}

// referenceBatch is the Batcher over a script whose end comes after a last wait.
func referenceBatch[T any](config ops.BatchConfig, in script[T]) (out []stamped[[]T]) {
	var now, due time.Duration
	var items []T
	flush := func(at time.Duration) {
		if len(items) > 0 {
			out = append(out, stamped[[]T]{at, items})
		}
		items = nil
	}
	for _, step := range in {
		now += step.After
		if config.MaxLatency > 0 && due <= now {
			flush(due)
		}
		for _, v := range step.Items {
			if len(items) == 0 {
				due = now + config.MaxLatency
			}
			if items = append(items, v); len(items) == config.MaxSize {
				flush(now)
			}
		}
	}
	flush(now)
	return out
}

// randomScript has gaps of up to 12 ms and bursts of up to 6 items.
func randomScript(r *rand.Rand) script[int] {
	s := script[int]{{}}
	n := 0
	for range r.IntN(25) {
		step := step[int]{After: time.Duration(r.IntN(13)) * ms}
		for range r.IntN(7) {
			n++
			step.Items = append(step.Items, n)
		}
		s = append(s, step)
	}
	return s
}

func randomConfig(r *rand.Rand) ops.BatchConfig {
	config := within(r.IntN(8), time.Duration(r.IntN(20))*ms)
	if config == (ops.BatchConfig{}) {
		config.MaxSize = 1
	}
	return config
}

func TestBatcherModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		config, in := randomConfig(r), randomScript(r)
		checkScript(t, referenceBatch(config, in), in, batching(config))
	})
}

func TestBatchesBelongToTheirReceiver(t *testing.T) {
	bubble(t, "appending and writing", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewBatcher[int](sized(2)).Process(t.Context(), in)
		go func() {
			defer close(in)
			for _, n := range ints(6) {
				in <- n
			}
		}()
		var got [][]int
		for batch := range out {
			got = append(got, slices.Clone(batch))
			clear(append(batch, 7, 7)[:cap(batch)])
			settle()
		}
		if diff := cmp.Diff([][]int{{1, 2}, {3, 4}, {5, 6}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestBatcherCapacityGrowsWithUse(t *testing.T) {
	batcher := ops.NewBatcher[[1024]byte](sized(1_000_000))
	t.Run("of the slice", func(t *testing.T) {
		got := collect(batcher.Process(t.Context(), feed(make([][1024]byte, 3)...)))
		if len(got) != 1 || len(got[0]) != 3 || cap(got[0]) > 8 {
			t.Errorf("%d batches, the first of length %d and capacity %d, want one of 3 and at most 8", len(got), len(got[0]), cap(got[0]))
		}
	})
	t.Run("of all that is allocated", func(t *testing.T) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		collect(batcher.Process(t.Context(), feed(make([][1024]byte, 3)...)))
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(1<<20); got > limit {
			t.Errorf("three items of 1 KiB allocate %d bytes, want at most %d", got, limit)
		}
	})
}

// A batch that is limited by time alone still is bounded.
func TestBatcherHasAHardCap(t *testing.T) {
	const limit = 1 << 20
	var lengths []int
	note := func(batch []int) { lengths = append(lengths, len(batch)) }
	many := feed(make([]int, limit+1)) // one slice: no queue stands before the batcher
	err := flow.Unbatch(flow.FromChan(many)).Then(ops.NewBatcher[int](within(0, time.Hour))).Tap(note).Run(t.Context())
	if diff := cmp.Diff([]int{limit, 1}, lengths); diff != "" || err != nil {
		t.Errorf("error %v, lengths mismatch (-want +got):\n%s", err, diff)
	}
}

func TestBatcherClock(t *testing.T) {
	bubble(t, "its own", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewBatcher[int](within(10, time.Second), fake).Process(t.Context(), in)
		in <- 1
		wantOpen(t, out)
		fake.Advance(time.Second - 1)
		wantOpen(t, out)
		fake.Advance(1)
		if diff := cmp.Diff([]int{1}, wantNext(t, out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		close(in)
		collect(out)
	})
	bubble(t, "nil means that of the run", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewBatcher[int](within(10, time.Second), nil).Process(clock.With(t.Context(), fake), in)
		in <- 1
		wantOpen(t, out)
		fake.Advance(time.Second)
		wantNext(t, out)
		close(in)
		collect(out)
	})
	bubble(t, "no timer is left", func(t *testing.T) {
		fake := clock.NewFake()
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewBatcher[int](within(10, time.Second), fake).Process(ctx, filled(1))
		settle()
		cancel()
		wantClosed(t, out)
		if got := fake.Waiters(); got != 0 {
			t.Errorf("%d timers are left", got)
		}
	})
	bubble(t, "in a flow with another one", func(t *testing.T) {
		fake := clock.NewFake()
		src := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			if err := emit(1); err != nil {
				return err
			}
			settle()
			fake.Advance(time.Second)
			settle()
			return emit(2)
		})
		got, err := src.Then(ops.NewBatcher[int](within(10, time.Second), fake)).Collect(t.Context())
		if diff := cmp.Diff([][]int{{1}, {2}}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

func TestBatcherBackpressure(t *testing.T) {
	bubble(t, "a waiting batch stops the reading and the time", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(5))
		out := ops.NewBatcher[int](within(2, 10*ms)).Process(ctx, in)
		time.Sleep(time.Hour)
		if want, got := int64(2), taken.Load(); got != want {
			t.Errorf("%d items were taken, want %d", got, want)
		}
		start := time.Now()
		want := []stamped[[]int]{{0, []int{1, 2}}, {0, []int{3, 4}}, {0, []int{5}}}
		var got []stamped[[]int]
		for batch := range out {
			got = append(got, stamped[[]int]{time.Since(start), batch})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		cancel()
	})
	bubble(t, "the next batch's time starts with its own first item", func(t *testing.T) {
		in := make(chan int, 2)
		in <- 1
		out := ops.NewBatcher[int](within(2, 10*ms)).Process(t.Context(), in)
		time.Sleep(15 * ms) // [1] is due since 5 ms and waits for a receiver
		in <- 2
		time.Sleep(20 * ms)
		wantNext(t, out)
		start := time.Now()
		if diff := cmp.Diff([]int{2}, <-out); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if want, got := 10*ms, time.Since(start); got != want {
			t.Errorf("the next batch came after %v, want %v", got, want)
		}
		close(in)
		collect(out)
	})
}

func TestBatcherCancel(t *testing.T) {
	bubble(t, "drops the partial batch", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewBatcher[int](within(3, time.Second)).Process(ctx, filled(1, 2))
		settle()
		cancel()
		wantClosed(t, out)
	})
	bubble(t, "in a flow the partial batch is held", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			for _, n := range ints(5) {
				if err := emit(n); err != nil {
					return err
				}
			}
			settle()
			cancel(errCause)
			return ctx.Err()
		})
		var r flow.Report
		got, err := src.Then(ops.NewBatcher[int](within(3, time.Second))).Collect(ctx, flow.WithReport(&r))
		if diff := cmp.Diff([][]int{{1, 2, 3}}, got); diff != "" || err != errCause || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		want := flow.StageReport{Name: "batcher", Op: "Batch", In: 5, Passed: 3, Out: 1, Held: 2}
		stage := r.Stages[1]
		stage.At, stage.Busy = "", 0
		if diff := cmp.Diff(want, stage); diff != "" {
			t.Errorf("books mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestBatcherFlushesBeforeABarrier(t *testing.T) {
	src := &barriers{items: ints(3)}
	var r flow.Report
	got, err := flow.FromSignals(src).Then(ops.NewBatcher[int](sized(10))).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff([][]int{{1}, {2}, {3}}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	if !slices.Equal([]error{nil, nil, nil}, src.done) {
		t.Errorf("the barriers are done with %v, want three times nil", src.done)
	}
}

// shared is what a program keeps at package level and uses for every request.
var shared = ops.NewBatcher[int](within(4, time.Second), ops.RealClock)

func TestBatcherServesManyRequestsAtOnce(t *testing.T) {
	bubble(t, "each gets its own items", func(t *testing.T) {
		var wg sync.WaitGroup
		for request := range 20 {
			wg.Go(func() {
				var in []int
				for i := range 10 {
					in = append(in, 100*request+i)
				}
				want := referenceChunks[int](4)(in...)
				got := collect(shared.Process(t.Context(), feed(in...)))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("request %d mismatch (-want +got):\n%s", request, diff)
				}
			})
		}
		wg.Wait()
	})
}
