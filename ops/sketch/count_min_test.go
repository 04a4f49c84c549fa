package sketch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/go-streamz/streamz/ops/sketch"
)

func counting(relativeError, probability float64, keys []int) *sketch.CountMin[int] {
	c := sketch.NewCountMin[int](relativeError, probability)
	for _, k := range keys {
		c.Add(k)
	}
	return c
}

// The share of estimates beyond the bound is the mean of many keys, so it is held to the
// probability itself, of which it is a small part in fact.
func TestCountMinModel(t *testing.T) {
	for _, tt := range []struct{ relativeError, probability float64 }{{0.1, 0.5}, {0.01, 0.9}, {0.001, 0.99}} {
		trials(t, 5, func(t *testing.T, r *rand.Rand) {
			keys := skewed(r, 20_000)
			exact, beyond := tally(keys), 0
			c := counting(tt.relativeError, tt.probability, keys)
			bound := int64(tt.relativeError * float64(len(keys)))
			for key := range 10_000 {
				got := c.Count(key)
				if got < exact[key] {
					t.Errorf("key %d: %d, want at least %d", key, got, exact[key])
				}
				if got > exact[key]+bound {
					beyond++
				}
			}
			if limit := (1 - tt.probability) * 10_000; float64(beyond) > limit {
				t.Errorf("%v: %d estimates of 10000 are too large, want at most %v", tt, beyond, limit)
			}
			if c.Total() != int64(len(keys)) {
				t.Errorf("Total() = %d, want %d", c.Total(), len(keys))
			}
		})
	}
}

// A merged sketch is the same as one of all items.
func TestCountMinMerge(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		keys := skewed(r, 2000)
		one, two := in2(r, keys)
		want, got := counting(0.05, 0.9, keys), counting(0.05, 0.9, one)
		if err := got.Merge(counting(0.05, 0.9, two)); err != nil {
			t.Fatal(err)
		}
		for key := range 1000 {
			if want, got := want.Count(key), got.Count(key); want != got {
				t.Errorf("key %d: %d, want %d", key, got, want)
			}
		}
		if want.Total() != got.Total() {
			t.Errorf("Total() = %d, want %d", got.Total(), want.Total())
		}
	})
}
