package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("sliding-count", 3, ints(7), referenceOverlaps[int](3, 2, false), ops.NewSlidingCount[int](3, 2), nil, randomInts),
	newSubject("sliding-count", 3, ints(8), referenceOverlaps[int](3, 1, true), ops.NewSlidingCount[int](3, 1).WithPartial(), nil, randomInts),
	newSubject("sliding-count", 4, ints(9), referenceOverlaps[int](2, 4, true), ops.NewSlidingCount[int](2, 4).WithPartial(), nil, randomInts),
)

var _ = misused(
	newMisuse("sliding slices of nothing", "sliding-count: n must be at least 1, got 0", ops.NewSlidingCount[int](0, 1)),
	newMisuse("sliding slices that do not slide", "sliding-count: step must be at least 1, got 0", ops.NewSlidingCount[int](1, 0)),
)

var _ = chained(func(n int, _ func()) link {
	size, step, partial := 1+n/3, 1+n%4, n%2 == 0
	p := ops.NewSlidingCount[int](size, step)
	if partial {
		p = p.WithPartial()
	}
	reference := func(in ...int) []int { return referenceMap(sum)(referenceOverlaps[int](size, step, partial)(in...)...) }
	sums := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(p).Map(sum) })
	return link{fmt.Sprint("sums of ", size, " each ", step, " partial ", partial), sums, reference, false}
})

func sum(s []int) (n int) {
	for _, v := range s {
		n += v
	}
	return n
}

// referenceOverlaps gives the slices that begin at each multiple of step.
func referenceOverlaps[T any](n, step int, partial bool) func(...T) [][]T {
	return func(in ...T) (out [][]T) {
		shown := 0
		for from := 0; from < len(in); from += step {
			to := min(from+n, len(in))
			if to-from == n || partial && to > shown {
				out = append(out, in[from:to])
				shown = to
			}
		}
		return out
	}
}

func slidingCount(n, step int) func() ops.Processor[int, []int] {
	return func() ops.Processor[int, []int] { return ops.NewSlidingCount[int](n, step) }
}

func slidingPartly(n, step int) func() ops.Processor[int, []int] {
	return func() ops.Processor[int, []int] { return ops.NewSlidingCount[int](n, step).WithPartial() }
}

func TestSlidingCount(t *testing.T) {
	tests := []struct {
		name  string
		build func() ops.Processor[int, []int]
		in    []int
		want  [][]int
	}{
		{"by one", slidingCount(3, 1), ints(5), [][]int{{1, 2, 3}, {2, 3, 4}, {3, 4, 5}}},
		{"by two", slidingCount(3, 2), ints(7), [][]int{{1, 2, 3}, {3, 4, 5}, {5, 6, 7}}},
		{"side by side", slidingCount(2, 2), ints(5), [][]int{{1, 2}, {3, 4}}},
		{"with gaps", slidingCount(2, 3), ints(8), [][]int{{1, 2}, {4, 5}, {7, 8}}},
		{"of one", slidingCount(1, 1), ints(2), [][]int{{1}, {2}}},
		{"too few", slidingCount(3, 1), ints(2), nil},
		{"empty input", slidingCount(3, 1), nil, nil},
		{"by one, nothing is left", slidingPartly(3, 1), ints(4), [][]int{{1, 2, 3}, {2, 3, 4}}},
		{"by two, one is left", slidingPartly(3, 2), ints(6), [][]int{{1, 2, 3}, {3, 4, 5}, {5, 6}}},
		{"by two, nothing is left but what was shown", slidingPartly(3, 2), ints(5), [][]int{{1, 2, 3}, {3, 4, 5}}},
		{"side by side, one is left", slidingPartly(2, 2), ints(3), [][]int{{1, 2}, {3}}},
		{"the end in a gap", slidingPartly(2, 4), ints(3), [][]int{{1, 2}}},
		{"the end behind a gap", slidingPartly(2, 4), ints(5), [][]int{{1, 2}, {5}}},
		{"too few, and all are left", slidingPartly(3, 1), ints(2), [][]int{{1, 2}}},
		{"empty input, nothing is left", slidingPartly(3, 1), nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { check(t, tt.want, tt.in, tt.build) })
	}
}

func TestSlidingCountModel(t *testing.T) {
	trials(t, 30, func(t *testing.T, r *rand.Rand) {
		in, n, step, partial := randomScript(r), 1+r.IntN(6), 1+r.IntN(8), r.IntN(2) == 0
		items, end := in.moments()
		var want []stamped[[]int]
		for _, s := range referenceOverlaps[stamped[int]](n, step, partial)(items...) {
			at := end
			if len(s) == n {
				at = s[n-1].At
			}
			want = append(want, stamped[[]int]{at, referenceMap(func(v stamped[int]) int { return v.Item })(s...)})
		}
		build := slidingCount(n, step)
		if partial {
			build = slidingPartly(n, step)
		}
		checkScript(t, want, in, build)
	})
}

func TestSlidingCountSlicesBelongToTheirReceiver(t *testing.T) {
	spoil := func(s []int) []int {
		kept := append([]int(nil), s...)
		clear(append(s, 7, 7)[:cap(s)])
		return kept
	}
	got, err := flow.FromSlice(ints(5)).Then(slidingPartly(3, 2)()).Map(spoil).Collect(t.Context())
	if diff := cmp.Diff([][]int{{1, 2, 3}, {3, 4, 5}}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

func TestSlidingCountBooks(t *testing.T) {
	tests := []struct {
		name string
		p    func() ops.Processor[int, []int]
		n    int
		want flow.StageReport
	}{
		{"what overlaps passes once", slidingCount(3, 1), 5, flow.StageReport{In: 5, Passed: 5, Out: 3}},
		{"what is in no slice is discarded", slidingCount(3, 2), 6, flow.StageReport{In: 6, Passed: 5, Filtered: 1, Out: 2}},
		{"unless it is emitted", slidingPartly(3, 2), 6, flow.StageReport{In: 6, Passed: 6, Out: 3}},
		{"what is in a gap is discarded", slidingPartly(2, 3), 7, flow.StageReport{In: 7, Passed: 5, Filtered: 2, Out: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r flow.Report
			if err := flow.FromSlice(ints(tt.n)).Then(tt.p()).Run(t.Context(), flow.WithReport(&r)); err != nil || !r.Balanced() {
				t.Errorf("Run() = %v\n%v", err, r)
			}
			wantCounts(t, tt.want, r.Stages[1])
		})
	}
	bubble(t, "the items of the next slice are held by a run that is cut off", func(t *testing.T) {
		_, row := cutOff(t, slidingPartly(3, 2)(), ints(6)...)
		wantCounts(t, flow.StageReport{In: 6, Passed: 4, Out: 2, Held: 2}, row)
	})
}

// A slice that is not full is no reason to hold a barrier up.
func TestSlidingCountLetsABarrierPass(t *testing.T) {
	src := &barriers{items: ints(3)}
	got, err := flow.FromSignals(src).Then(slidingPartly(2, 2)()).Collect(t.Context())
	if diff := cmp.Diff([][]int{{1, 2}, {3}}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(make([]error, 3), src.done); diff != "" {
		t.Errorf("what the barriers are done with mismatch (-want +got):\n%s", diff)
	}
}
