package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ascending(a, b int) int { return a - b }

// stuckCall waits for the end of the run.
func stuckCall(ctx context.Context, _ int) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func firstOf(p flow.Pair[int, int]) int { return p.A }

// joins are all that make one flow of two. An endless flow first keeps each of them from
// ending, and so does one in the second place but where that may be ignored.
var joins = map[string]func(a, b flow.Flow[int]) flow.Flow[int]{
	"Merge":          func(a, b flow.Flow[int]) flow.Flow[int] { return flow.Merge(a, b) },
	"MergePriority":  func(a, b flow.Flow[int]) flow.Flow[int] { return flow.MergePriority(a, b) },
	"Interleave":     func(a, b flow.Flow[int]) flow.Flow[int] { return flow.Interleave(2, a, b) },
	"MergeSorted":    func(a, b flow.Flow[int]) flow.Flow[int] { return flow.MergeSorted(ascending, a, b) },
	"Race":           func(a, b flow.Flow[int]) flow.Flow[int] { return flow.Race(a, b) },
	"OrElse":         func(a, b flow.Flow[int]) flow.Flow[int] { return a.OrElse(b) },
	"Zip":            func(a, b flow.Flow[int]) flow.Flow[int] { return a.Zip(b).Map(firstOf) },
	"ZipLongest":     func(a, b flow.Flow[int]) flow.Flow[int] { return a.ZipLongest(b).Map(firstOf) },
	"ZipLatest":      func(a, b flow.Flow[int]) flow.Flow[int] { return a.ZipLatest(b).Map(firstOf) },
	"WithLatestFrom": func(a, b flow.Flow[int]) flow.Flow[int] { return a.WithLatestFrom(b).Map(firstOf) },
	"IntervalJoin":   func(a, b flow.Flow[int]) flow.Flow[int] { return a.IntervalJoin(b, alike, 0, 0).Map(firstOf) },
}

// alike has all items belong together.
var alike = flow.JoinOn(sameInt, sameTime, sameInt, sameTime)

func sameInt(int) int        { return 0 }
func sameTime(int) time.Time { return time.Unix(0, 0) }

// eachJoin runs a test for each of joins, in a bubble.
func eachJoin(t *testing.T, test func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int])) {
	for name, join := range joins {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, join) })
		})
	}
}

// While a slow sink is busy all inputs fill their queues.
func TestMergePriority_theFirstThatHasItemsGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		high := arriving([]atTime{{5, 1}, {15, 1}, {15, 1}})
		low := flow.Repeat(3)
		middle := arriving([]atTime{{15, 2}, {15, 2}, {30, 2}})
		got, err := flow.MergePriority(high, middle, low).Call(func(_ context.Context, v int) (int, error) {
			time.Sleep(10*time.Millisecond + time.Microsecond)
			return v, nil
		}).Take(9).Collect(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{3, 1, 1, 1, 2, 2, 2, 3, 3}, got); diff != "" {
			t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestRace_stopsTheOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var stopped time.Duration
		loser := flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
			<-ctx.Done()
			stopped = time.Since(start)
			return ctx.Err()
		})
		opt, r := audited(t)
		got, err := flow.Race(loser, flow.FromFunc(paced(1, 60)), flow.Empty[int]()).Collect(t.Context(), opt)
		if err != nil || !slices.Equal(got, []int{0, 1}) {
			t.Errorf("Collect() = %v, %v", got, err)
		}
		if stopped != time.Second {
			t.Errorf("a flow that had lost was stopped after %v, want %v\n%v", stopped, time.Second, r)
		}
	})
}

func TestRace_aFailureCountsWhileNoneHasWon(t *testing.T) {
	fails := func(after time.Duration) flow.Flow[int] {
		return flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
			select {
			case <-time.After(after):
				return errPlanted
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		if _, err := flow.Race(flow.FromFunc(paced(2)), fails(time.Second)).Collect(t.Context(), audit(t)); !errors.Is(err, errPlanted) {
			t.Errorf("Collect() = %v, want %v", err, errPlanted)
		}
		if got, err := flow.Race(flow.FromFunc(paced(2, 9)), fails(3*time.Second)).Collect(t.Context(), audit(t)); err != nil || len(got) != 2 {
			t.Errorf("Collect() = %v, %v, want both items: who failed had lost", got, err)
		}
	})
}

