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

func odd(n int) bool { return n%2 == 1 }

// cased sends odd numbers one way and the others another.
func cased(f flow.Flow[int]) flow.Flow[int] {
	return f.Switch(ops.When("odd", odd, ops.NewMapper(double)), ops.Otherwise(ops.NewMapper(identity)))
}

// Wherever a Switch stands it ends as others do.
func TestSwitch_inFlows(t *testing.T) {
	tests := map[string]struct {
		f    flow.Flow[int]
		want []int // sorted
	}{
		"alone":                   {cased(flow.Of(1, 2, 3)), []int{2, 2, 6}},
		"of nothing":              {cased(flow.Empty[int]()), nil},
		"in front of a Take":      {cased(flow.Repeat(1)).Take(3), []int{2, 2, 2}},
		"behind a Take":           {cased(flow.Repeat(1).Take(2)), []int{2, 2}},
		"in a Concat":             {flow.Concat(cased(flow.Repeat(1)).Take(1), cased(flow.Of(2, 3))), []int{2, 2, 6}},
		"of a Concat":             {cased(flow.Concat(flow.Repeat(1).Take(1), flow.Of(4))), []int{2, 4}},
		"in a Merge":              {flow.Merge(cased(flow.Of(1)), cased(flow.Of(2))), []int{2, 2}},
		"of a Switch":             {cased(cased(flow.Of(1, 3, 4))), []int{2, 4, 6}},
		"in a Switch":             {flow.Of(1, 2).Switch(ops.Otherwise(flow.Pipe(cased))), []int{2, 2}},
		"between boundaries":      {cased(flow.Of(1, 2).Async(1)).Async(1), []int{2, 2}},
		"between foreign ones":    {cased(flow.Of(1, 2).Then(ops.ProcessorFunc[int, int](relay))).Then(ops.ProcessorFunc[int, int](relay)), []int{2, 2}},
		"with a timer below":      {flow.Unbatch(cased(flow.Of(1, 2)).Batch(3, time.Hour)), []int{2, 2}},
		"of a case without stage": {flow.Of(1, 2).Switch(ops.Otherwise(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f }))), []int{1, 2}},
		"of a case with more behind": {flow.Of(1, 2).Switch(ops.Otherwise(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
			return flow.Concat(f, flow.Of(9))
		}))), []int{1, 2, 9}},
		"of cases that have ended": {flow.Repeat(1).Switch(ops.When("odd", odd, ops.NewTake[int](1)), ops.Otherwise(ops.NewTake[int](0))), []int{1}},
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

func TestSwitch_plan(t *testing.T) {
	p, err := cased(flow.Of(1)).Named("way").Discard().Plan()
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.PlanEdge{
		{From: "items", To: "way"},
		{From: "way", To: "way/odd/mapper", Capacity: 2}, {From: "way", To: "way/_default/mapper", Capacity: 2},
		{From: "way/odd/mapper", To: "discard", Capacity: 2}, {From: "way/_default/mapper", To: "discard", Capacity: 2},
	}
	byFrom := func(a, b flow.PlanEdge) int {
		return slices.IndexFunc(want, sameEnds(a)) - slices.IndexFunc(want, sameEnds(b))
	}
	slices.SortFunc(p.Edges, byFrom)
	if diff := cmp.Diff(want, p.Edges); diff != "" || p.Segments != 4 {
		t.Errorf("%d goroutines, want 4, edges mismatch (-want +got):\n%s", p.Segments, diff)
	}
}

func sameEnds(a flow.PlanEdge) func(flow.PlanEdge) bool {
	return func(b flow.PlanEdge) bool { return a.From == b.From && a.To == b.To }
}

// Each way has the books of its own items.
func TestSwitch_booksOfEachWay(t *testing.T) {
	opt, r := audited(t)
	f := flow.Range(0, 10).Switch(ops.When("small", func(n int) bool { return n < 3 }, ops.NewFilter(odd)), ops.When("odd", odd, ops.NewTake[int](9)))
	if err := f.Run(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]flow.StageReport{
		"switch":              {In: 10, Passed: 7, Out: 7, Filtered: 3},
		"switch/small/filter": {In: 3, Passed: 1, Out: 1, Filtered: 2},
		"switch/odd/take":     {In: 4, Passed: 4, Out: 4},
	} {
		s, ok := r.Stage(name)
		got := flow.StageReport{In: s.In, Passed: s.Passed, Out: s.Out, Filtered: s.Filtered}
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s mismatch (-want +got):\n%s", name, diff)
		}
	}
}

func TestSwitch_cancelWhileAWayIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stuck := ops.NewCall(func(ctx context.Context, n int) (int, error) {
			<-ctx.Done()
			return n, ctx.Err()
		})
		result := make(chan error, 1)
		go func() {
			result <- flow.Repeat(1).Switch(ops.When("odd", odd, stuck), ops.Otherwise(ops.NewMapper(identity))).Run(ctx, audit(t))
		}()
		synctest.Wait()
		cancel(errPlanted)
		if err := <-result; !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v, want %v", err, errPlanted)
		}
	})
}
