package sketch_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops/sketch"
)

// entry is ordered by its rank alone.
type entry struct{ Rank, No int }

func byRank(a, b entry) int { return cmp.Compare(a.Rank, b.Rank) }

func entries(r *rand.Rand) []entry {
	items := make([]entry, r.IntN(60))
	for i := range items {
		items[i] = entry{r.IntN(10), i}
	}
	return items
}

// referenceTop sorts all.
func referenceTop(n int, items []entry) []entry {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b entry) int { return byRank(b, a) })
	return sorted[:min(n, len(sorted))]
}

func top(n int, items []entry) *sketch.TopN[entry] {
	t := sketch.NewTopN(n, byRank)
	for _, e := range items {
		t.Add(e)
	}
	return t
}

func TestTopNModel(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		n, items := 1+r.IntN(12), entries(r)
		want := referenceTop(n, items)
		if diff := gocmp.Diff(want, top(n, items).Items()); diff != "" && len(want) > 0 {
			t.Errorf("the top %d of %v mismatch (-want +got):\n%s", n, items, diff)
		}
	})
}

func TestTopNMerge(t *testing.T) {
	trials(t, 300, func(t *testing.T, r *rand.Rand) {
		n, items := 1+r.IntN(12), append(entries(r), entry{5, 1000})
		one, two := in2(r, items)
		got := top(n, one)
		if err := got.Merge(top(n, two)); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(referenceTop(n, items), got.Items()); diff != "" {
			t.Errorf("the top %d of %v and %v mismatch (-want +got):\n%s", n, one, two, diff)
		}
	})
}

func TestTopNHandsOutItsOwnSlice(t *testing.T) {
	top := sketch.NewTopN(2, cmp.Compare[float64]).Add(1).Add(math.NaN()).Add(2)
	clear(top.Items())
	if diff := gocmp.Diff([]float64{2, 1}, top.Items()); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}
