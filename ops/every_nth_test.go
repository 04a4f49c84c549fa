package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("every-nth", 2, ints(6), referenceEveryNth(2), ops.NewEveryNth[int](2), nil, randomInts))

var _ = misused(
	newMisuse("every zeroth", "every-nth: n must be at least 1, got 0", ops.NewEveryNth[int](0)),
	newMisuse("negative nth", "every-nth: n must be at least 1, got -1", ops.NewEveryNth[int](-1)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("every nth ", n+1), ops.NewEveryNth[int](n + 1), referenceEveryNth(n + 1), false}
})

func referenceEveryNth(n int) func(...int) []int {
	return func(in ...int) (out []int) {
		for i := n - 1; i < len(in); i += n {
			out = append(out, in[i])
		}
		return out
	}
}

func TestEveryNth(t *testing.T) {
	tests := []struct {
		name string
		n    int
		want []int
	}{
		{"each", 1, ints(10)},
		{"each third", 3, []int{3, 6, 9}},
		{"the last", 10, []int{10}},
		{"more than there are", 11, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, ints(10), func() ops.Processor[int, int] { return ops.NewEveryNth[int](tt.n) })
		})
	}
}

func TestEveryNthModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), 1+r.IntN(45)
		check(t, referenceEveryNth(n)(in...), in, func() ops.Processor[int, int] { return ops.NewEveryNth[int](n) })
	})
}

func TestEveryNthBooks(t *testing.T) {
	want := flow.StageReport{Name: "every-nth", Op: "EveryNth", In: 10, Passed: 3, Out: 3, Filtered: 7}
	wantBooks(t, want, flow.FromSlice(ints(10)).Then(ops.NewEveryNth[int](3)))
}
