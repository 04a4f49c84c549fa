package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

type sumWindow = ops.AggregateWindow[int]

// still is a clock that stands at the time at which bubbles begin.
var still = clock.NewFake()

var _ = conforms(
	newSubject("aggregate", 1, ints(5), sumsBy(1), aggregate(func() {}), aggregate, randomInts),
	newSubject("aggregate", 2, ints(5), sumsBy(2), aggregate(func() {}).WithCountWindow(2), nil, randomInts),
	newSubject("aggregate", 1, ints(5), sumsBy(1), aggregate(func() {}).WithTimeWindow(sec), func(before func()) *ops.Aggregate[int, int] {
		return aggregate(before).WithTimeWindow(sec).WithEmptyWindows(true)
	}, randomInts),
)

var _ = misused(
	newMisuse("aggregate without function", "aggregate: function must not be nil", ops.NewAggregate[int](0, nil)),
	newMisuse("aggregate without states", "aggregate: new state must not be nil", ops.NewAggregateFunc[int, int](nil, ops.Sum[int]())),
	newMisuse("aggregate of a negative count", "aggregate: count must not be negative, got -1", sums().WithCountWindow(-1)),
	newMisuse("aggregate of a negative period", "aggregate: period must not be negative, got -1ms", sums().WithTimeWindow(-ms)),
	newMisuse("aggregate with two clocks", "aggregate: clock must be given once at most, got 2", ops.NewAggregate(0, ops.Sum[int](), still, still)),
	newMisuse("aggregate into a shared map", "aggregate: initial state must be a value and no reference, which runs would share, got map[int]int",
		ops.NewAggregate(map[int]int{}, func(m map[int]int, n int) map[int]int { return m })),
)

var _ = chained(func(n int, before func()) link {
	size := n%4 + 1
	results := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return f.Then(aggregate(before).WithCountWindow(size)).Map(func(w sumWindow) int { return w.Result })
	})
	return link{fmt.Sprint("sums by ", size), results, func(in ...int) (out []int) {
		for _, w := range sumsBy(size)(in...) {
			out = append(out, w.Result)
		}
		return out
	}, false}
})

func sums() *ops.Aggregate[int, int] { return ops.NewAggregate(0, ops.Sum[int]()) }

// aggregate sums each item at a time that stands still.
func aggregate(before func()) *ops.Aggregate[int, int] {
	return ops.NewAggregate(0, func(sum, n int) int {
		before()
		return sum + n
	}, still).WithCountWindow(1)
}

// sumsBy gives the sums of n items each, all at the time that stands still.
func sumsBy(n int) func(...int) []sumWindow {
	return func(in ...int) (out []sumWindow) {
		for _, chunk := range referenceChunks[int](n)(in...) {
			w := sumWindow{Start: still.Now(), End: still.Now(), Count: len(chunk)}
			for _, v := range chunk {
				w.Result += v
			}
			out = append(out, w)
		}
		return out
	}
}

// sumSpan is a window that comes when it ends, so that its times are known by its length.
type sumSpan struct {
	Result, Count int
	Length        time.Duration
}

// spanned is a window with its times since the start.
func spanned(sum, count int, from, to time.Duration) stamped[sumSpan] {
	return stamped[sumSpan]{to, sumSpan{sum, count, to - from}}
}

func sumsOf(a *ops.Aggregate[int, int]) func() ops.Processor[int, sumSpan] {
	return func() ops.Processor[int, sumSpan] {
		return flow.Pipe(func(f flow.Flow[int]) flow.Flow[sumSpan] {
			return f.Then(a).Map(func(w sumWindow) sumSpan { return sumSpan{w.Result, w.Count, w.End.Sub(w.Start)} })
		})
	}
}

// results are those of the windows, without their times.
func results[T, A any](a *ops.Aggregate[T, A]) func() ops.Processor[T, A] {
	return func() ops.Processor[T, A] {
		return flow.Pipe(func(f flow.Flow[T]) flow.Flow[A] {
			return f.Then(a).Map(func(w ops.AggregateWindow[A]) A { return w.Result })
		})
	}
}

