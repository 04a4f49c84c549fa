package flow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func TestConcat_givesOneAfterTheOther(t *testing.T) {
	a, b, c := flow.Of(1, 2), flow.Of(3), flow.Of(4, 5)
	tests := map[string]struct {
		f    flow.Flow[int]
		want []int
	}{
		"of nothing":             {flow.Concat[int](), nil},
		"of one":                 {flow.Concat(a), []int{1, 2}},
		"of three":               {flow.Concat(a, b, c), []int{1, 2, 3, 4, 5}},
		"of empty ones":          {flow.Concat(flow.Empty[int](), a, flow.Empty[int](), b, flow.Empty[int]()), []int{1, 2, 3}},
		"of one flow twice":      {flow.Concat(a, a), []int{1, 2, 1, 2}},
		"of Concats":             {flow.Concat(flow.Concat(a, b), flow.Concat(c, a)), []int{1, 2, 3, 4, 5, 1, 2}},
		"of flows with stages":   {flow.Concat(a.Map(identity), b.FlatMap(one), c.Skip(1)), []int{1, 2, 3, 5}},
		"with boundaries inside": {flow.Concat(a.Async(1), b.Async(1).Map(identity).Async(2), c), []int{1, 2, 3, 4, 5}},
		"with one behind":        {flow.Concat(a, b, c).Async(1), []int{1, 2, 3, 4, 5}},
		"with stages behind":     {flow.Concat(a, b, c).Map(identity).Skip(1), []int{2, 3, 4, 5}},
		"with foreign ones":      {flow.Concat(a.Then(ops.ProcessorFunc[int, int](relay)), b.Then(ops.ProcessorFunc[int, int](relay)), c), []int{1, 2, 3, 4, 5}},
		"with one of channels":   {flow.Concat(filled(1, 2), filled(3), filled(4, 5)), []int{1, 2, 3, 4, 5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.f.Collect(t.Context(), audit(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// filled is a flow of a channel with the items, which is closed.
func filled(items ...int) flow.Flow[int] {
	ch := make(chan int, len(items))
	for _, v := range items {
		ch <- v
	}
	close(ch)
	return flow.FromChan(ch)
}

func TestConcat_batchGoesAcrossTheSeam(t *testing.T) {
	got, err := flow.Concat(flow.Of(1, 2, 3), flow.Of(4, 5)).Batch(2, time.Hour).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 2}, {3, 4}, {5}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestConcat_batchOfABranchEndsWithIt(t *testing.T) {
	got, err := flow.Concat(flow.Of(1, 2, 3).Batch(2, time.Hour), flow.Of(4, 5, 6).Batch(2, 0)).
		Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 2}, {3}, {4, 5}, {6}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

// timed notes when a source starts and ends.
func timed(book *journal, name string, items ...int) flow.Flow[int] {
	return flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		book.note("%s starts", name)
		defer book.note("%s ends", name)
		for _, v := range items {
			if err := emit(v); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestConcat_startsTheNextWhenTheOneBeforeHasEnded(t *testing.T) {
	book := &journal{}
	err := flow.Concat(timed(book, "a", 1), timed(book, "b", 2)).
		ForEach(func(_ context.Context, v int) error { book.note("got %d", v); return nil }).
		Run(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a starts", "got 1", "a ends", "b starts", "got 2", "b ends"}
	if diff := cmp.Diff(want, book.all()); diff != "" {
		t.Errorf("order mismatch (-want +got):\n%s", diff)
	}
}

func TestConcat_aBoundaryDoesNotStartABranchEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := &journal{}
		slow := func(_ context.Context, v int) error {
			time.Sleep(time.Hour)
			if v == 1 && contains(book, "b starts") {
				t.Errorf("the source behind a boundary started before its turn: %v", book)
			}
			return nil
		}
		err := flow.Concat(flow.Of(1), timed(book, "b", 2, 3, 4, 5, 6, 7, 8).Async(2)).ForEach(slow).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
	})
}

func contains(j *journal, line string) bool {
	return slices.Contains(j.all(), line)
}

func TestConcat_takeInABranchEndsThatBranchOnly(t *testing.T) {
	endless := flow.Repeat(7)
	tests := map[string]flow.Flow[int]{
		"first":                              flow.Concat(endless.Take(2), flow.Of(1)),
		"with a boundary above":              flow.Concat(endless.Async(4).Take(2), flow.Of(1)),
		"with a boundary below":              flow.Concat(endless.Take(2).Async(4), flow.Of(1)),
		"with boundaries on both":            flow.Concat(endless.Async(1).Take(2).Async(1), flow.Of(1)),
		"below a FlatMap":                    flow.Concat(endless.FlatMap(one).Take(2), flow.Of(1)),
		"of a blocked source":                flow.Concat(flow.Concat(flow.Of(7, 7), blocked(1)).Take(2), flow.Of(1)),
		"of a blocked one behind a boundary": flow.Concat(flow.Concat(flow.Of(7, 7), blocked(1)).Async(1).Take(2), flow.Of(1)),
		"in a Concat of its own":             flow.Concat(flow.Concat(endless.Take(1), endless.Take(1), endless.Take(0)), flow.Of(1)),
		"through channels":                   flow.Concat(endless.Then(ops.ProcessorFunc[int, int](relay)).Take(2), flow.Of(1)),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.Collect(t.Context(), audit(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int{7, 7, 1}, got); diff != "" {
				t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConcat_takeBelowEndsAllBranches(t *testing.T) {
	starts := 0
	third := flow.FromFunc(func(_ context.Context, emit func(int) error) error { starts++; return emit(9) })
	tests := map[string]flow.Flow[int]{
		"fused":               flow.Concat(flow.Of(1), flow.Repeat(2), third).Take(3),
		"with boundaries":     flow.Concat(flow.Of(1).Async(1), flow.Repeat(2).Async(1), third).Take(3),
		"behind a boundary":   flow.Concat(flow.Of(1), flow.Repeat(2), third).Async(1).Take(3),
		"in a Concat":         flow.Concat(flow.Concat(flow.Of(1), flow.Repeat(2), third).Take(3)),
		"just at the seam":    flow.Concat(flow.Of(1, 2, 2), third).Take(3),
		"at the branch's own": flow.Concat(flow.Concat(flow.Of(1), flow.Repeat(2)).Take(3), third).Take(3),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.Collect(t.Context(), audit(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int{1, 2, 2}, got); diff != "" {
				t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
			}
		})
	}
	if starts != 0 {
		t.Errorf("a later source was started %d times", starts)
	}
}

func TestConcat_failureOfABranchEndsTheRun(t *testing.T) {
	started := false
	second := flow.FromFunc(func(context.Context, func(int) error) error { started = true; return nil })
	got, err := flow.Concat(flow.Concat(flow.Of(1), flow.Fail[int](errPlanted)), second).Collect(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) || started {
		t.Errorf("Collect() = %v, %v, the next was started: %v", got, err, started)
	}
	if diff := cmp.Diff([]int{1}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestConcat_nameAndPolicyAreForAllBranches(t *testing.T) {
	fails := func(v int) (int, error) { return v, errPlanted }
	opt, r := audited(t)
	err := flow.Concat(flow.Of(1).TryMap(fails), flow.Of(2).TryMap(fails).Named("own")).
		Named("both").OnError(flow.Skip()).Run(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"both/items", "both/try-mapper", "both/items#2", "both/own", "discard"}
	if diff := cmp.Diff(want, stageNames(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

func TestConcat_closesEveryBranchOnce(t *testing.T) {
	book := &journal{}
	part := func(name string) *gatherPart { return &gatherPart{part{name: name, book: book}} }
	err := flow.Concat(
		flow.Of(1).Gather(part("a")),
		flow.Repeat(2).Gather(part("b")).Take(1),
		flow.Of(3).Gather(part("c")),
	).Take(2).Run(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	stopped := flow.ErrStop.Error()
	want := []string{"a closed: <nil>", "b closed: " + stopped, "c closed: " + stopped}
	if diff := cmp.Diff(want, book.all()); diff != "" {
		t.Errorf("closed mismatch (-want +got):\n%s", diff)
	}
}

func TestConcat_timeAndChannelsInABranchDoNotStartItEarly(t *testing.T) {
	branches := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"a timed Batch":       func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(2, time.Second)) },
		"a foreign processor": func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)) },
	}
	for name, branch := range branches {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				book := &journal{}
				first := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
					time.Sleep(time.Hour)
					book.note("the first ends")
					return nil
				})
				second := branch(timed(book, "the second", 1, 2))
				err := flow.Concat(first, second).ForEach(func(context.Context, int) error { return nil }).Run(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"the first ends", "the second starts", "the second ends"}
				if diff := cmp.Diff(want, book.all()); diff != "" {
					t.Errorf("order mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestConcat_policyIsNoneOfItsSources(t *testing.T) {
	err := flow.Concat(flow.Of(1), flow.Fail[int](errPlanted)).OnError(flow.Skip()).Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want %v: a source cannot be skipped", err, errPlanted)
	}
}

func TestConcat_timersOfABranchEndWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := flow.Concat(
			blocked(3).Batch(2, time.Second).Take(1),
			flow.FromFunc(paced(0, 10)).Batch(5, 2*time.Second),
		).Collect(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]int{{0, 1}, {0}, {1}}, got); diff != "" {
			t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
		}
	})
}
