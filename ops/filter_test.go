package ops_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("filter", 1, []int{2, 3, 4, 6, 8}, referenceFilter(even), filter(func() {}), filter, randomInts))

var _ = misused(newMisuse("filter without function", "filter: function must not be nil", ops.NewFilter[int](nil)))

var _ = chained(func(n int, before func()) link { return link{"filter", filter(before), referenceFilter(even), true} })

func TestFilter(t *testing.T) {
	tests := []struct {
		name     string
		keep     func(int) bool
		want, in []int
	}{
		{"some", even, []int{2, 4}, ints(5)},
		{"all", func(int) bool { return true }, ints(5), ints(5)},
		{"none", func(int) bool { return false }, nil, ints(5)},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewFilter(tt.keep) })
		})
	}
}

func TestFilterModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), 1+r.IntN(5)
		keep := func(v int) bool { return v%n == 0 }
		check(t, referenceFilter(keep)(in...), in, func() ops.Processor[int, int] { return ops.NewFilter(keep) })
	})
}

// A predicate that is always false has no send that would notice the end of ctx.
func TestFilterOfNothingEndsWithContext(t *testing.T) {
	bubble(t, "endless input", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		p := ops.NewFilter(func(int) bool {
			if calls++; calls == 100 {
				cancel()
			}
			return false
		})
		out := p.Process(ctx, feed(ints(1000)...))
		wantClosed(t, out)
		if want := 100; calls != want {
			t.Errorf("%d calls, want %d", calls, want)
		}
	})
}
