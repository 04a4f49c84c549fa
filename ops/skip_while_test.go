package ops_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("skip-while", 2, []int{1, 60, 2, 70, 3}, referenceSkipWhile(under(50)), skipWhile(func() {}), skipWhile, randomInts))

var _ = misused(newMisuse("skip while without function", "skip-while: function must not be nil", ops.NewSkipWhile[int](nil)))

var _ = chained(func(_ int, before func()) link {
	return link{"skip while", skipWhile(before), referenceSkipWhile(under(50)), false}
})

func skipWhile(before func()) *ops.SkipWhile[int] {
	return ops.NewSkipWhile(func(n int) bool {
		before()
		return n < 50
	})
}

func referenceSkipWhile(while func(int) bool) func(...int) []int {
	return func(in ...int) []int {
		n := slices.IndexFunc(in, func(v int) bool { return !while(v) })
		if n < 0 {
			return nil
		}
		return in[n:]
	}
}

func TestSkipWhile(t *testing.T) {
	tests := []struct {
		name     string
		in, want []int
	}{
		{"until one fails", []int{1, 2, 60, 3, 70}, []int{60, 3, 70}},
		{"the first fails", []int{60, 1}, []int{60, 1}},
		{"none fails", ints(5), nil},
		{"the last fails", []int{1, 60}, []int{60}},
		{"empty input", nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return skipWhile(func() {}) })
		})
	}
}

func TestSkipWhileModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, while := randomInts(r), under(r.IntN(110))
		check(t, referenceSkipWhile(while)(in...), in, func() ops.Processor[int, int] { return ops.NewSkipWhile(while) })
	})
}

func TestSkipWhileAsksNoMoreOnceItPasses(t *testing.T) {
	var asked []int
	p := ops.NewSkipWhile(func(n int) bool {
		asked = append(asked, n)
		return n < 3
	})
	want := flow.StageReport{Name: "skip-while", Op: "SkipWhile", In: 9, Passed: 7, Out: 7, Filtered: 2}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(p))
	if diff := cmp.Diff(ints(3), asked); diff != "" {
		t.Errorf("calls mismatch (-want +got):\n%s", diff)
	}
}

func TestSkipWhileSkipsAFailedItem(t *testing.T) {
	p := ops.NewSkipWhile(func(n int) bool {
		if n == 2 {
			panic(errBoom)
		}
		return n < 4
	})
	want := flow.StageReport{Name: "skip-while", Op: "SkipWhile", In: 5, Passed: 2, Out: 2, Filtered: 2, Failed: 1}
	wantBooks(t, want, flow.FromSlice(ints(5)).Then(p).OnError(flow.Skip()))
}