func TestAggregateByCount(t *testing.T) {
	bubble(t, "sums by three", func(t *testing.T) {
		check(t, []int{6, 15, 24}, ints(9), results(sums().WithCountWindow(3)))
	})
	bubble(t, "averages by four", func(t *testing.T) {
		a := ops.NewAggregate(ops.Average{}, ops.Avg[int]()).WithCountWindow(4)
		want := []ops.Average{{Sum: 10, Count: 4}, {Sum: 26, Count: 4}, {Sum: 19, Count: 2}}
		check(t, want, ints(10), results(a))
		if got := want[2].Value(); got != 9.5 {
			t.Errorf("Value() = %v, want 9.5", got)
		}
	})
	bubble(t, "least and greatest by five", func(t *testing.T) {
		a := ops.NewAggregate(ops.MinMax[int]{}, ops.MinMaxAgg[int]()).WithCountWindow(5)
		want := []ops.MinMax[int]{{Min: 1, Max: 9, Count: 5}, {Min: -4, Max: 0, Count: 2}}
		check(t, want, []int{5, 9, 1, 3, 3, -4, 0}, results(a))
	})
	bubble(t, "concatenation", func(t *testing.T) {
		a := ops.NewAggregate("", func(s, item string) string { return s + item }).WithCountWindow(2)
		check(t, []string{"ab", "cd", "e"}, strings.Split("abcde", ""), results(a))
	})
	bubble(t, "no limit", func(t *testing.T) {
		check(t, []int{15}, ints(5), results(sums()))
	})
	bubble(t, "one item and the end", func(t *testing.T) {
		a := ops.NewAggregate(0, ops.Count[int]()).WithCountWindow(9)
		check(t, []int{1}, ints(1), results(a))
	})
	bubble(t, "an initial state", func(t *testing.T) {
		a := ops.NewAggregate(100, ops.Sum[int]()).WithCountWindow(2)
		check(t, []int{103, 107, 105}, ints(5), results(a))
	})
}

func TestAggregateInTime(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[sumSpan]
	)
	tests := []struct {
		name string
		a    *ops.Aggregate[int, int]
		in   in
		want out
	}{
		{
			"five quick, then two slow", sums().WithCountWindow(5).WithTimeWindow(100 * ms),
			in{{0, ints(5)}, {20 * ms, []int{6}}, {30 * ms, []int{7}}, {200 * ms, nil}},
			out{spanned(15, 5, 0, 0), spanned(13, 2, 0, 100*ms)},
		},
		{
			"a count window by the clock", sums().WithCountWindow(2),
			in{{5 * ms, []int{1}}, {5 * ms, []int{2}}, {10 * ms, []int{3}}, {10 * ms, nil}},
			out{spanned(3, 2, 0, 10*ms), spanned(3, 1, 10*ms, 30*ms)},
		},
		{
			"the period begins anew with each emission", sums().WithCountWindow(2).WithTimeWindow(50 * ms),
			in{{30 * ms, []int{1, 2}}, {30 * ms, []int{3}}, {100 * ms, nil}},
			out{spanned(3, 2, 0, 30*ms), spanned(3, 1, 30*ms, 80*ms)},
		},
		{
			"an item at the end of a period belongs to the next", sums().WithTimeWindow(20 * ms),
			in{{0, []int{1}}, {20 * ms, []int{2}}, {30 * ms, nil}},
			out{spanned(1, 1, 0, 20*ms), spanned(2, 1, 20*ms, 40*ms)},
		},
		{
			"an item that would fill the window at its end does not", sums().WithCountWindow(2).WithTimeWindow(20 * ms),
			in{{0, []int{1}}, {20 * ms, []int{2, 3}}},
			out{spanned(1, 1, 0, 20*ms), spanned(5, 2, 20*ms, 20*ms)},
		},
		{
			"periods without an item are left out", sums().WithTimeWindow(20 * ms),
			in{{5 * ms, []int{1}}, {70 * ms, []int{2}}, {25 * ms, []int{3}}},
			out{spanned(1, 1, 0, 20*ms), spanned(2, 1, 60*ms, 80*ms), spanned(3, 1, 100*ms, 100*ms)},
		},
		{
			"no data with empty windows", sums().WithTimeWindow(20 * ms).WithEmptyWindows(true),
			in{{0, nil}, {50 * ms, nil}},
			out{spanned(0, 0, 0, 20*ms), spanned(0, 0, 20*ms, 40*ms)},
		},
		{
			"no data without", sums().WithTimeWindow(20 * ms),
			in{{0, nil}, {50 * ms, nil}}, nil,
		},
		{
			"empty windows and others", sums().WithCountWindow(2).WithTimeWindow(20 * ms).WithEmptyWindows(true),
			in{{25 * ms, []int{1, 2, 3}}, {40 * ms, []int{4}}, {5 * ms, nil}},
			out{
				spanned(0, 0, 0, 20*ms), spanned(3, 2, 20*ms, 25*ms), spanned(3, 1, 25*ms, 45*ms),
				spanned(0, 0, 45*ms, 65*ms), spanned(4, 1, 65*ms, 70*ms),
			},
		},
		{
			"empty windows have no effect without a period", sums().WithEmptyWindows(true),
			in{{50 * ms, []int{1}}, {50 * ms, nil}},
			out{spanned(1, 1, 0, 100*ms)},
		},
		{
			"no empty windows after all", sums().WithTimeWindow(20 * ms).WithEmptyWindows(true).WithEmptyWindows(false),
			in{{0, nil}, {50 * ms, nil}}, nil,
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkScript(t, tt.want, tt.in, sumsOf(tt.a)) })
	}
}

