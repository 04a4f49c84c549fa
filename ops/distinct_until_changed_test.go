package ops_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("distinct-until-changed", 1, []int{1, 60, 2, 70, 80}, referenceDistinct(2), distinct(func() {}), distinct, randomInts))

var _ = misused(newMisuse("distinct without function", "distinct-until-changed: function must not be nil", ops.NewDistinctUntilChanged[int, int](nil)))

var _ = chained(func(_ int, before func()) link {
	return link{"distinct until changed", distinct(before), referenceDistinct(2), false}
})

// distinct has two keys.
func distinct(before func()) *ops.DistinctUntilChanged[int, int] {
	return ops.NewDistinctUntilChanged(func(n int) int {
		before()
		return n * 2 / 100
	})
}

// referenceDistinct has as many keys for the numbers below 100 as given.
func referenceDistinct(keys int) func(...int) []int {
	return func(in ...int) []int {
		return slices.CompactFunc(slices.Clone(in), func(a, b int) bool { return a*keys/100 == b*keys/100 })
	}
}

func TestDistinctUntilChanged(t *testing.T) {
	tests := []struct {
		name     string
		in, want []int
	}{
		{"the first of each run of a key", []int{1, 2, 60, 70, 3, 80}, []int{1, 60, 3, 80}},
		{"one key", ints(5), []int{1}},
		{"the zero key is one like any other", []int{0, 1, 60}, []int{0, 60}},
		{"empty input", nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return distinct(func() {}) })
		})
	}
	bubble(t, "NaN is no number's equal, nor its own", func(t *testing.T) {
		got, err := flow.Of(1, math.NaN(), math.NaN(), 2, 2).DistinctUntilChanged(func(f float64) float64 { return f }).Count(t.Context())
		if want := int64(4); got != want || err != nil {
			t.Errorf("%d items, error %v, want %d", got, err, want)
		}
	})
}

func TestDistinctUntilChangedModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, keys := randomInts(r), 1+r.IntN(5)
		check(t, referenceDistinct(keys)(in...), in, func() ops.Processor[int, int] {
			return ops.NewDistinctUntilChanged(func(n int) int { return n * keys / 100 })
		})
	})
}

func TestDistinctUntilChangedBooks(t *testing.T) {
	want := flow.StageReport{Name: "distinct-until-changed", Op: "DistinctUntilChanged", In: 5, Passed: 3, Out: 3, Filtered: 2}
	wantBooks(t, want, flow.Of(1, 2, 60, 70, 3).Then(distinct(func() {})))
}

// An item that has no key leaves the one before as it was.
func TestDistinctUntilChangedSkipsAFailedItem(t *testing.T) {
	p := ops.NewDistinctUntilChanged(func(n int) bool {
		if n == 3 {
			panic(errBoom)
		}
		return n > 5
	})
	got, err := flow.Of(1, 3, 2, 6, 3, 7, 1).Then(p).OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard))
	if diff := cmp.Diff([]int{1, 6, 1}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

// A key that cannot be compared is a failure of the stage.
func TestDistinctUntilChangedOfKeysThatCannotBeCompared(t *testing.T) {
	_, err := flow.Of(1, 2).DistinctUntilChanged(func(n int) any { return []int{n} }).Collect(t.Context())
	failed, ok := err.(*flow.StageError)
	if !ok || failed.Stage != "distinct-until-changed" {
		t.Errorf("error %v, want one of the stage", err)
	}
}
