package sketch_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/go-streamz/streamz/ops/sketch"
)

// Six times the standard error is beyond chance: once in 500 million.
const sigmas = 6

func standardError(precision int) float64 { return 1.04 / math.Sqrt(float64(int(1)<<precision)) }

// TestHyperLogLogModel counts keys that come several times, from few to far more than there
// are registers.
func TestHyperLogLogModel(t *testing.T) {
	for _, precision := range []int{4, 9, 14} {
		h := sketch.NewHyperLogLog[string](precision)
		for n := 1; n <= 300_000; n++ {
			h.Add(strconv.Itoa(n))
			h.Add(strconv.Itoa(n/2 + 1))
			if n&(n-1) > 0 && n%100_000 > 0 {
				continue
			}
			bound := sigmas*standardError(precision)*float64(n) + 1
			if got := h.Count(); math.Abs(float64(got)-float64(n)) > bound {
				t.Errorf("precision %d: %d keys, want %d and at most %.0f more or less", precision, got, n, bound)
			}
		}
	}
}

// TestHyperLogLogHasNoBias: the mean of many estimates is nearer to the truth than one, also
// where the first estimators had a bias, at about 2.5 times the registers.
func TestHyperLogLogHasNoBias(t *testing.T) {
	const precision, runs = 8, 400
	for _, n := range []int{10, 100, 640, 5000} {
		sum := 0.0
		key := rand.Uint64()
		for range runs {
			h := sketch.NewHyperLogLog[uint64](precision)
			for range n {
				h.Add(key)
				key++
			}
			sum += float64(h.Count())
		}
		bound := sigmas*standardError(precision)/math.Sqrt(runs) + 0.5/float64(n)
		if share := sum/runs/float64(n) - 1; math.Abs(share) > bound {
			t.Errorf("%d keys: the mean is wrong by %.4f, want at most %.4f", n, share, bound)
		}
	}
}

func TestHyperLogLogOfNothing(t *testing.T) {
	if got := sketch.NewHyperLogLog[int](4).Count(); got != 0 {
		t.Errorf("Count() = %d, want 0", got)
	}
}

// A merged sketch is the same as one of all keys.
func TestHyperLogLogMerge(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		keys := skewed(r, 3000)
		one, two := in2(r, keys)
		build := func(keys []int) *sketch.HyperLogLog[int] {
			h := sketch.NewHyperLogLog[int](10)
			for _, k := range keys {
				h.Add(k)
			}
			return h
		}
		got := build(one)
		if err := got.Merge(build(two)); err != nil {
			t.Fatal(err)
		}
		if want := build(keys).Count(); got.Count() != want {
			t.Errorf("Count() = %d, want %d", got.Count(), want)
		}
	})
}
