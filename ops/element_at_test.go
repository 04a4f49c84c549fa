package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("element-at", 3, ints(6), referenceElementAt(2), ops.NewElementAt[int](2), nil, randomInts))

var _ = misused(newMisuse("negative index", "element-at: index must not be negative, got -1", ops.NewElementAt[int](-1)))

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("element at ", n), ops.NewElementAt[int](n), referenceElementAt(n), false}
})

func referenceElementAt(n int) func(...int) []int {
	return func(in ...int) []int {
		if n >= len(in) {
			return nil
		}
		return in[n : n+1]
	}
}

func TestElementAt(t *testing.T) {
	tests := []struct {
		name  string
		index int
		want  []int
	}{
		{"the first", 0, []int{1}},
		{"one in the middle", 3, []int{4}},
		{"the last", 9, []int{10}},
		{"one past the end", 10, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, ints(10), func() ops.Processor[int, int] { return ops.NewElementAt[int](tt.index) })
		})
	}
}

func TestElementAtModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), r.IntN(45)
		check(t, referenceElementAt(n)(in...), in, func() ops.Processor[int, int] { return ops.NewElementAt[int](n) })
	})
}

func TestElementAtEndsTheStream(t *testing.T) { wantEarlyEnd(t, ops.NewElementAt[int](3), 4, 4) }

func TestElementAtBooks(t *testing.T) {
	want := flow.StageReport{Name: "element-at", Op: "ElementAt", In: 4, Passed: 1, Out: 1, Filtered: 3}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(ops.NewElementAt[int](3)))
}