func TestOrElse_startsTheOtherOnlyIfItMust(t *testing.T) {
	book := &journal{}
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		want []string
	}{
		"with items":            {timed(book, "a", 1), []string{"a starts", "a ends"}},
		"empty":                 {timed(book, "a"), []string{"a starts", "a ends", "b starts", "b ends"}},
		"filtered":              {timed(book, "a", 1).Skip(1), []string{"a starts", "a ends", "b starts", "b ends"}},
		"empty, with boundary":  {timed(book, "a").Async(1), []string{"a starts", "a ends", "b starts", "b ends"}},
		"ended early":           {timed(book, "a", 1, 2).Take(1), []string{"a starts", "a ends"}},
		"ended before an item":  {flow.Repeat(1).Take(0), []string{"b starts", "b ends"}},
		"a Take below is early": {flow.Empty[int]().OrElse(timed(book, "c", 1, 2)).Take(1), []string{"c starts", "c ends"}},
	} {
		book.lines = nil
		if err := tt.f.OrElse(timed(book, "b", 3).Async(1)).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, book.all()); diff != "" {
			t.Errorf("%s: order mismatch (-want +got):\n%s", name, diff)
		}
	}
}

func TestZip_endsWithTheShorterAndStopsTheOther(t *testing.T) {
	for name, f := range map[string]flow.Flow[flow.Pair[int, int]]{
		"the first":           flow.Of(1, 2).Zip(flow.Repeat(7)),
		"the second":          flow.Repeat(7).Zip(flow.Of(1, 2)),
		"an idle one":         blocked(5).Zip(flow.Of(1, 2)),
		"an early end inside": flow.Repeat(1).Take(2).Zip(flow.Repeat(2)),
		"with boundaries":     flow.Repeat(1).Async(3).Zip(blocked(2).Take(2).Async(1)).Async(2),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if n, err := f.Count(t.Context(), audit(t)); n != 2 || err != nil {
					t.Errorf("Count() = %d, %v, want 2", n, err)
				}
			})
		})
	}
}

func TestZip_books(t *testing.T) {
	opt, r := audited(t)
	if err := flow.Range(0, 5).Zip(flow.Range(0, 3)).Named("z").Run(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	row := stageReport(t, r, "z")
	if row.In != 6 || row.Passed != 6 || row.Out != 3 || r.Edges[0].Queued+r.Edges[1].Queued != 2 {
		t.Errorf("the books are not 6 in, 3 out and 2 queued:\n%v", r)
	}
}

func TestZipLatest_books(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		a, b := arriving([]atTime{{1, 1}, {2, 2}, {3, 3}}), arriving([]atTime{{4, 1}, {5, 2}})
		if err := a.ZipLatest(b).Run(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		if row := stageReport(t, r, "zip-latest"); row.In != 5 || row.Passed != 3 || row.Filtered != 2 || row.Out != 2 {
			t.Errorf("the books are not 5 in, 3 passed and 2 filtered:\n%v", r)
		}
		opt, r = audited(t)
		if err := arriving([]atTime{{1, 1}, {3, 3}, {4, 4}}).WithLatestFrom(arriving([]atTime{{2, 1}, {5, 5}})).Run(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		if row := stageReport(t, r, "with-latest-from"); row.In != 4 || row.Passed != 3 || row.Filtered != 1 || row.Out != 2 {
			t.Errorf("the books are not 4 in, 3 passed and 1 filtered:\n%v", r)
		}
	})
}

func TestJoins_takeBelowEndsAll(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		sevens := flow.Concat(flow.Of(7, 7, 7, 7), blocked(0))
		for _, f := range []flow.Flow[int]{
			join(slowed(flow.Repeat(7)), sevens).Take(3),
			join(slowed(flow.Repeat(7)), sevens).Async(1).Take(3),
			join(slowed(flow.Repeat(7)).Async(2), sevens.Then(ops.ProcessorFunc[int, int](relay))).Take(3),
			flow.Merge(join(slowed(flow.Repeat(7)), sevens).Take(3)),
			flow.Concat(join(slowed(flow.Repeat(7)), sevens).Take(2), flow.Of(7)),
		} {
			got, err := f.Collect(t.Context(), audit(t))
			if err != nil || !slices.Equal(got, []int{7, 7, 7}) {
				t.Errorf("Collect() = %v, %v", got, err)
			}
		}
	})
}

// slowed gives the other input time for its first item.
func slowed(f flow.Flow[int]) flow.Flow[int] {
	return f.Call(func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Millisecond)
		return v, nil
	})
}

func TestJoins_failureEndsTheRun(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		fault := func(int) (int, error) { panic(errPlanted) }
		for i := range 2 {
			inputs := []flow.Flow[int]{blocked(0), blocked(0)}
			inputs[i] = flow.Of(1).TryMap(fault).Named("bad")
			f := join(inputs[0], inputs[1])
			if i == 1 && name(t) == "OrElse" {
				f = join(flow.Empty[int](), inputs[1])
			}
			if err := f.Run(t.Context(), audit(t)); stageError(t, err).Stage != "bad" || !errors.Is(err, errPlanted) {
				t.Errorf("Run() = %v, want %v of bad", err, errPlanted)
			}
		}
	})
}