func TestAggregateRegressions(t *testing.T) {
	bubble(t, "aggregate-shared-map", func(t *testing.T) {
		a := ops.NewAggregateFunc(
			func() map[int]int { return map[int]int{} },
			func(seen map[int]int, n int) map[int]int { seen[n]++; return seen },
		).WithCountWindow(2)
		check(t, []map[int]int{{1: 1, 2: 1}, {3: 1, 4: 1}}, ints(4), results(a))
	})
	bubble(t, "an emitted state belongs to its receiver", func(t *testing.T) {
		a := ops.NewAggregateFunc(
			func() []int { return make([]int, 0, 8) },
			func(items []int, n int) []int { return append(items, n) },
		).WithCountWindow(2)
		var got [][]int
		for w := range a.Process(t.Context(), feed(ints(4)...)) {
			got = append(got, append([]int(nil), w.Result...))
			clear(append(w.Result, 7, 7)[:cap(w.Result)])
			settle()
		}
		if diff := cmp.Diff([][]int{{1, 2}, {3, 4}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "two runs at once do not mix", func(t *testing.T) {
		a := sums().WithCountWindow(4)
		first, second := make(chan int), make(chan int)
		one, two := a.Process(t.Context(), first), a.Process(t.Context(), second)
		for n := range 3 {
			first <- n
			second <- 10 * n
		}
		close(first)
		close(second)
		if got, other := (<-one).Result, (<-two).Result; got != 3 || other != 30 {
			t.Errorf("sums %d and %d, want 3 and 30", got, other)
		}
		collect(one)
		collect(two)
	})
	bubble(t, "cancel counts the window that is dropped", func(t *testing.T) {
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
		got, err := src.Then(sums().WithCountWindow(3).WithTimeWindow(sec)).Collect(ctx, flow.WithReport(&r))
		if len(got) != 1 || got[0].Result != 6 || err != errCause || !r.Balanced() {
			t.Errorf("error %v, windows %v, want one of 6\n%v", err, got, r)
		}
		want := flow.StageReport{Name: "aggregate", Op: "Aggregate", In: 5, Passed: 3, Out: 1, Held: 2}
		stage := r.Stages[1]
		stage.At, stage.Busy = "", 0
		if diff := cmp.Diff(want, stage); diff != "" {
			t.Errorf("books mismatch (-want +got):\n%s", diff)
		}
	})
}

// aggregateConfig is what a model needs to know.
type aggregateConfig struct {
	size    int
	period  time.Duration
	empties bool
}

func (c aggregateConfig) build() *ops.Aggregate[int, int] {
	return sums().WithCountWindow(c.size).WithTimeWindow(c.period).WithEmptyWindows(c.empties)
}

// referenceAggregate goes from one end of a period to the next, whether items came or not.
func referenceAggregate(c aggregateConfig, in script[int]) (out []stamped[sumSpan]) {
	var now, from time.Duration
	sum, count := 0, 0
	end := func(at time.Duration, emitted bool) {
		if emitted {
			out = append(out, spanned(sum, count, from, at))
		}
		from, sum, count = at, 0, 0
	}
	for _, step := range in {
		now += step.After
		for c.period > 0 && from+c.period <= now {
			end(from+c.period, c.empties || count > 0)
		}
		for _, v := range step.Items {
			sum, count = sum+v, count+1
			if count == c.size {
				end(now, true)
			}
		}
	}
	end(now, count > 0)
	return out
}

func TestAggregateModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		c := aggregateConfig{r.IntN(8), time.Duration(r.IntN(20)) * ms, r.IntN(2) == 0}
		in := randomScript(r)
		if checkScript(t, referenceAggregate(c, in), in, sumsOf(c.build())); t.Failed() {
			t.Logf("configured as %+v", c)
		}
	})
}

