package sketch_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-streamz/streamz/ops/sketch"
)

func quantiles(relativeError float64, numbers []float64) *sketch.Quantiles {
	q := sketch.NewQuantiles(relativeError)
	for _, v := range numbers {
		q.Add(v)
	}
	return q
}

// checkQuantiles holds the estimates to the promise against sorted numbers.
func checkQuantiles(t *testing.T, q *sketch.Quantiles, relativeError float64, numbers []float64) {
	t.Helper()
	sorted := slices.DeleteFunc(slices.Clone(numbers), math.IsNaN)
	slices.Sort(sorted)
	if got := q.Count(); got != int64(len(sorted)) {
		t.Errorf("Count() = %d, want %d", got, len(sorted))
	}
	if len(sorted) == 0 {
		if got := q.Quantile(0.5); !math.IsNaN(got) {
			t.Errorf("Quantile() of nothing = %v, want NaN", got)
		}
		return
	}
	for i := range 101 {
		p := float64(i) / 100
		want, got := sorted[int(p*float64(len(sorted)-1))], q.Quantile(p)
		rounding := 1e-9 * math.Abs(want)
		if off := math.Abs(got - want); got != want && !(off <= relativeError*math.Abs(want)+rounding || math.Abs(want) < 0x1p-1022 && got == 0) {
			t.Errorf("Quantile(%v) = %v, want %v within %v of it", p, got, want, relativeError)
		}
	}
	for p, want := range map[float64]float64{0: sorted[0], 1: sorted[len(sorted)-1]} {
		if got := q.Quantile(p); got != want && math.Abs(want) >= 0x1p-1022 {
			t.Errorf("Quantile(%v) = %v, want %v", p, got, want)
		}
	}
}

// distributions give a number each.
var distributions = map[string]func(r *rand.Rand) float64{
	"uniform":        (*rand.Rand).Float64,
	"normal":         (*rand.Rand).NormFloat64,
	"long tail":      func(r *rand.Rand) float64 { return math.Exp(3 * r.NormFloat64()) },
	"small integers": func(r *rand.Rand) float64 { return float64(r.IntN(7) - 3) },
	"all magnitudes": func(r *rand.Rand) float64 { return math.Ldexp(r.Float64()-0.5, r.IntN(2100)-1050) },
	"any bits":       func(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64()) },
	"extremes": func(r *rand.Rand) float64 {
		all := []float64{0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022, math.Inf(1), math.Inf(-1), math.NaN()}
		return all[r.IntN(len(all))]
	},
}

func TestQuantilesModel(t *testing.T) {
	for name, number := range distributions {
		t.Run(name, func(t *testing.T) {
			trials(t, 10, func(t *testing.T, r *rand.Rand) {
				relativeError := []float64{0.001, 0.01, 0.1, 0.5}[r.IntN(4)]
				numbers := make([]float64, r.IntN(2000))
				for i := range numbers {
					numbers[i] = number(r)
				}
				checkQuantiles(t, quantiles(relativeError, numbers), relativeError, numbers)
				one, two := in2(r, numbers)
				merged := quantiles(relativeError, one)
				if err := merged.Merge(quantiles(relativeError, two)); err != nil {
					t.Fatal(err)
				}
				checkQuantiles(t, merged, relativeError, numbers)
			})
		})
	}
}

func TestQuantilesOfAWrongShare(t *testing.T) {
	q := quantiles(0.01, []float64{1, 2, 3})
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		if got := q.Quantile(p); !math.IsNaN(got) {
			t.Errorf("Quantile(%v) = %v, want NaN", p, got)
		}
	}
}

// FuzzQuantiles takes each eight bytes for a number.
func FuzzQuantiles(f *testing.F) {
	for _, v := range []float64{1, -2.5, 1e300, math.Inf(1)} {
		f.Add(uint8(1), binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	f.Fuzz(func(t *testing.T, cut uint8, code []byte) {
		var numbers []float64
		for chunk := range slices.Chunk(code[:min(len(code)&^7, 256)], 8) {
			numbers = append(numbers, math.Float64frombits(binary.BigEndian.Uint64(chunk)))
		}
		at := min(int(cut), len(numbers))
		q := quantiles(0.01, numbers[:at])
		if err := q.Merge(quantiles(0.01, numbers[at:])); err != nil {
			t.Fatal(err)
		}
		checkQuantiles(t, q, 0.01, numbers)
	})
}
