package diag_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/diag"
)

// randomDuration is of any size with the same probability.
func randomDuration(r *rand.Rand) time.Duration {
	return time.Duration(r.Uint64()) >> (1 + r.IntN(63)) & math.MaxInt64
}

// referenceQuantile sorts what a Histogram only counts.
func referenceQuantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(int(math.Ceil(q*float64(len(sorted)))), 1)-1]
}

func TestHistogramQuantilesAreClose(t *testing.T) {
	for range 200 {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		var h diag.Histogram
		all := make([]time.Duration, r.IntN(300))
		for i := range all {
			all[i] = randomDuration(r)
			h.Record(all[i])
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.001, 0.5, 0.9, 0.99, 1} {
			want, got := referenceQuantile(all, q), h.Quantile(q)
			if off := math.Abs(float64(got) - float64(want)); off > float64(want)/32 || want < 32 && off != 0 {
				t.Fatalf("Quantile(%v) = %d, want %d within 1/32 (rand.NewPCG(%d, 0), %d values)", q, got, want, seed, len(all))
			}
		}
	}
}

func TestHistogramExtremes(t *testing.T) {
	var h diag.Histogram
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1, math.MaxInt64} {
		h.Record(d)
	}
	want := diag.Latency{Count: 5, Sum: math.MinInt64, Max: math.MaxInt64, P90: math.MaxInt64, P99: math.MaxInt64}
	want.Mean = want.Sum / 5 // the sum has no room for more than 292 years
	got := h.Latency()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Latency() mismatch (-want +got):\n%s", diff)
	}
	for q, want := range map[float64]time.Duration{-1: 0, 2: math.MaxInt64, math.NaN(): 0, math.Inf(1): math.MaxInt64} {
		if got := h.Quantile(q); got != want {
			t.Errorf("Quantile(%v) = %v, want %v", q, got, want)
		}
	}
}

func TestHistogramEmpty(t *testing.T) {
	var h, other diag.Histogram
	h.Merge(&other)
	if got := h.Latency(); got != (diag.Latency{}) || h.Quantile(0.5) != 0 || got.String() != "none" {
		t.Errorf("Latency() = %+v, Quantile() = %v, want zero", got, h.Quantile(0.5))
	}
}

// Merging two is the same as recording all in one.
func TestHistogramMerge(t *testing.T) {
	for range 100 {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		var want, got, other diag.Histogram
		for range r.IntN(50) {
			d := randomDuration(r) >> 10
			want.Record(d)
			got.Record(d)
		}
		for range r.IntN(50) {
			d := randomDuration(r) >> 10
			want.Record(d)
			other.Record(d)
		}
		got.Merge(&other)
		if diff := cmp.Diff(want.Latency(), got.Latency()); diff != "" {
			t.Fatalf("Merge() with rand.NewPCG(%d, 0) mismatch (-want +got):\n%s", seed, diff)
		}
	}
}

func TestHistogramAtOnce(t *testing.T) {
	var h diag.Histogram
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 1000 {
				h.Record(time.Duration(i*1000 + j))
				if l := h.Latency(); l.Min < 0 || l.P50 < l.Min {
					t.Errorf("Latency() = %+v, want a Min of 0 at least and no quantile below it", l)
					return
				}
			}
		})
	}
	wg.Wait()
	got := h.Latency()
	want := diag.Latency{Count: 4000, Sum: 3999 * 4000 / 2, Mean: 1999, Max: 3999, P50: got.P50, P90: got.P90, P99: got.P99}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Latency() mismatch (-want +got):\n%s", diff)
	}
}

func TestHistogramAllocatesNothing(t *testing.T) {
	var h diag.Histogram
	if n := testing.AllocsPerRun(100, func() { h.Record(time.Second) }); n != 0 {
		t.Errorf("Record() allocates %v times, want 0", n)
	}
}
