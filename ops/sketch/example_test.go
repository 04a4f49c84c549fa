package sketch_test

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/ops/sketch"
)

// The median and the 99th percentile of each 1000 numbers.
func Example() {
	latencies := ops.NewAggregateFunc(
		func() *sketch.Quantiles { return sketch.NewQuantiles(0.01) },
		(*sketch.Quantiles).Add,
	).WithCountWindow(1000)

	numbers := flow.Range(0, 2000).Map(func(n int) float64 { return float64(n) })
	for w, err := range numbers.Then(latencies).All(context.Background()) {
		fmt.Printf("%.0f %.0f %v\n", w.Result.Quantile(0.5), w.Result.Quantile(0.99), err)
	}
	// Output:
	// 498 983 <nil>
	// 1495 1979 <nil>
}

func ExampleNewQuantiles() {
	q := sketch.NewQuantiles(0.01)
	for n := range 101 {
		q.Add(float64(n))
	}
	got := q.Quantile(0.9)
	fmt.Println(math.Abs(got-90) <= 0.01*90, q.Quantile(0), q.Quantile(1))
	// Output: true 0 100
}

// An item that is no number is made one by the function.
func ExampleQuantiles() {
	lengths := ops.NewAggregateFunc(
		func() *sketch.Quantiles { return sketch.NewQuantiles(0.01) },
		func(q *sketch.Quantiles, word string) *sketch.Quantiles { return q.Add(float64(len(word))) },
	)
	windows, err := flow.Of("a", "stream", "of", "words").Then(lengths).Collect(context.Background())
	fmt.Println(windows[0].Result.Quantile(1), err)
	// Output: 6 <nil>
}

func ExampleQuantiles_Merge() {
	monday, tuesday := sketch.NewQuantiles(0.01).Add(1), sketch.NewQuantiles(0.01).Add(3)
	err := monday.Merge(tuesday)
	fmt.Println(monday.Count(), monday.Quantile(1), err)
	// Output: 2 3 <nil>
}

// The three longest words.
func ExampleNewTopN() {
	longer := func(a, b string) int { return cmp.Compare(len(a), len(b)) }
	longest := ops.NewAggregateFunc(
		func() *sketch.TopN[string] { return sketch.NewTopN(3, longer) },
		(*sketch.TopN[string]).Add,
	)
	windows, err := flow.Of("the", "three", "longest", "words", "of", "a", "window").Then(longest).Collect(context.Background())
	fmt.Println(windows[0].Result.Items(), err)
	// Output: [longest window three] <nil>
}

func ExampleTopN() {
	best := sketch.NewTopN(2, cmp.Compare[int])
	for _, n := range []int{3, 9, 4, 7} {
		best.Add(n)
	}
	fmt.Println(best.Items())
	// Output: [9 7]
}

func ExampleTopN_Merge() {
	a := sketch.NewTopN(2, cmp.Compare[int]).Add(1).Add(5)
	b := sketch.NewTopN(2, cmp.Compare[int]).Add(3).Add(4)
	err := a.Merge(b)
	fmt.Println(a.Items(), err)
	// Output: [5 4] <nil>
}

func ExampleNewHeavyHitters() {
	talkers := ops.NewAggregateFunc(
		func() *sketch.HeavyHitters[string] { return sketch.NewHeavyHitters[string](100) },
		(*sketch.HeavyHitters[string]).Add,
	)
	windows, err := flow.Of("ann", "bob", "ann", "eve", "ann", "bob").Then(talkers).Collect(context.Background())
	for _, hit := range windows[0].Result.Hits()[:2] {
		fmt.Println(hit.Key, hit.Count)
	}
	fmt.Println(err)
	// Output:
	// ann 3
	// bob 2
	// <nil>
}

// With fewer counters than keys a count can be too large.
func ExampleHeavyHitters() {
	h := sketch.NewHeavyHitters[string](2)
	for _, key := range []string{"a", "a", "a", "b", "c"} {
		h.Add(key)
	}
	for _, hit := range h.Hits() {
		fmt.Printf("%s: %d to %d of %d\n", hit.Key, hit.Count-hit.Excess, hit.Count, h.Total())
	}
	// Output:
	// a: 3 to 3 of 5
	// c: 1 to 2 of 5
}

func ExampleHit() {
	hit := sketch.Hit[string]{Key: "c", Count: 12, Excess: 2}
	fmt.Printf("%s came %d to %d times\n", hit.Key, hit.Count-hit.Excess, hit.Count)
	// Output: c came 10 to 12 times
}

func ExampleHeavyHitters_Merge() {
	a := sketch.NewHeavyHitters[string](10).Add("x").Add("y")
	b := sketch.NewHeavyHitters[string](10).Add("x")
	err := a.Merge(b)
	fmt.Println(a.Hits()[0], err)
	// Output: {x 2 0} <nil>
}

func ExampleNewCountMin() {
	counts := ops.NewAggregateFunc(
		func() *sketch.CountMin[string] { return sketch.NewCountMin[string](0.001, 0.999) },
		(*sketch.CountMin[string]).Add,
	)
	windows, err := flow.Of("ann", "bob", "ann").Then(counts).Collect(context.Background())
	fmt.Println(windows[0].Result.Count("ann") >= 2, windows[0].Result.Total(), err)
	// Output: true 3 <nil>
}

func ExampleCountMin() {
	c := sketch.NewCountMin[int](0.01, 0.99)
	for n := range 1000 {
		c.Add(n % 10)
	}
	fmt.Println(c.Count(7) >= 100, c.Total())
	// Output: true 1000
}

func ExampleCountMin_Merge() {
	a, b := sketch.NewCountMin[int](0.01, 0.99).Add(1), sketch.NewCountMin[int](0.01, 0.99).Add(1)
	err := a.Merge(b)
	fmt.Println(a.Count(1), a.Total(), err)
	// Output: 2 2 <nil>
}

func ExampleNewHyperLogLog() {
	visitors := ops.NewAggregateFunc(
		func() *sketch.HyperLogLog[string] { return sketch.NewHyperLogLog[string](14) },
		(*sketch.HyperLogLog[string]).Add,
	)
	windows, err := flow.Of("ann", "bob", "ann").Then(visitors).Collect(context.Background())
	fmt.Println(windows[0].Result.Count(), err)
	// Output: 2 <nil>
}

func ExampleHyperLogLog() {
	h := sketch.NewHyperLogLog[int](14)
	for n := range 100_000 {
		h.Add(n % 10_000)
	}
	fmt.Println(math.Abs(float64(h.Count())-10_000) < 1000)
	// Output: true
}

// Who came on both days counts once.
func ExampleHyperLogLog_Merge() {
	monday := sketch.NewHyperLogLog[string](14).Add("ann").Add("bob")
	tuesday := sketch.NewHyperLogLog[string](14).Add("bob")
	err := monday.Merge(tuesday)
	fmt.Println(monday.Count(), err)
	// Output: 2 <nil>
}
