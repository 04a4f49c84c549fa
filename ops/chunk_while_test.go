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
	newSubject("chunk-while", 3, []int{1, 2, 60, 3, 70}, referenceRuns(9, sameHalf), chunkWhile(func() {}), chunkWhile, randomInts).gathering(),
	newSubject("chunk-while", 1, ints(5), referenceRuns(1, sameHalf), chunkWhile(func() {}).WithMaxSize(1), nil, randomInts),
)

var _ = misused(
	newMisuse("chunks while nothing", "chunk-while: function must not be nil", ops.NewChunkWhile[int](nil)),
	newMisuse("chunks of no size", "chunk-while: MaxSize must be at least 1, got -1", ops.NewChunkWhile(ascending).WithMaxSize(-1)),
)

var _ = chained(func(n int, before func()) link {
	sums := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(chunkWhile(before).WithMaxSize(1 + n)).Map(sum) })
	reference := func(in ...int) []int { return referenceMap(sum)(referenceRuns(1+n, sameHalf)(in...)...) }
	return link{fmt.Sprint("chunks of a half up to ", n+1), sums, reference, false}
})

func ascending(prev, next int) bool { return next > prev }

func chunkWhile(before func()) *ops.ChunkWhile[int] {
	return ops.NewChunkWhile(func(prev, next int) bool {
		before()
		return sameHalf(prev, next)
	}).WithMaxSize(9)
}

func TestChunkWhile(t *testing.T) {
	tests := []struct {
		name string
		most int
		in   []int
		want [][]int
	}{
		{"runs", 9, []int{1, 2, 2, 5, 6, 0}, [][]int{{1, 2}, {2, 5, 6}, {0}}},
		{"one run", 9, ints(4), [][]int{ints(4)}},
		{"nothing belongs together", 9, []int{3, 2, 1}, [][]int{{3}, {2}, {1}}},
		{"a long run comes in several", 2, []int{1, 2, 3, 4, 5, 1}, [][]int{{1, 2}, {3, 4}, {5}, {1}}},
		{"one item", 9, ints(1), [][]int{{1}}},
		{"empty input", 9, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, []int] { return ops.NewChunkWhile(ascending).WithMaxSize(tt.most) })
		})
	}
}

func TestChunkWhileModel(t *testing.T) {
	trials(t, 30, func(t *testing.T, r *rand.Rand) {
		in, most, m := randomScript(r), 1+r.IntN(5), 1+r.IntN(6)
		together := func(prev, next int) bool { return (prev*next)/m%3 > 0 }
		want := referenceRunsInTime(most, together, in)
		checkScript(t, want, in, func() ops.Processor[int, []int] { return ops.NewChunkWhile(together).WithMaxSize(most) })
	})
}

// The predicate is asked about neighbours, and not about the first item of a slice that has
// begun because the one before was full.
func TestChunkWhileAsksAboutNeighbours(t *testing.T) {
	var asked [][2]int
	p := ops.NewChunkWhile(func(prev, next int) bool {
		asked = append(asked, [2]int{prev, next})
		return ascending(prev, next)
	}).WithMaxSize(2)
	if err := flow.Of(1, 2, 3, 1, 2).Then(p).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([][2]int{{1, 2}, {3, 1}, {1, 2}}, asked); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestChunkWhileCancel(t *testing.T) {
	bubble(t, "the slice under way is held", func(t *testing.T) {
		got, row := cutOff(t, ops.NewChunkWhile(ascending), 1, 2, 1)
		wantCounts(t, flow.StageReport{In: 3, Passed: 2, Out: 1, Held: 1}, row)
		if diff := cmp.Diff([][]int{{1, 2}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}
