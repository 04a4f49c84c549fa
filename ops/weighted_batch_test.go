package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("weighted-batch", 3, []int{1, 2, 6, 3, 4}, referenceHeaps(7), heaps(7)(func() {}), heaps(7), randomInts).gathering(),
	newSubject("weighted-batch", 1, ints(5), referenceHeaps(1), ops.NewWeightedBatch(1, size, ms), nil, randomInts),
)

var _ = misused(
	newMisuse("batches of no weight", "weighted-batch: limit must be at least 1, got 0", ops.NewWeightedBatch(0, size, 0)),
	newMisuse("weighted batches without function", "weighted-batch: function must not be nil", ops.NewWeightedBatch[int](1, nil, 0)),
	newMisuse("weighted batches that wait for less than nothing", "weighted-batch: wait must not be negative, got -1ms", ops.NewWeightedBatch(1, size, -ms)),
	newMisuse("weighted batches of no size", "weighted-batch: MaxSize must be at least 1, got 0", ops.NewWeightedBatch(1, size, 0).WithMaxSize(0)),
	newMisuse("weighted batches with two clocks", "weighted-batch: clock must be given once at most, got 2", ops.NewWeightedBatch(1, size, 0, nil, nil)),
	newMisuse("weighted batches with a nil handler", "weighted-batch: OnError must not be nil", ops.NewWeightedBatch(1, size, 0).OnError(nil)),
)

var _ = chained(func(n int, before func()) link {
	limit := int64(1 + 10*n)
	sums := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(heaps(limit)(before)).Map(sum) })
	reference := func(in ...int) []int { return referenceMap(sum)(referenceHeaps(limit)(in...)...) }
	return link{fmt.Sprint("weighted batches of ", limit), sums, reference, false}
})

func heaps(limit int64) func(before func()) *ops.WeightedBatch[int] {
	return func(before func()) *ops.WeightedBatch[int] {
		return ops.NewWeightedBatch(limit, func(n int) int64 {
			before()
			return size(n)
		}, 0)
	}
}

func referenceHeaps(limit int64) func(...int) [][]int {
	return func(in ...int) [][]int {
		return referenceMap(func(v stamped[[]int]) []int { return v.Item })(
			referenceWeighted(limit, math.MaxInt, 0, script[int]{{0, in}})...)
	}
}

// referenceWeighted is the WeightedBatch over a script whose end comes after a last wait.
func referenceWeighted(limit int64, most int, wait time.Duration, in script[int]) (out []stamped[[]int]) {
	var now, due time.Duration
	var items []int
	var sum int64
	flush := func(at time.Duration) {
		if len(items) > 0 {
			out = append(out, stamped[[]int]{at, items})
		}
		items, sum = nil, 0
	}
	for _, step := range in {
		now += step.After
		if wait > 0 && due <= now {
			flush(due)
		}
		for _, n := range step.Items {
			if sum+size(n) > limit {
				flush(now)
			}
			if len(items) == 0 {
				due = now + wait
			}
			items, sum = append(items, n), sum+size(n)
			if sum >= limit || len(items) == most {
				flush(now)
			}
		}
	}
	flush(now)
	return out
}

func TestWeightedBatch(t *testing.T) {
	tests := []struct {
		name  string
		limit int64
		in    []int
		want  [][]int
	}{
		{"up to the limit", 5, []int{2, 3, 4, 1, 1}, [][]int{{2, 3}, {4, 1}, {1}}},
		{"not beyond it", 5, []int{2, 2, 2, 3}, [][]int{{2, 2}, {2, 3}}},
		{"what is too heavy comes alone", 5, []int{1, 9, 1, 5, 6, 7}, [][]int{{1}, {9}, {1}, {5}, {6}, {7}}},
		{"what weighs nothing joins", 5, []int{0, 5, 0, 0}, [][]int{{0, 5}, {0, 0}}},
		{"the largest number", math.MaxInt64, []int{1, math.MaxInt64, math.MaxInt64 - 1, 2}, [][]int{{1}, {math.MaxInt64}, {math.MaxInt64 - 1}, {2}}},
		{"one item", 5, ints(1), [][]int{{1}}},
		{"empty input", 5, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, []int] { return ops.NewWeightedBatch(tt.limit, size, 0) })
		})
	}
}