// name is that of the innermost test.
func name(t *testing.T) string {
	full := t.Name()
	for i := len(full) - 1; i >= 0; i-- {
		if full[i] == '/' {
			return full[i+1:]
		}
	}
	return full
}

func TestJoins_cancelWhileTheyWait(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		for _, f := range []flow.Flow[int]{
			join(blocked(0), blocked(2)), join(blocked(3), blocked(0)), join(blocked(2), blocked(2).Async(1)),
			join(flow.Repeat(1), flow.Repeat(2)).Call(stuckCall),
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			running := f.Discard().Start(ctx, audit(t))
			synctest.Wait()
			cancel(errPlanted)
			if err := running.Wait(); !errors.Is(err, errPlanted) {
				t.Errorf("Wait() = %v, want %v", err, errPlanted)
			}
		}
	})
}

func TestJoins_drainAndPause(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		var n atomic.Int64
		running := each(join(counting(), counting().Async(2)), func(int) { n.Add(1) }).Start(t.Context(), audit(t))
		time.Sleep(3500 * time.Millisecond)
		running.Pause()
		time.Sleep(2 * time.Second) // an item may be on its way
		before := n.Load()
		time.Sleep(time.Hour)
		if got := n.Load(); got != before || got == 0 {
			t.Errorf("%d items came before a pause, and %d with it", before, got)
		}
		running.Resume()
		time.Sleep(time.Minute)
		if n.Load() == before {
			t.Error("nothing comes after the pause")
		}
		if err := running.Drain(t.Context()); err != nil {
			t.Errorf("Drain() = %v", err)
		}
		if err := running.Wait(); err != nil {
			t.Errorf("Wait() = %v", err)
		}
	})
}

// Barriers go through in order with the items of their own flow, and are told of their end.
func TestJoins_barriersArrive(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		var arrived, left atomic.Int64
		told := func(err error) {
			if err == nil {
				arrived.Add(1)
			} else {
				left.Add(1)
			}
		}
		if err := join(barriered(told), barriered(told)).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		want, never := int64(2), int64(0)
		switch name(t) {
		case "OrElse": // the source of the other does not run
			want = 1
		case "Race": // that of the loser may not come through
			want, never = arrived.Load(), left.Load()
			if want < 1 || want > 2 {
				t.Errorf("%d barriers arrived", want)
			}
		case "WithLatestFrom": // it ends with the first
			want, never = max(1, arrived.Load()), left.Load()
		}
		if arrived.Load() != want || left.Load() != never {
			t.Errorf("%d barriers arrived and %d were left, want %d and %d", arrived.Load(), left.Load(), want, never)
		}
	})
}

func TestJoins_aSlowSinkHoldsBothBack(t *testing.T) {
	eachJoin(t, func(t *testing.T, join func(a, b flow.Flow[int]) flow.Flow[int]) {
		var given [2]atomic.Int64
		begun := make(chan struct{})
		first := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			select {
			case <-begun: // the second flow has given an item, before which WithLatestFrom discards
			case <-ctx.Done():
			}
			for emit(1) == nil {
				given[0].Add(1)
			}
			return nil
		})
		second := flow.Repeat(2).Tap(func(int) {
			if given[1].Add(1) == 2 {
				close(begun)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		var before [2]int64
		running := join(first, second).Call(func(ctx context.Context, v int) (int, error) {
			before = [2]int64{given[0].Load(), given[1].Load()}
			return stuckCall(ctx, v)
		}).Discard().Start(ctx, audit(t))
		synctest.Wait()
		for i := range given {
			if n := given[i].Load() - before[i]; n > 256+1 {
				t.Errorf("input %d gave %d items to a stuck sink", i, n)
			}
		}
		cancel()
		if err := running.Wait(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// An early end of one input is the end of that one.
func TestJoins_anEndOfOneInput(t *testing.T) {
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		want int
	}{
		"MergePriority":  {flow.MergePriority(flow.Repeat(1).Take(3), flow.Of(1, 2)), 5},
		"Interleave":     {flow.Interleave(2, flow.Repeat(1).Take(3), flow.Of(1, 2), flow.Empty[int]()), 5},
		"MergeSorted":    {flow.MergeSorted(ascending, flow.Repeat(1).Take(3), flow.Of(1, 2), flow.Empty[int]()), 5},
		"Race":           {flow.Race(flow.Empty[int](), flow.Repeat(1).Take(3), blocked(0)), 3},
		"ZipLongest":     {flow.Repeat(1).Take(3).ZipLongest(flow.Of(1, 2)).Map(firstOf), 3},
		"ZipLatest":      {blocked(3).ZipLatest(flow.Empty[int]()).Map(firstOf), 0},
		"ZipLatest, too": {flow.Repeat(1).Take(0).ZipLatest(blocked(3)).Map(firstOf), 0},
		"WithLatestFrom": {flow.Repeat(1).Take(3).WithLatestFrom(blocked(0)).Map(firstOf), 0},
		"nothing":        {flow.Merge(flow.Race[int](), flow.Interleave[int](1), flow.MergeSorted(ascending), flow.MergePriority[int]()), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if n, err := tt.f.Count(t.Context(), audit(t)); int(n) != tt.want || err != nil {
					t.Errorf("Count() = %d, %v, want %d", n, err, tt.want)
				}
			})
		})
	}
}

func TestMergeSorted_ofFlowsOutOfOrderEnds(t *testing.T) {
	got, err := flow.MergeSorted(ascending, flow.Of(5, 1, 4), flow.Of(3, 2)).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{3, 2, 5, 1, 4}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestMergeSorted_aPanicOfTheComparisonIsItsOwn(t *testing.T) {
	panics := func(int, int) int { panic(errBoom) }
	err := flow.MergeSorted(panics, flow.Of(1), flow.Of(2)).Named("sorted").OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
	if got := stageError(t, err); got.Stage != "sorted" || got.Op != "MergeSorted" || got.Item != nil || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want %v of sorted", err, errBoom)
	}
}

func TestJoins_nameAndPolicyAreForAllInputs(t *testing.T) {
	fails := func(v int) (int, error) { return v, errPlanted }
	a, b := flow.Of(1).TryMap(fails), flow.Of(2).TryMap(fails).Named("own")
	inner := []string{"both/items", "both/try-mapper", "both/items#2", "both/own"}
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		want []string
	}{
		"MergePriority": {flow.MergePriority(a, b), inner},
		"Interleave":    {flow.Interleave(1, a, b), inner},
		"Race":          {flow.Race(a, b), inner},
		"MergeSorted":   {flow.MergeSorted(ascending, a, b), append(slices.Clip(inner), "both")},
	} {
		opt, r := audited(t)
		if err := tt.f.Named("both").OnError(flow.Skip()).Run(t.Context(), opt, quiet); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(append(slices.Clip(tt.want), "discard"), stageNames(r)); diff != "" {
			t.Errorf("%s: names mismatch (-want +got):\n%s", name, diff)
		}
	}
}

