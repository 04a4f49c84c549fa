package flow_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func double(v int) int { return 2 * v }

func TestPipe_isWiredAsTheStagesOfItsFlow(t *testing.T) {
	inc := func(v int) int { return v + 1 }
	simple := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(double).Map(inc) })
	nested := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(simple).Then(simple) })
	tests := map[string]struct {
		f    flow.Flow[int]
		want []int
	}{
		"plain":              {flow.Of(1, 2).Then(simple), []int{3, 5}},
		"twice in a row":     {flow.Of(1, 2).Then(simple).Then(simple), []int{7, 11}},
		"nested":             {flow.Of(1, 2).Then(nested), []int{7, 11}},
		"twice in a Concat":  {flow.Concat(flow.Of(1).Then(simple), flow.Of(2).Then(simple)), []int{3, 5}},
		"with nothing in it": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f })), []int{1, 2}},
		"with a boundary behind its parameter": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return f.Async(1).Map(double)
		})), []int{2, 4}},
		"with a boundary at its end": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return f.Map(double).Async(1)
		})), []int{2, 4}},
		"with a boundary behind it": {flow.Of(1, 2).Then(simple).Async(1).Map(identity), []int{3, 5}},
		"that ends early":           {flow.Repeat(1).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Take(2) })), []int{1, 1}},
		"of a foreign processor": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return f.Then(ops.ProcessorFunc[int, int](relay)).Map(double)
		})), []int{2, 4}},
		"that puts something behind": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(f, flow.Of(8, 9))
		})), []int{1, 2, 8, 9}},
		"that puts something before": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(flow.Of(8, 9), f)
		})), []int{8, 9, 1, 2}},
		"that puts something behind a boundary": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(f.Async(1), flow.Of(8, 9))
		})), []int{1, 2, 8, 9}},
		"that puts something behind stages": {flow.Of(1, 2).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(f.Map(double).FlatMap(one), flow.Of(8, 9)).Map(identity)
		})), []int{2, 4, 8, 9}},
		"that puts something behind, twice": {flow.Of(1).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(flow.Concat(f, flow.Of(2)), flow.Of(3))
		})), []int{1, 2, 3}},
		"in a branch of a Concat in a Pipe": {flow.Of(1).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(flow.Of(0), f.Then(simple))
		})), []int{0, 3}},
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

func TestPipe_takeInFrontEndsOnlyItsBranch(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f.Take(1), flow.Of(9)) })
	got, err := flow.Repeat(1).Then(p).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 9}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestPipe_partialBatchBehindAConcat(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[[]int] { return flow.Concat(f, flow.Of(8)).Batch(2, 0) })
	got, err := flow.Of(1, 2).Then(p).Collect(t.Context(), audit(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 2}, {8}}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

func TestPipe_buildIsCalledOnce(t *testing.T) {
	calls := 0
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { calls++; return f.Map(double) })
	f := flow.Of(1).Then(p)
	for range 3 {
		if err := f.Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Errorf("build was called %d times", calls)
	}
}

func TestPipe_namesArePaths(t *testing.T) {
	inner := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(double).Map(double).Filter(nonzero).Named("keep") })
	outer := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(inner).Named("inner").Take(5) })
	opt, r := audited(t)
	err := flow.Of(1).Map(identity).
		Then(outer).Named("outer").
		Then(inner).
		Then(outer).Named("outer").
		Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"items", "mapper",
		"outer/inner/mapper", "outer/inner/mapper#2", "outer/inner/keep", "outer/take",
		"mapper#2", "mapper#3", "keep",
		"outer/inner/mapper#3", "outer/inner/mapper#4", "outer/inner/keep#2", "outer/take#2",
		"discard",
	}
	if diff := cmp.Diff(want, stageNames(r)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

func nonzero(v int) bool { return v != 0 }

func TestNames_areUniqueInARun(t *testing.T) {
	opt, r := audited(t)
	err := flow.Of(1).Named("x").Map(identity).Named("x#2").Map(identity).Named("x").Map(identity).Named("x").
		Discard().Named("x").Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	names := stageNames(r)
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	if got := len(slices.Compact(sorted)); got != 5 {
		t.Errorf("the names %q are not unique", names)
	}
	if names[0] != "x" || names[1] != "x#2" {
		t.Errorf("the names %q do not keep those that were free", names)
	}
}

func TestPipe_failureNamesPathAndLine(t *testing.T) {
	var place string
	parse := flow.Pipe(func(f flow.Flow[string]) flow.Flow[int] {
		g, line := f.TryMap(strconv.Atoi), at()
		place = line
		return g.Named("parse")
	})
	err := flow.Of("x").Then(parse).Named("clean").Run(t.Context(), audit(t))
	failed := stageError(t, err)
	if failed.Stage != "clean/parse" || failed.At != place {
		t.Errorf("Run() = %v at %s, want clean/parse at %s", err, failed.At, place)
	}
}

func TestPipe_overChannels(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[[]int] { return f.Map(double).Async(2).Batch(2, time.Hour) })
	if want, got := "pipe", p.Name(); got != want {
		t.Errorf("Name() = %q, want %q", got, want)
	}
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		out := p.Process(t.Context(), in)
		second := p.Process(t.Context(), closedChan(7))
		go func() {
			defer close(in)
			for i := range 5 {
				in <- i
			}
		}()
		if diff := cmp.Diff([][]int{{0, 2}, {4, 6}, {8}}, drain(out)); diff != "" {
			t.Errorf("Process() mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([][]int{{14}}, drain(second)); diff != "" {
			t.Errorf("second Process() mismatch (-want +got):\n%s", diff)
		}
	})
}

func closedChan(items ...int) <-chan int {
	ch := make(chan int, len(items))
	for _, v := range items {
		ch <- v
	}
	close(ch)
	return ch
}

func drain[T any](ch <-chan T) (items []T) {
	for v := range ch {
		items = append(items, v)
	}
	return items
}

func TestPipe_overChannelsEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		boss := &boss{}
		in := make(chan int)
		out := flow.Pipe(mapping).Process(ops.WithSupervisor(ctx, boss), in)
		in <- 1
		cancel() // nobody receives
		synctest.Wait()
		if got := drain(out); got != nil {
			t.Errorf("got %v after the end", got)
		}
		if len(boss.failures) != 0 {
			t.Errorf("told of %v, want nothing", boss.failures)
		}
	})
}

// boss is a supervisor that notes what it is told.
type boss struct {
	failures []error
	items    []*ops.ItemError
}

func (b *boss) Failed(err error)                                 { b.failures = append(b.failures, err) }
func (b *boss) ItemFailed(_ context.Context, err *ops.ItemError) { b.items = append(b.items, err) }

func TestPipe_overChannelsTellsOfItsFailure(t *testing.T) {
	for name, fn := range map[string]func(int) (int, error){
		"an error": func(int) (int, error) { return 0, errBoom },
		"a panic":  func(int) (int, error) { boom(); return 0, nil },
	} {
		t.Run(name, func(t *testing.T) {
			boss := &boss{}
			p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fn).Named("failing") })
			out := p.Process(ops.WithSupervisor(t.Context(), boss), closedChan(1, 2))
			if got := drain(out); got != nil {
				t.Errorf("got %v", got)
			}
			if len(boss.failures) != 1 || !errors.Is(boss.failures[0], errBoom) || stageError(t, boss.failures[0]).Stage != "failing" {
				t.Errorf("told of %v, want the failure of the stage once", boss.failures)
			}
		})
	}
}