func TestWeightedBatchInTime(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[[]int]
	)
	tests := []struct {
		name string
		in   in
		want out
	}{
		{
			"the time runs from the first item of the slice",
			in{{5 * ms, []int{1}}, {19 * ms, []int{1}}, {30 * ms, nil}},
			out{{25 * ms, []int{1, 1}}},
		},
		{
			"and for an item that was too much for the one before from when it came",
			in{{0, []int{3}}, {15 * ms, []int{3}}, {19 * ms, []int{1}}, {30 * ms, nil}},
			out{{15 * ms, []int{3}}, {35 * ms, []int{3, 1}}},
		},
		{
			"an item at the deadline belongs to the next one",
			in{{0, []int{1}}, {20 * ms, []int{2}}, {30 * ms, nil}},
			out{{20 * ms, []int{1}}, {40 * ms, []int{2}}},
		},
		{
			"a slice at the limit stops the time of its own",
			in{{0, []int{2, 3}}, {5 * ms, []int{3}}, {30 * ms, nil}},
			out{{0, []int{2, 3}}, {25 * ms, []int{3}}},
		},
		{
			"a slice that went in time weighs nothing any more",
			in{{0, []int{4}}, {25 * ms, []int{4}}, {5 * ms, nil}},
			out{{20 * ms, []int{4}}, {30 * ms, []int{4}}},
		},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			checkScript(t, tt.want, tt.in, func() ops.Processor[int, []int] { return ops.NewWeightedBatch(5, size, 20*ms) })
		})
	}
}

func TestWeightedBatchModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		in, limit, most := randomScript(r), 1+r.Int64N(100), 1+r.IntN(8)
		wait := time.Duration(r.IntN(20)) * ms
		checkScript(t, referenceWeighted(limit, most, wait, in), in, func() ops.Processor[int, []int] {
			return ops.NewWeightedBatch(limit, size, wait).WithMaxSize(most)
		})
	})
}

func TestWeightedBatchClock(t *testing.T) {
	bubble(t, "its own", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewWeightedBatch(10, size, time.Second, fake).Process(t.Context(), in)
		in <- 1
		wantOpen(t, out)
		fake.Advance(time.Second)
		if diff := cmp.Diff([]int{1}, wantNext(t, out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		close(in)
		collect(out)
	})
}

func TestWeightedBatchNegativeWeight(t *testing.T) {
	signed := func(n int) int64 { return int64(n) }
	bubble(t, "over channels it is told", func(t *testing.T) {
		var told []string
		p := ops.NewWeightedBatch(5, signed, 0).
			OnError(func(_ context.Context, e *ops.ItemError) { told = append(told, fmt.Sprint(e.Item, ": ", e)) })
		if diff := cmp.Diff([][]int{{3, 2}, {4}}, collect(p.Process(t.Context(), feed(3, -1, 2, 4)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"-1: weighted-batch: the weight must not be negative, got -1"}, told); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
	})
	t.Run("in a flow the policy is asked", func(t *testing.T) {
		f := flow.Of(3, -1, 2, 4).BatchWeighted(5, signed, 0)
		if err := f.Run(t.Context()); err == nil {
			t.Error("Run() = nil, want an error")
		}
		var r flow.Report
		got, err := f.OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([][]int{{3, 2}, {4}}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		wantCounts(t, flow.StageReport{In: 4, Passed: 3, Out: 2, Failed: 1}, r.Stages[1])
	})
}

func TestWeightedBatchCancel(t *testing.T) {
	bubble(t, "the partial slice is held", func(t *testing.T) {
		got, row := cutOff(t, ops.NewWeightedBatch(5, size, time.Second), 3, 3, 1)
		wantCounts(t, flow.StageReport{In: 3, Passed: 1, Out: 1, Held: 2}, row)
		if diff := cmp.Diff([][]int{{3}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}