func FuzzAggregate(f *testing.F) {
	f.Add(uint8(3), uint8(0), false, []byte{0x0a})
	f.Add(uint8(2), uint8(10), true, []byte{0x01, 0xa1, 0x52, 0xf0})
	f.Add(uint8(0), uint8(5), false, []byte{0x07, 0x51, 0x51, 0x00, 0xf0})
	f.Fuzz(func(t *testing.T, size, period uint8, empties bool, code []byte) {
		if len(code) > 64 {
			t.Skip()
		}
		c := aggregateConfig{int(size % 16), time.Duration(period%32) * ms, empties}
		in := decode(code)
		synctest.Test(t, func(t *testing.T) {
			checkScript(t, referenceAggregate(c, in), in, sumsOf(c.build()))
		})
	})
}

func TestAggregateCurrent(t *testing.T) {
	want := func(t *testing.T, a *ops.Aggregate[int, int], sum, count int) {
		t.Helper()
		settle()
		if s, n := a.Current(); s != sum || n != count {
			t.Errorf("Current() = %d, %d, want %d, %d", s, n, sum, count)
		}
	}
	bubble(t, "while running", func(t *testing.T) {
		a := ops.NewAggregate(100, ops.Sum[int]()).WithCountWindow(6)
		want(t, a, 100, 0)
		in := make(chan int)
		out := a.Process(t.Context(), in)
		for _, n := range ints(5) {
			in <- n
		}
		want(t, a, 115, 5)
		in <- 6
		<-out
		want(t, a, 100, 0)
		in <- 7
		want(t, a, 107, 1)
		close(in)
		collect(out)
		want(t, a, 100, 0)
	})
	bubble(t, "fifteen after 1 to 5", func(t *testing.T) {
		a := sums().WithTimeWindow(sec)
		in := make(chan int)
		out := a.Process(t.Context(), in)
		for _, n := range ints(5) {
			in <- n
		}
		want(t, a, 15, 5)
		close(in)
		collect(out)
	})
	bubble(t, "of the newest run of this value", func(t *testing.T) {
		a := sums()
		b := a.WithName("other")
		ctx, cancel := context.WithCancel(t.Context())
		a.Process(ctx, filled(1, 2))
		settle()
		a.Process(ctx, filled(3))
		want(t, a, 3, 1)
		want(t, b, 0, 0)
		cancel()
		want(t, a, 3, 1)
	})
	t.Run("of the zero value", func(t *testing.T) {
		if s, n := new(ops.Aggregate[int, int]).Current(); s != 0 || n != 0 {
			t.Errorf("Current() = %d, %d, want none", s, n)
		}
	})
	t.Run("by others at any time", func(t *testing.T) {
		a := sums().WithCountWindow(1000)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for last := 0; last < 999; _, last = a.Current() {
			}
		}()
		next := 0
		err := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for ; next < 999; next++ {
				if err := emit(1); err != nil {
					return err
				}
			}
			<-done
			return nil
		}).Then(a).Run(t.Context())
		if err != nil {
			t.Error(err)
		}
	})
}

