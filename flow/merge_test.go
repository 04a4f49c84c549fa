package flow_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func TestMerge_givesTheItemsOfAll(t *testing.T) {
	a, b, c := flow.Of(1, 2), flow.Of(3), flow.Of(4, 5)
	pipe := func(build func(flow.Flow[int]) flow.Flow[int]) flow.Flow[int] { return a.Then(flow.Pipe(build)) }
	tests := map[string]struct {
		f    flow.Flow[int]
		want []int
	}{
		"of nothing":             {flow.Merge[int](), nil},
		"of one":                 {flow.Merge(a), []int{1, 2}},
		"of three":               {flow.Merge(a, b, c), []int{1, 2, 3, 4, 5}},
		"of empty ones":          {flow.Merge(flow.Empty[int](), a, flow.Empty[int](), b), []int{1, 2, 3}},
		"of one flow twice":      {flow.Merge(a, a), []int{1, 1, 2, 2}},
		"of Merges":              {flow.Merge(flow.Merge(a, b), flow.Merge(c, flow.Merge(a))), []int{1, 1, 2, 2, 3, 4, 5}},
		"of Concats":             {flow.Merge(flow.Concat(a, b), flow.Concat(c, a)), []int{1, 1, 2, 2, 3, 4, 5}},
		"in a Concat":            {flow.Concat(flow.Merge(a, b), flow.Merge(c, a)), []int{1, 1, 2, 2, 3, 4, 5}},
		"with stages":            {flow.Merge(a.Map(double), b.FlatMap(one).Skip(1), c).Map(double), []int{4, 8, 8, 10}},
		"with boundaries":        {flow.Merge(a.Async(1), b.Async(1).Async(2), c).Async(3), []int{1, 2, 3, 4, 5}},
		"with foreign ones":      {flow.Merge(a.Then(ops.ProcessorFunc[int, int](relay)), b).Then(ops.ProcessorFunc[int, int](relay)), []int{1, 2, 3}},
		"of channels":            {flow.Merge(filled(1, 2), filled(3)), []int{1, 2, 3}},
		"with timers":            {flow.Merge(flow.Unbatch(a.Batch(2, time.Hour)), flow.Unbatch(c.Batch(9, time.Hour))), []int{1, 2, 4, 5}},
		"with a Take inside":     {flow.Merge(flow.Repeat(7).Take(2), flow.Repeat(8).Async(1).Take(1), a), []int{1, 2, 7, 7, 8}},
		"with a Take of nothing": {flow.Merge(flow.Repeat(7).Take(0), blocked(1).Take(1)), []int{0}},
		"in a Pipe": {pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Merge(c, f.Map(double))
		}), []int{2, 4, 4, 5}},
		"in a Pipe, first": {pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Merge(f, c).Map(double)
		}), []int{2, 4, 8, 10}},
		"in a Pipe, in a later branch": {pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(b, flow.Merge(c, flow.Merge(f.Async(1))))
		}), []int{1, 2, 3, 4, 5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := tt.f.Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("Collect(), sorted, mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMerge_overChannels(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(flow.Of(8, 9), f.Map(double)) })
	in := make(chan int, 2)
	in <- 1
	in <- 2
	close(in)
	var got []int
	for v := range p.Process(t.Context(), in) {
		got = append(got, v)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]int{2, 4, 8, 9}, got); diff != "" {
		t.Errorf("items, sorted, mismatch (-want +got):\n%s", diff)
	}
}

// tagged is an item and the input that it is of.
type tagged struct{ input, n int }

// TestMerge_keepsTheOrderWithinAnInput runs at full speed on real processors.
func TestMerge_keepsTheOrderWithinAnInput(t *testing.T) {
	const inputs, items = 4, 20_000
	var flows []flow.Flow[tagged]
	for i := range inputs {
		flows = append(flows, flow.Range(0, items).Map(func(n int) tagged { return tagged{i, n} }))
	}
	var next [inputs]int
	err := flow.Merge(flows...).ForEach(func(_ context.Context, v tagged) error {
		if v.n != next[v.input] {
			t.Fatalf("input %d gave %d, want %d", v.input, v.n, next[v.input])
		}
		next[v.input]++
		return nil
	}).Run(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := [inputs]int{items, items, items, items}; next != want {
		t.Errorf("items of the inputs: %v, want %v", next, want)
	}
}

// Two inputs that always have items get the same share, also of a consumer that does not
// block.
func TestMerge_isFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := make(map[int]int)
		slow := func(_ context.Context, v int) error {
			time.Sleep(time.Millisecond)
			counts[v]++
			return nil
		}
		err := flow.Merge(flow.Repeat(1), flow.Repeat(2), flow.Repeat(3)).Take(300).ForEach(slow).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[int]int{1: 100, 2: 100, 3: 100}, counts); diff != "" {
			t.Errorf("items of the inputs mismatch (-want +got):\n%s", diff)
		}
	})
}

