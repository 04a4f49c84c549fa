package ops_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("tap", 1, ints(6), referenceMap(same), tap(func() {}), tap, randomInts))

var _ = misused(newMisuse("tap without function", "tap: function must not be nil", ops.NewTap[int](nil)))

var _ = chained(func(n int, before func()) link { return link{"tap", tap(before), referenceMap(same), true} })

func TestTap(t *testing.T) {
	bubble(t, "sees every item once", func(t *testing.T) {
		runs, sum := 0, 0
		check(t, ints(5), ints(5), func() ops.Processor[int, int] {
			if want := 15; runs > 0 && sum != want {
				t.Errorf("the sum is %d, want %d", sum, want)
			}
			runs, sum = runs+1, 0
			return ops.NewTap(func(n int) { sum += n })
		})
	})
	bubble(t, "passes the same pointer, changes included", func(t *testing.T) {
		item := &struct{ n int }{1}
		p := ops.NewTap(func(v *struct{ n int }) { v.n = 2 })
		got := collect(p.Process(t.Context(), feed(item)))
		if len(got) != 1 || got[0] != item || got[0].n != 2 {
			t.Errorf("got %v, want the changed item itself", got)
		}
	})
	bubble(t, "runs for the next item after this one was taken", func(t *testing.T) {
		var seen []int
		out := ops.NewTap(func(n int) { seen = append(seen, n) }).Process(t.Context(), feed(1, 2))
		wantSeen := func(want []int) {
			t.Helper()
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("seen mismatch (-want +got):\n%s", diff)
			}
		}
		settle()
		wantSeen([]int{1})
		<-out
		settle()
		wantSeen([]int{1, 2})
		collect(out)
	})
	bubble(t, "has seen an item that a cancel keeps from delivery", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		out := ops.NewTap(func(int) { seen++ }).Process(ctx, feed(1, 2))
		settle()
		cancel()
		wantClosed(t, out)
		if want := 1; seen != want {
			t.Errorf("seen %d items, want %d", seen, want)
		}
	})
}