// TestAggregateFailures: an item whose call fails is in no window.
func TestAggregateFailures(t *testing.T) {
	fn := func(sum, n int) int {
		if n%3 == 0 {
			panic(errBoom)
		}
		return sum + n
	}
	for _, size := range []int{0, 1, 2} {
		var r flow.Report
		var got []int
		err := flow.FromSlice([]int{3, 1, 3, 2, 4, 3}).Then(ops.NewAggregate(0, fn).WithCountWindow(size)).OnError(flow.Skip()).
			ForEach(func(_ context.Context, w sumWindow) error {
				got = append(got, w.Result, w.Count)
				return nil
			}).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		want := map[int][]int{0: {7, 3}, 1: {1, 1, 2, 1, 4, 1}, 2: {3, 2, 4, 1}}[size]
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("by %d: error %v, mismatch (-want +got):\n%s\n%v", size, err, diff, r)
		}
		if s := r.Stages[1]; s.Failed != 3 || s.Passed != 3 {
			t.Errorf("by %d: %d failed and %d passed, want 3 and 3", size, s.Failed, s.Passed)
		}
	}
	t.Run("a state that cannot be made", func(t *testing.T) {
		made := 0
		newState := func() int {
			if made++; made == 1 {
				panic(errBoom)
			}
			return 0
		}
		got, err := flow.FromSlice(ints(3)).Then(ops.NewAggregateFunc(newState, ops.Sum[int]())).OnError(flow.Skip()).
			Collect(t.Context(), flow.WithLogger(discard))
		if len(got) != 1 || got[0].Result != 5 || got[0].Count != 2 || err != nil {
			t.Errorf("windows %v, error %v, want one of 2 and 3", got, err)
		}
	})
	bubble(t, "one of an empty window ends the run", func(t *testing.T) {
		a := ops.NewAggregateFunc(func() int { panic(errBoom) }, ops.Sum[int]()).WithTimeWindow(sec).WithEmptyWindows(true)
		err := flow.FromChan(make(chan int)).Then(a).OnError(flow.Skip()).Run(t.Context(), flow.WithLogger(discard))
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "aggregate" || !errors.Is(err, errBoom) {
			t.Errorf("Run() = %v, want the failure of the aggregate", err)
		}
	})
}

