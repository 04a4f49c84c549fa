package sketch_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-streamz/streamz/ops/sketch"
)

func hitters(counters int, keys []int) *sketch.HeavyHitters[int] {
	h := sketch.NewHeavyHitters[int](counters)
	for _, k := range keys {
		h.Add(k)
	}
	return h
}

// checkHits holds hits to the promise against exact counts.
func checkHits(t *testing.T, h *sketch.HeavyHitters[int], counters int, keys []int) {
	t.Helper()
	exact, hits := tally(keys), h.Hits()
	bound := int64(len(keys) / counters)
	if h.Total() != int64(len(keys)) || len(hits) > counters {
		t.Errorf("%d items and %d hits, want %d and at most %d", h.Total(), len(hits), len(keys), counters)
	}
	found := make(map[int]bool)
	for _, hit := range hits {
		found[hit.Key] = true
		if n := exact[hit.Key]; n > hit.Count || n < hit.Count-hit.Excess || hit.Excess > bound {
			t.Errorf("%+v, want a count from %d to %d", hit, n, n+bound)
		}
	}
	for key, n := range exact {
		if n > bound && !found[key] {
			t.Errorf("key %d came %d of %d times and is not among the %d hits", key, n, len(keys), len(hits))
		}
	}
	if !slices.IsSortedFunc(hits, func(a, b sketch.Hit[int]) int { return int(b.Count - a.Count) }) {
		t.Errorf("the hits are not in the order of their counts: %v", hits)
	}
}

func TestHeavyHittersModel(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		counters, keys := 1+r.IntN(80), skewed(r, r.IntN(3000))
		checkHits(t, hitters(counters, keys), counters, keys)
	})
}

func TestHeavyHittersMerge(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		counters, keys := 1+r.IntN(80), skewed(r, r.IntN(3000))
		one, rest := in2(r, keys)
		two, more := in2(r, rest)
		h := hitters(counters, one)
		if err := h.Merge(hitters(counters, two)); err != nil {
			t.Fatal(err)
		}
		checkHits(t, h, counters, slices.Concat(one, two))
		for _, k := range more { // and goes on as any other
			h.Add(k)
		}
		checkHits(t, h, counters, keys)
	})
}

func TestHeavyHittersIsExactWithRoomForAll(t *testing.T) {
	keys := skewed(rand.New(rand.NewPCG(1, 2)), 2000)
	exact := tally(keys)
	for _, hit := range hitters(len(exact), keys).Hits() {
		if hit.Count != exact[hit.Key] || hit.Excess != 0 {
			t.Errorf("%+v, want %d", hit, exact[hit.Key])
		}
	}
}

// Keys that cannot be found again in a map must not fill it.
func TestHeavyHittersWithoutNaN(t *testing.T) {
	h := sketch.NewHeavyHitters[float64](2)
	for range 10 {
		h.Add(math.NaN())
	}
	if hits := h.Add(1).Hits(); len(hits) != 1 || hits[0] != (sketch.Hit[float64]{Key: 1, Count: 1}) || h.Total() != 11 {
		t.Errorf("hits %v of %d items, want the 1 of 11", hits, h.Total())
	}
}

// FuzzHeavyHitters takes each byte for a key.
func FuzzHeavyHitters(f *testing.F) {
	f.Add(uint8(2), uint8(1), []byte("abacada"))
	f.Add(uint8(3), uint8(4), []byte("aabbccddeeff"))
	f.Fuzz(func(t *testing.T, counters, cut uint8, code []byte) {
		size := int(counters%16) + 1
		var keys []int
		for _, b := range code {
			keys = append(keys, int(b))
		}
		at := min(int(cut), len(keys))
		h := hitters(size, keys[:at])
		if err := h.Merge(hitters(size, keys[at:])); err != nil {
			t.Fatal(err)
		}
		checkHits(t, h, size, keys)
	})
}