// An item waits for no more than one of the other input, whatever makes the consumer slow.
func TestMerge_aSlowInputIsNotStarved(t *testing.T) {
	slow := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		for {
			time.Sleep(time.Second)
			if err := emit(2); err != nil {
				return err
			}
		}
	})
	for name, tt := range map[string]struct {
		f    flow.Flow[int]
		most int // items that the sink may take before
	}{
		"a slow sink":               {flow.Merge(flow.Repeat(1), slow), 2},
		"one behind a boundary":     {flow.Merge(flow.Repeat(1), slow).Map(identity).Async(1), 4},
		"one behind a processor":    {flow.Merge(flow.Repeat(1), slow).Then(ops.ProcessorFunc[int, int](relay)), 5},
		"a slow sink of two Merges": {flow.Merge(flow.Merge(flow.Repeat(1)), slow), 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, took, n := time.Now(), 7*time.Millisecond, 0
				var late time.Duration
				err := tt.f.ForEach(func(_ context.Context, v int) error {
					if v == 2 {
						late = max(late, time.Since(start)%time.Second)
						n++
					}
					time.Sleep(took)
					if n == 10 {
						return flow.ErrStop
					}
					return nil
				}).Run(t.Context(), audit(t))
				if err != nil || late > time.Duration(tt.most)*took {
					t.Errorf("Run() = %v, an item waited %v, want %d times %v at most", err, late, tt.most, took)
				}
			})
		})
	}
}

func TestMerge_boundsHowFarAnInputRunsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var given [2]atomic.Int64
		input := func(i int) flow.Flow[int] {
			return flow.Repeat(i).Tap(func(int) { given[i].Add(1) })
		}
		stuck := func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}
		result := make(chan error, 1)
		go func() { result <- flow.Merge(input(0), input(1)).ForEach(stuck).Run(ctx, audit(t)) }()
		synctest.Wait()
		// One is at the sink, and each input has one in hand.
		if got := given[0].Load() + given[1].Load(); got != 2*256+3 {
			t.Errorf("two inputs gave %d items to a stuck sink, want %d", got, 2*256+3)
		}
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestMerge_takeBelowEndsAll(t *testing.T) {
	tests := map[string]flow.Flow[int]{
		"of endless ones":       flow.Merge(flow.Repeat(7), flow.Repeat(7)).Take(3),
		"of blocked ones":       flow.Merge(blocked(0), flow.Of(7, 7, 7), blocked(0).Async(1)).Take(3),
		"behind a boundary":     flow.Merge(flow.Repeat(7), blocked(0)).Async(1).Take(3),
		"in a Merge":            flow.Merge(flow.Merge(flow.Repeat(7), blocked(0)).Take(3), flow.Empty[int]()),
		"in a branch":           flow.Concat(flow.Merge(flow.Repeat(7), blocked(0)).Take(2), flow.Of(7)),
		"of foreign ones":       flow.Merge(flow.Repeat(7).Then(ops.ProcessorFunc[int, int](relay)), blocked(0)).Take(3),
		"of all when there are": flow.Merge(flow.Of(7, 7), flow.Of(7)).Take(3),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := f.Collect(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]int{7, 7, 7}, got); diff != "" {
					t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMerge_failureOfAnInputEndsTheRun(t *testing.T) {
	faults := map[string]func(int) (int, error){
		"an error": func(int) (int, error) { return 0, errPlanted },
		"a panic":  func(int) (int, error) { panic(errPlanted) },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := flow.Merge(blocked(3), flow.Of(1).TryMap(fault), flow.Repeat(2)).Named("both").Run(t.Context(), audit(t))
				if got := stageError(t, err); got.Stage != "both/try-mapper" || !errors.Is(err, errPlanted) {
					t.Errorf("Run() = %v, want %v of both/try-mapper", err, errPlanted)
				}
			})
		})
	}
}

func TestMerge_cancelWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		result := make(chan error, 1)
		go func() { result <- flow.Merge(blocked(0), blocked(2)).Run(ctx, audit(t)) }()
		synctest.Wait()
		cancel(errPlanted)
		if err := <-result; !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v, want %v", err, errPlanted)
		}
	})
}

func TestMerge_nameAndPolicyAreForAllInputs(t *testing.T) {
	fails := func(v int) (int, error) { return v, errPlanted }
	opt, r := audited(t)
	err := flow.Merge(flow.Of(1).TryMap(fails), flow.Of(2).TryMap(fails).Named("own")).
		Named("both").OnError(flow.Skip()).Run(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"both/items", "both/try-mapper", "both/items#2", "both/own", "discard"}
	if diff := cmp.Diff(want, stageNames(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

func TestMerge_timersBelowFireWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := flow.FromFunc(paced(0, 10)), flow.FromFunc(paced(1, 20))
		start := time.Now()
		var at []time.Duration
		err := flow.Merge(a, b).Batch(5, 2*time.Second).ForEach(func(context.Context, []int) error {
			at = append(at, time.Since(start))
			return nil
		}).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{2 * time.Second, 12 * time.Second, 20 * time.Second}, at); diff != "" {
			t.Errorf("times mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestMerge_barriersOfAllInputsArrive(t *testing.T) {
	var arrived atomic.Int64
	marked := func() flow.Flow[int] {
		return barriered(func(err error) {
			if err == nil {
				arrived.Add(1)
			}
		})
	}
	if err := flow.Merge(marked(), marked().Async(1), marked()).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if got := arrived.Load(); got != 3 {
		t.Errorf("%d of 3 barriers arrived", got)
	}
}

// The slice that flows are given in belongs to the caller.
func TestMerge_doesNotKeepTheSlice(t *testing.T) {
	flows := []flow.Flow[int]{flow.Of(1), flow.Of(2)}
	merged, joined := flow.Merge(flows...), flow.Concat(flows...)
	clear(flows)
	for _, f := range []flow.Flow[int]{merged, joined} {
		if n, err := f.Count(t.Context(), audit(t)); n != 2 || err != nil {
			t.Errorf("Count() = %d, %v, want 2", n, err)
		}
	}
}