// TestAggregateBackpressure: periods that pass while a window waits do not keep the items from
// being read.
func TestAggregateBackpressure(t *testing.T) {
	type window = stamped[sumWindow]
	run := func(t *testing.T, a *ops.Aggregate[int, int], takes time.Duration, reads int) (got []window) {
		ctx, cancel := context.WithCancel(t.Context())
		in := make(chan int)
		out := a.Process(ctx, in)
		go func() {
			for _, n := range ints(3) {
				time.Sleep(25 * ms)
				in <- n
			}
		}()
		start := time.Now()
		for range reads {
			time.Sleep(takes)
			w := <-out
			got = append(got, window{time.Since(start), w})
		}
		cancel()
		collect(out)
		return got
	}
	bubble(t, "the window after is longer by whole periods", func(t *testing.T) {
		got := run(t, sums().WithTimeWindow(10*ms).WithEmptyWindows(true), 35*ms, 4)
		start := still.Now()
		want := []window{
			{35 * ms, sumWindow{0, start, start.Add(10 * ms), 0}},
			{70 * ms, sumWindow{1, start.Add(10 * ms), start.Add(40 * ms), 1}},
			{105 * ms, sumWindow{2, start.Add(40 * ms), start.Add(80 * ms), 1}},
			{140 * ms, sumWindow{3, start.Add(80 * ms), start.Add(110 * ms), 1}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "an item that waited is of the time at which it is read", func(t *testing.T) {
		got := run(t, sums().WithTimeWindow(10*ms), 50*ms, 3)
		start := still.Now()
		want := []window{
			{50 * ms, sumWindow{1, start.Add(20 * ms), start.Add(30 * ms), 1}},
			{100 * ms, sumWindow{2, start.Add(50 * ms), start.Add(60 * ms), 1}},
			{150 * ms, sumWindow{3, start.Add(100 * ms), start.Add(110 * ms), 1}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestAggregateEndsItsWindowBeforeABarrier(t *testing.T) {
	src := &barriers{items: ints(3)}
	var r flow.Report
	got, err := flow.FromSignals(src).Then(results(sums().WithCountWindow(9))()).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff(ints(3), got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
}

// TestAggregateKeepsAWatermarkBack until the items before it have gone.
func TestAggregateKeepsAWatermarkBack(t *testing.T) {
	var got []string
	source := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
		mark := func(s int64) { _ = out.Watermark(time.Unix(s, 0)) }
		mark(0) // goes down at once
		_ = out.Emit(1)
		mark(1) // gives way to the next
		mark(2)
		_ = out.Emit(2)
		mark(3) // no item is held
		return out.Emit(3)
	}))
	err := source.Then(results(sums().WithCountWindow(2))()).Then(marked(&got)).Run(t.Context())
	want := []string{"mark 0", "3", "mark 2", "mark 3", "3"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

func TestAggregateClock(t *testing.T) {
	for name, period := range map[string]time.Duration{"with a period": sec, "without": 0} {
		bubble(t, name, func(t *testing.T) {
			epoch := time.Unix(0, 0)
			fake := clock.NewFakeAt(epoch)
			in := make(chan int)
			out := ops.NewAggregate(0, ops.Sum[int](), fake).WithCountWindow(2).WithTimeWindow(period).Process(t.Context(), in)
			in <- 1
			settle()
			fake.Advance(sec / 2)
			in <- 2
			want := sumWindow{3, epoch, epoch.Add(sec / 2), 2}
			if diff := cmp.Diff(want, wantNext(t, out)); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
			close(in)
			collect(out)
			if n := fake.Waiters(); n != 0 {
				t.Errorf("%d timers are left", n)
			}
		})
	}
}

func TestAggregateFuncs(t *testing.T) {
	fold := func(fn func(ops.MinMax[float64], float64) ops.MinMax[float64], in ...float64) (m ops.MinMax[float64]) {
		for _, v := range in {
			m = fn(m, v)
		}
		return m
	}
	nan := math.NaN()
	for name, in := range map[string][]float64{
		"first": {nan, 2, 1}, "between": {2, nan, 1}, "last": {2, 1, nan},
	} {
		if got, want := fold(ops.MinMaxAgg[float64](), in...), (ops.MinMax[float64]{Min: 1, Max: 2, Count: 2}); got != want {
			t.Errorf("NaN %s: %v, want %v", name, got, want)
		}
	}
	if got := fold(ops.MinMaxAgg[float64](), nan); got != (ops.MinMax[float64]{}) {
		t.Errorf("of NaN alone: %v, want nothing", got)
	}
	if got, want := (ops.MinMax[string]{Min: "a", Max: "z", Count: 3}).String(), "min a, max z of 3"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got := (ops.Average{}).Value(); got != 0 {
		t.Errorf("Value() of nothing = %v, want 0", got)
	}
	type level uint8
	if got, want := ops.Sum[level]()(250, 10), level(4); got != want {
		t.Errorf("a sum of a byte = %d, want %d", got, want)
	}
	if got, want := ops.Avg[uint64]()(ops.Average{}, 1<<63).Value(), float64(1<<63); got != want {
		t.Errorf("an average of a large number = %v, want %v", got, want)
	}
}
