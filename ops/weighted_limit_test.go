package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("weighted-limit", 1, ints(6), referenceLimit(7), weightedLimit(7)(func() {}), weightedLimit(7), randomInts),
	newSubject("weighted-limit", 1, ints(6), referenceLimit(6), weightedLimit(6)(func() {}).WithDrain(), nil, randomInts),
)

var _ = misused(
	newMisuse("negative weighted limit", "weighted-limit: limit must not be negative, got -1", ops.NewWeightedLimit(-1, size)),
	newMisuse("weighted limit without function", "weighted-limit: function must not be nil", ops.NewWeightedLimit[int](1, nil)),
	newMisuse("weighted limit with a nil handler", "weighted-limit: OnError must not be nil", ops.NewWeightedLimit(1, size).OnError(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("weighted limit ", 50*n), weightedLimit(int64(50 * n))(before), referenceLimit(int64(50 * n)), false}
})

// size is a weight that is never negative.
func size(n int) int64 { return max(int64(n), -int64(n)) }

func weightedLimit(limit int64) func(before func()) *ops.WeightedLimit[int] {
	return func(before func()) *ops.WeightedLimit[int] {
		return ops.NewWeightedLimit(limit, func(n int) int64 {
			before()
			return size(n)
		})
	}
}

func referenceLimit(limit int64) func(...int) []int {
	return func(in ...int) []int {
		left := limit
		for i, n := range in {
			if left == 0 || size(n) > left {
				return in[:i]
			}
			left -= size(n)
		}
		return in
	}
}

func TestWeightedLimit(t *testing.T) {
	tests := []struct {
		name  string
		limit int64
		in    []int
		want  []int
	}{
		{"up to the limit", 6, ints(9), ints(3)},
		{"not beyond it", 7, ints(9), ints(3)},
		{"no smaller item comes in the place of a large one", 5, []int{3, 4, 1}, []int{3}},
		{"more than there is", 100, ints(9), ints(9)},
		{"nothing", 0, ints(9), nil},
		{"weightless items below the limit", 1, []int{0, 0, 0}, []int{0, 0, 0}},
		{"the first is too heavy", 5, []int{6, 1}, nil},
		{"sums beyond the largest number", math.MaxInt64, []int{math.MaxInt64 - 1, 2}, []int{math.MaxInt64 - 1}},
		{"empty input", 5, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewWeightedLimit(tt.limit, size) })
		})
		bubble(t, tt.name+", draining", func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewWeightedLimit(tt.limit, size).WithDrain() })
		})
	}
}

func TestWeightedLimitModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, limit := randomInts(r), r.Int64N(1000)
		check(t, referenceLimit(limit)(in...), in, func() ops.Processor[int, int] { return ops.NewWeightedLimit(limit, size) })
	})
}

// Over channels the output closes when the limit is reached, and not with the item after that.
func TestWeightedLimitClosesAtOnce(t *testing.T) {
	bubble(t, "with the input open", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewWeightedLimit(3, size).Process(t.Context(), in)
		for _, n := range ints(2) {
			in <- n
			wantNext(t, out)
		}
		wantClosed(t, out)
	})
	bubble(t, "before it drains", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewWeightedLimit(3, size).WithDrain().Process(t.Context(), in)
		in <- 4
		wantClosed(t, out)
		in <- 5 // discarded
		close(in)
	})
	bubble(t, "and a limit of nothing reads nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(3))
		wantClosed(t, ops.NewWeightedLimit(0, size).Process(ctx, in))
		if got := taken.Load(); got != 0 {
			t.Errorf("%d items were taken, want none", got)
		}
		cancel()
	})
}

func TestWeightedLimitStopsTheSource(t *testing.T) {
	var r flow.Report
	got, err := flow.Range(1, math.MaxInt).TakeWeighted(7, size).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff(ints(3), got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	wantCounts(t, flow.StageReport{In: 4, Passed: 3, Filtered: 1, Out: 3}, r.Stages[1])
}

func TestWeightedLimitNegativeWeight(t *testing.T) {
	bubble(t, "over channels it is told", func(t *testing.T) {
		var told []string
		p := ops.NewWeightedLimit(10, func(n int) int64 { return int64(n) }).
			OnError(func(_ context.Context, e *ops.ItemError) { told = append(told, fmt.Sprint(e.Item, ": ", e)) })
		if diff := cmp.Diff([]int{3, 4}, collect(p.Process(t.Context(), feed(3, -1, 4)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"-1: weighted-limit: the weight must not be negative, got -1"}, told); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
	})
	t.Run("in a flow the policy is asked", func(t *testing.T) {
		f := flow.Of(3, -1, 4).TakeWeighted(10, func(n int) int64 { return int64(n) })
		if err := f.Run(t.Context()); err == nil {
			t.Error("Run() = nil, want an error")
		}
		var r flow.Report
		got, err := f.OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{3, 4}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}
