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
// are registers. Of a sketch with few registers the estimate is not spread evenly: it may be
// far too high more often than sigmas says. So it is the mean of several that is held to
// their standard error.
func TestHyperLogLogModel(t *testing.T) {
	for _, precision := range []int{4, 9, 14} {
		sketches := make([]*sketch.HyperLogLog[string], max(1, 512>>precision))
		for i := range sketches {
			sketches[i] = sketch.NewHyperLogLog[string](precision)
		}
		for n := 1; n <= 300_000; n++ {
			for i, h := range sketches { // each has keys of its own: one key is the same to all
				h.Add(strconv.Itoa(i*1_000_000 + n))
				h.Add(strconv.Itoa(i*1_000_000 + n/2 + 1))
			}
			if n&(n-1) > 0 && n%100_000 > 0 {
				continue
			}
			mean := 0.0
			for _, h := range sketches {
				mean += float64(h.Count()) / float64(len(sketches))
			}
			bound := sigmas*standardError(precision)/math.Sqrt(float64(len(sketches)))*float64(n) + 1
			if math.Abs(mean-float64(n)) > bound {
				t.Errorf("precision %d: %.0f keys, want %d and at most %.0f more or less", precision, mean, n, bound)
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
