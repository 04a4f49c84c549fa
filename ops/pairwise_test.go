package ops_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("pairwise", 2, ints(6), referencePairwise[int], ops.NewPairwise[int](), nil, randomInts))

var _ = chained(func(int, func()) link {
	growth := func(in ...int) []int { return referenceMap(difference)(referencePairwise(in...)...) }
	return link{"pairwise", flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Pairwise().Map(difference) }), growth, false}
})

func difference(p flow.Pair[int, int]) int { return p.B - p.A }

func referencePairwise[T any](in ...T) (out []ops.Pair[T, T]) {
	for i := 1; i < len(in); i++ {
		out = append(out, ops.Pair[T, T]{in[i-1], in[i]})
	}
	return out
}

func TestPairwise(t *testing.T) {
	tests := []struct {
		name string
		in   []int
		want []ops.Pair[int, int]
	}{
		{"neighbours", ints(4), []ops.Pair[int, int]{{1, 2}, {2, 3}, {3, 4}}},
		{"two items", ints(2), []ops.Pair[int, int]{{1, 2}}},
		{"one item has no neighbour", ints(1), nil},
		{"empty input", nil, nil},
		{"zero is an item", make([]int, 3), make([]ops.Pair[int, int], 2)},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, ops.Pair[int, int]] { return ops.NewPairwise[int]() })
		})
	}
}

func TestPairwiseModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in := randomScript(r)
		var want []stamped[ops.Pair[int, int]]
		items, _ := in.moments()
		for _, p := range referencePairwise(items...) {
			want = append(want, stamped[ops.Pair[int, int]]{p.B.At, ops.Pair[int, int]{p.A.Item, p.B.Item}})
		}
		checkScript(t, want, in, func() ops.Processor[int, ops.Pair[int, int]] { return ops.NewPairwise[int]() })
	})
}

func TestPairwiseBooks(t *testing.T) {
	tests := []struct {
		name string
		in   []int
		want flow.StageReport
	}{
		{"an item passes with its second pair", ints(4), flow.StageReport{In: 4, Passed: 4, Out: 3}},
		{"an item without a neighbour is discarded", ints(1), flow.StageReport{In: 1, Filtered: 1}},
		{"nothing", nil, flow.StageReport{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r flow.Report
			if err := flow.FromSlice(tt.in).Pairwise().Run(t.Context(), flow.WithReport(&r)); err != nil || !r.Balanced() {
				t.Errorf("Run() = %v\n%v", err, r)
			}
			wantCounts(t, tt.want, r.Stages[1])
		})
	}
	bubble(t, "the item before is held by a run that is cut off", func(t *testing.T) {
		_, row := cutOff(t, ops.NewPairwise[int](), ints(4)...)
		wantCounts(t, flow.StageReport{In: 4, Passed: 3, Out: 3, Held: 1}, row)
	})
}

// Take stops it from below, so that no end comes.
func TestPairwiseAboveATake(t *testing.T) {
	var r flow.Report
	got, err := flow.Range(0, 100).Pairwise().Take(2).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff([]flow.Pair[int, int]{{0, 1}, {1, 2}}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	wantCounts(t, flow.StageReport{In: 3, Passed: 2, Out: 2, Held: 1}, r.Stages[1])
}
