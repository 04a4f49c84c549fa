package ops_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("scan", 1, ints(6), referenceScan(0, plus), scan(func() {}), scan, randomInts))

var _ = misused(newMisuse("scan without function", "scan: function must not be nil", ops.NewScan[int](0, nil)))

var _ = chained(func(n int, before func()) link { return link{"scan", scan(before), referenceScan(0, plus), false} })

func TestScan(t *testing.T) {
	bubble(t, "running sum", func(t *testing.T) {
		check(t, []int{11, 13, 16}, ints(3), func() ops.Processor[int, int] { return ops.NewScan(10, plus) })
	})
	bubble(t, "another type", func(t *testing.T) {
		join := func(s string, r rune) string { return s + string(r) }
		check(t, []string{">a", ">ab"}, []rune("ab"), func() ops.Processor[rune, string] { return ops.NewScan(">", join) })
	})
}

func TestScanModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, initial := randomInts(r), r.IntN(100)
		check(t, referenceScan(initial, plus)(in...), in, func() ops.Processor[int, int] { return ops.NewScan(initial, plus) })
	})
}

func TestScanKeepsItsAccumulatorAfterAPanic(t *testing.T) {
	p := ops.NewScan(0, func(sum, n int) int {
		if n == 2 {
			panic(errBoom)
		}
		return sum + n
	})
	var r flow.Report
	got, err := flow.FromSlice(ints(3)).Then(p).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
	if diff := cmp.Diff([]int{1, 4}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
}
