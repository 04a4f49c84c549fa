package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("batch-by", 3, []int{1, 2, 60, 3, 70}, referenceRuns(9, sameHalf), batchBy(func() {}), batchBy, randomInts).gathering(),
	newSubject("batch-by", 1, ints(5), referenceRuns(1, sameHalf), batchBy(func() {}).WithMaxSize(1), nil, randomInts),
)

var _ = misused(
	newMisuse("batches by no key", "batch-by: function must not be nil", ops.NewBatchBy[int, int](nil)),
	newMisuse("batches by key of no size", "batch-by: MaxSize must be at least 1, got 0", ops.NewBatchBy(same).WithMaxSize(0)),
)

var _ = chained(func(n int, before func()) link {
	lengths := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return f.Then(batchBy(before).WithMaxSize(1 + n)).Map(func(s []int) int { return len(s) })
	})
	reference := func(in ...int) []int {
		return referenceMap(func(s []int) int { return len(s) })(referenceRuns(1+n, sameHalf)(in...)...)
	}
	return link{fmt.Sprint("batch by half up to ", n+1), lengths, reference, false}
})

func half(n int) bool { return n < 50 }

func sameHalf(a, b int) bool { return half(a) == half(b) }

func batchBy(before func()) *ops.BatchBy[int, bool] {
	return ops.NewBatchBy(func(n int) bool {
		before()
		return half(n)
	}).WithMaxSize(9)
}

// referenceRuns gives the longest runs of neighbours that belong together, cut at most.
func referenceRuns(most int, together func(a, b int) bool) func(...int) [][]int {
	return func(in ...int) (out [][]int) {
		for i, n := range in {
			if last := len(out) - 1; i > 0 && len(out[last]) < most && together(in[i-1], n) {
				out[last] = append(out[last], n)
			} else {
				out = append(out, []int{n})
			}
		}
		return out
	}
}

// referenceRunsInTime gives each of them when it is full or the next one begins.
func referenceRunsInTime(most int, together func(a, b int) bool, in script[int]) (out []stamped[[]int]) {
	items, end := in.moments()
	begun := 0
	for _, run := range referenceRuns(most, together)(referenceMap(func(v stamped[int]) int { return v.Item })(items...)...) {
		begun += len(run)
		at := end
		switch {
		case len(run) == most:
			at = items[begun-1].At
		case begun < len(items):
			at = items[begun].At
		}
		out = append(out, stamped[[]int]{at, run})
	}
	return out
}

func TestBatchBy(t *testing.T) {
	by := func(most int) func() ops.Processor[int, []int] {
		return func() ops.Processor[int, []int] { return ops.NewBatchBy(half).WithMaxSize(most) }
	}
	tests := []struct {
		name string
		most int
		in   []int
		want [][]int
	}{
		{"neighbours of a key", 9, []int{1, 2, 70, 71, 3}, [][]int{{1, 2}, {70, 71}, {3}}},
		{"one key", 9, ints(4), [][]int{ints(4)}},
		{"each another one", 9, []int{1, 70, 2}, [][]int{{1}, {70}, {2}}},
		{"a long run comes in several", 2, []int{1, 2, 3, 4, 5, 70}, [][]int{{1, 2}, {3, 4}, {5}, {70}}},
		{"one by one", 1, []int{1, 2, 70, 71}, [][]int{{1}, {2}, {70}, {71}}},
		{"one item", 9, ints(1), [][]int{{1}}},
		{"empty input", 9, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { check(t, tt.want, tt.in, by(tt.most)) })
	}
	bubble(t, "the zero key is one", func(t *testing.T) {
		check(t, [][]int{{0, 0}, {7}}, []int{0, 0, 7}, func() ops.Processor[int, []int] { return ops.NewBatchBy(same) })
	})
	bubble(t, "what is no number equals nothing", func(t *testing.T) {
		nan := func(int) float64 { return math.NaN() }
		check(t, [][]int{{1}, {2}}, ints(2), func() ops.Processor[int, []int] { return ops.NewBatchBy(nan) })
	})
}

func TestBatchByModel(t *testing.T) {
	trials(t, 30, func(t *testing.T, r *rand.Rand) {
		in, most, m := randomScript(r), 1+r.IntN(5), 1+r.IntN(6)
		key := func(n int) int { return n * n / m % 3 }
		want := referenceRunsInTime(most, func(a, b int) bool { return key(a) == key(b) }, in)
		checkScript(t, want, in, func() ops.Processor[int, []int] { return ops.NewBatchBy(key).WithMaxSize(most) })
	})
}

func TestBatchByBooks(t *testing.T) {
	bubble(t, "a slice under way is held by a run that is cut off", func(t *testing.T) {
		got, row := cutOff(t, ops.NewBatchBy(half), 1, 2, 70, 71)
		wantCounts(t, flow.StageReport{In: 4, Passed: 2, Out: 1, Held: 2}, row)
		if diff := cmp.Diff([][]int{{1, 2}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "the item that begins the next slice is held when nobody wants that", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Of(1, 70, 2).BatchBy(half).Take(1).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([][]int{{1}}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		wantCounts(t, flow.StageReport{In: 2, Passed: 1, Out: 1, Held: 1}, r.Stages[1])
	})
	bubble(t, "and when what is below fails with the slice before", func(t *testing.T) {
		var r flow.Report
		err := flow.Of(1, 70, 2).BatchBy(half).OnError(flow.Skip()).
			Map(func([]int) int { deliberatePanic(); return 0 }).Run(t.Context(), flow.WithReport(&r))
		if err == nil || !r.Balanced() {
			t.Errorf("Run() = %v\n%v", err, r)
		}
		wantCounts(t, flow.StageReport{In: 2, Passed: 1, Out: 1, Held: 1}, r.Stages[1])
	})
	bubble(t, "an item whose key panics is left out", func(t *testing.T) {
		key := func(n int) bool {
			if n == 2 {
				deliberatePanic()
			}
			return half(n)
		}
		var r flow.Report
		got, err := flow.Of(1, 2, 3, 70).BatchBy(key).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([][]int{{1, 3}, {70}}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

func TestBatchByFlushesBeforeABarrier(t *testing.T) {
	src := &barriers{items: ints(3)}
	got, err := flow.FromSignals(src).BatchBy(half).Collect(t.Context())
	if diff := cmp.Diff([][]int{{1}, {2}, {3}}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
	if !slices.Equal(make([]error, 3), src.done) {
		t.Errorf("the barriers are done with %v, want three times nil", src.done)
	}
}

// A watermark stands behind the items before it, also where the next one begins a slice.
func TestBatchByKeepsTheOrderOfWatermarks(t *testing.T) {
	src := signals(func(out flow.Emitter[int]) error {
		for _, n := range []int{1, 2, 70} {
			_ = out.Emit(n)
			_ = out.Watermark(time.Unix(int64(n), 0))
		}
		return nil
	})
	var got []string
	err := flow.FromSignals(src).BatchBy(half).Map(sum).Then(marked(&got)).Run(t.Context())
	if diff := cmp.Diff([]string{"3", "mark 2", "70", "mark 70"}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

// A group that is not cut has a hard cap.
func TestBatchByHasAHardCap(t *testing.T) {
	const limit = 1 << 20
	var lengths []int
	note := func(batch []int) { lengths = append(lengths, len(batch)) }
	err := flow.Range(0, limit+1).BatchBy(func(int) bool { return true }).Tap(note).Run(context.Background())
	if diff := cmp.Diff([]int{limit, 1}, lengths); diff != "" || err != nil {
		t.Errorf("error %v, lengths mismatch (-want +got):\n%s", err, diff)
	}
}