func TestJoins_misuse(t *testing.T) {
	one := flow.Of(1)
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		want flow.ConfigError
	}{
		"Interleave":               {flow.Interleave(0, one, one).Named("x"), flow.ConfigError{Stage: "x", Field: "count", Value: 0, Want: "must be positive"}},
		"Interleave of nothing":    {flow.Interleave[int](-1), flow.ConfigError{Stage: "interleave", Field: "count", Value: -1, Want: "must be positive"}},
		"MergeSorted":              {flow.MergeSorted(nil, one, one), flow.ConfigError{Stage: "merge-sorted", Field: "comparison", Want: "must not be nil"}},
		"Zip with a policy":        {one.Zip(one).OnError(flow.Skip()).Map(firstOf), flow.ConfigError{Stage: "zip", Field: "OnError"}},
		"OrElse with a policy":     {one.OrElse(one).OnError(flow.Skip()), flow.ConfigError{Stage: "or-else", Field: "OnError"}},
		"a name that is empty":     {flow.Race(one, one).Named(""), flow.ConfigError{Stage: "race", Field: "name", Want: "must not be empty"}},
		"a name of a Zip":          {one.Zip(one).Named("").Map(firstOf), flow.ConfigError{Stage: "zip", Field: "name", Want: "must not be empty"}},
		"an input that is nothing": {flow.Race(one, flow.Flow[int]{}), flow.ConfigError{Stage: "flow", Field: "flow", Want: "must begin with a source, as From"}},
	} {
		errs := configErrors(t, tt.f.Run(t.Context()))
		if len(errs) != 1 {
			t.Errorf("%s: Run() = %v, want one error", name, errs)
			continue
		}
		got := *errs[0]
		got.At = ""
		if tt.want.Want == "" {
			got.Want = ""
		}
		if got.Stage != tt.want.Stage || got.Field != tt.want.Field || got.Value != tt.want.Value || got.Want != tt.want.Want {
			t.Errorf("%s: Run() = %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestJoins_thePlanShowsThem(t *testing.T) {
	plan, err := flow.MergeSorted(ascending, flow.Of(1), flow.Of(2)).Zip(flow.Of("a")).Discard().Plan()
	if err != nil {
		t.Fatal(err)
	}
	var edges []string
	for _, e := range plan.Edges {
		edges = append(edges, fmt.Sprint(e.From, " ", e.Capacity, " ", e.To))
	}
	want := []string{"items 256 merge-sorted", "items#2 256 merge-sorted", "merge-sorted 256 zip", "items#3 256 zip", "zip 0 discard"}
	if diff := cmp.Diff(want, edges); diff != "" {
		t.Errorf("edges mismatch (-want +got):\n%s", diff)
	}
}
