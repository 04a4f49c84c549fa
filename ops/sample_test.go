package ops_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("sample", 1, ints(6), referenceMap(same), ops.NewSample[int](1), nil, randomInts),
	newSubject("sample", 6, ints(40), referenceSample(0.5, 3), ops.NewSample[int](0.5).WithSeed(3), nil, randomInts),
)

var _ = misused(
	newMisuse("negative rate", "sample: rate must be between 0 and 1, got -0.1", ops.NewSample[int](-0.1)),
	newMisuse("rate above one", "sample: rate must be between 0 and 1, got 1.5", ops.NewSample[int](1.5)),
	newMisuse("no number as rate", "sample: rate must be between 0 and 1, got NaN", ops.NewSample[int](math.NaN()).WithSeed(1)),
)

var _ = chained(func(n int, before func()) link {
	return link{"sample", ops.NewSample[int](0.7).WithSeed(int64(n)), referenceSample(0.7, int64(n)), false}
})

func referenceSample(rate float64, seed int64) func(...int) []int {
	return func(in ...int) (out []int) {
		r := rand.New(rand.NewPCG(uint64(seed), 0))
		for _, v := range in {
			if r.Float64() < rate {
				out = append(out, v)
			}
		}
		return out
	}
}

func TestSample(t *testing.T) {
	tests := []struct {
		name        string
		rate        float64
		least, most int
	}{
		{"none", 0, 0, 0},
		{"half", 0.5, 400, 600},
		{"a tenth", 0.1, 50, 150},
		{"all", 1, 1000, 1000},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			got := len(collect(ops.NewSample[int](tt.rate).Process(t.Context(), feed(ints(1000)...))))
			if got < tt.least || got > tt.most {
				t.Errorf("%d of 1000 were kept, want %d to %d", got, tt.least, tt.most)
			}
		})
	}
}

func TestSampleModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, rate, seed := randomInts(r), r.Float64(), r.Int64()-r.Int64()
		check(t, referenceSample(rate, seed)(in...), in, func() ops.Processor[int, int] {
			return ops.NewSample[int](rate).WithSeed(seed)
		})
	})
}

// Without a seed two runs choose alike with a probability of 2 to the power of -1000.
func TestSampleDrawsAnewInEachRun(t *testing.T) {
	f := flow.FromSlice(ints(1000)).Sample(0.5)
	first, err := f.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Collect(t.Context())
	if err != nil || cmp.Equal(first, second) {
		t.Errorf("error %v, two runs chose the same %d items", err, len(first))
	}
}

func TestSampleSeedsDiffer(t *testing.T) {
	p := ops.NewSample[int](0.5)
	var chosen [2][]int
	for i := range chosen {
		var err error
		if chosen[i], err = flow.FromSlice(ints(1000)).Then(p.WithSeed(int64(i))).Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if cmp.Equal(chosen[0], chosen[1]) {
		t.Error("two seeds chose the same items")
	}
}

func TestSampleStats(t *testing.T) {
	p := ops.NewSample[int](0.5).WithSeed(7)
	kept := int64(len(referenceSample(0.5, 7)(ints(100)...)))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := flow.FromSlice(ints(100)).Then(p).Count(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want := ops.SampleStats{Kept: 4 * kept, Dropped: 4 * (100 - kept)}
	if diff := cmp.Diff(want, p.Stats()); diff != "" {
		t.Errorf("of four runs mismatch (-want +got):\n%s", diff)
	}
	for name, q := range map[string]*ops.Sample[int]{"WithName": p.WithName("some"), "WithSeed": p.WithSeed(7), "no constructor": {}} {
		if diff := cmp.Diff(ops.SampleStats{}, q.Stats()); diff != "" {
			t.Errorf("%s: mismatch (-want +got):\n%s", name, diff)
		}
	}
}

// What counts as kept has been delivered, also the last item that anybody needs.
func TestSampleStatsCountWhatIsDelivered(t *testing.T) {
	p := ops.NewSample[int](1)
	if _, err := flow.FromSlice(ints(9)).Then(p).Take(3).Count(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ops.SampleStats{Kept: 3}, p.Stats()); diff != "" {
		t.Errorf("above a Take mismatch (-want +got):\n%s", diff)
	}
	q := ops.NewSample[int](1)
	fail := func(int) int { panic(errBoom) }
	if _, err := flow.FromSlice(ints(9)).Then(q).Map(fail).Count(t.Context()); err == nil {
		t.Error("no error of a function that panics")
	}
	if diff := cmp.Diff(ops.SampleStats{}, q.Stats()); diff != "" {
		t.Errorf("above a failure mismatch (-want +got):\n%s", diff)
	}
}

func TestSampleBooks(t *testing.T) {
	kept := int64(len(referenceSample(0.5, 7)(ints(100)...)))
	want := flow.StageReport{Name: "sample", Op: "Sample", In: 100, Passed: kept, Out: kept, Filtered: 100 - kept}
	wantBooks(t, want, flow.FromSlice(ints(100)).Then(ops.NewSample[int](0.5).WithSeed(7)))
}
