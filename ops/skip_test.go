package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("skip", 3, ints(6), referenceSkip[int](2), ops.NewSkip[int](2), nil, randomInts))

var _ = misused(newMisuse("negative skip", "skip: count must not be negative, got -1", ops.NewSkip[int](-1)))

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("skip ", n), ops.NewSkip[int](n), referenceSkip[int](n), false}
})

func TestSkip(t *testing.T) {
	tests := []struct {
		name  string
		count int
		want  []int
	}{
		{"some", 3, []int{4, 5, 6}},
		{"none", 0, ints(6)},
		{"as many as there are", 6, nil},
		{"more than there are", 10, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, ints(6), func() ops.Processor[int, int] { return ops.NewSkip[int](tt.count) })
		})
	}
}

func TestSkipModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), r.IntN(45)
		check(t, referenceSkip[int](n)(in...), in, func() ops.Processor[int, int] { return ops.NewSkip[int](n) })
	})
}

func TestSkipThenTakeMakesAPage(t *testing.T) {
	bubble(t, "page 2 of 3 items", func(t *testing.T) {
		want := []int{4, 5, 6}
		skip, take := ops.NewSkip[int](3), ops.NewTake[int](3)
		got := collect(take.Process(t.Context(), skip.Process(t.Context(), feed(ints(6)...))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("over channels mismatch (-want +got):\n%s", diff)
		}
		var r flow.Report
		got, err := flow.FromSlice(ints(10)).Then(skip).Then(take).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("in a flow error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

// Skipped items are filtered, not dropped.
func TestSkipBooks(t *testing.T) {
	var r flow.Report
	if _, err := flow.FromSlice(ints(5)).Then(ops.NewSkip[int](2)).Collect(t.Context(), flow.WithReport(&r)); err != nil {
		t.Fatal(err)
	}
	want := flow.StageReport{Name: "skip", Op: "Skip", In: 5, Passed: 3, Out: 3, Filtered: 2}
	got := r.Stages[1]
	got.At, got.Busy = "", 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}
