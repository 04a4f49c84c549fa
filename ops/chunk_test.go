package ops_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("chunk", 2, ints(5), referenceChunks[int](2), ops.NewChunk[int](2), nil, randomInts))

var _ = misused(
	newMisuse("chunks of nothing", "chunk: size must be at least 1, got 0", ops.NewChunk[int](0)),
	newMisuse("negative chunks", "chunk: size must be at least 1, got -1", ops.NewChunk[int](-1)),
)

func TestChunk(t *testing.T) {
	tests := []struct {
		name string
		size int
		in   []int
		want [][]int
	}{
		{"ten by three, the last item alone", 3, ints(10), [][]int{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10}}},
		{"ten by five, and nothing after", 5, ints(10), [][]int{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}},
		{"one by one", 1, ints(3), [][]int{{1}, {2}, {3}}},
		{"fewer than a chunk", 9, ints(3), [][]int{{1, 2, 3}}},
		{"empty input", 3, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, []int] { return ops.NewChunk[int](tt.size) })
		})
	}
}

func TestChunkModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), 1+r.IntN(45)
		check(t, referenceChunks[int](n)(in...), in, func() ops.Processor[int, []int] { return ops.NewChunk[int](n) })
	})
}

// A Chunk has no clock: however long its items take, it waits.
func TestChunkWaitsForItsItems(t *testing.T) {
	bubble(t, "slow input", func(t *testing.T) {
		in := script[int]{{0, []int{1}}, {2 * sec, []int{2}}, {sec, []int{3}}, {sec, nil}}
		want := []stamped[[]int]{{2 * sec, []int{1, 2}}, {4 * sec, []int{3}}}
		checkScript(t, want, in, func() ops.Processor[int, []int] { return ops.NewChunk[int](2) })
	})
}

func TestChunkBooks(t *testing.T) {
	want := flow.StageReport{Name: "chunk", Op: "Chunk", In: 5, Passed: 5, Out: 3}
	wantBooks(t, want, flow.FromSlice(ints(5)).Then(ops.NewChunk[int](2)))
}

// A chunk that was handed out is not touched again.
func TestChunkGivesItsSlicesAway(t *testing.T) {
	bubble(t, "the receiver appends", func(t *testing.T) {
		in := make(chan int)
		go func() {
			defer close(in)
			for _, n := range ints(6) {
				in <- n
			}
		}()
		var got [][]int
		for chunk := range ops.NewChunk[int](2).Process(t.Context(), in) {
			_ = append(chunk, -1)
			got = append(got, chunk)
		}
		if diff := cmp.Diff([][]int{{1, 2}, {3, 4}, {5, 6}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}
