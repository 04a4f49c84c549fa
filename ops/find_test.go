package ops_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("find", 4, []int{1, 2, 3, 70}, referenceFind(over(50)), find(func() {}), find, randomInts))

var _ = misused(newMisuse("find without function", "find: function must not be nil", ops.NewFind[int](nil)))

var _ = chained(func(_ int, before func()) link { return link{"find", find(before), referenceFind(over(50)), false} })

func find(before func()) *ops.Find[int] {
	return ops.NewFind(func(n int) bool {
		before()
		return n > 50
	})
}

func over(limit int) func(int) bool { return func(n int) bool { return n > limit } }

func referenceFind(wanted func(int) bool) func(...int) []int {
	return func(in ...int) []int {
		n := slices.IndexFunc(in, wanted)
		if n < 0 {
			return nil
		}
		return in[n : n+1]
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name     string
		in, want []int
	}{
		{"the first of several", []int{1, 60, 2, 70}, []int{60}},
		{"the first item", []int{60, 1}, []int{60}},
		{"the last item", []int{1, 60}, []int{60}},
		{"none", ints(5), nil},
		{"empty input", nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return find(func() {}) })
		})
	}
}

func TestFindModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, wanted := randomInts(r), over(50+r.IntN(60))
		check(t, referenceFind(wanted)(in...), in, func() ops.Processor[int, int] { return ops.NewFind(wanted) })
	})
}

func TestFindEndsTheStream(t *testing.T) { wantEarlyEnd(t, ops.NewFind(over(4)), 5, 5) }

func TestFindBooks(t *testing.T) {
	want := flow.StageReport{Name: "find", Op: "Find", In: 5, Passed: 1, Out: 1, Filtered: 4}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(ops.NewFind(over(4))))
}
