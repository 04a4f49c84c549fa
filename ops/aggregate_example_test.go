package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewAggregate() {
	sums := ops.NewAggregate(0, func(sum, n int) int { return sum + n }).WithCountWindow(3)
	for w := range sums.Process(context.Background(), feed(1, 2, 3, 4, 5, 6, 7)) {
		fmt.Printf("%d of %d items\n", w.Result, w.Count)
	}
	// Output:
	// 6 of 3 items
	// 15 of 3 items
	// 7 of 1 items
}

// A map is changed in place, so each window needs one of its own.
func ExampleNewAggregateFunc() {
	words := ops.NewAggregateFunc(
		func() map[string]int { return map[string]int{} },
		func(seen map[string]int, word string) map[string]int {
			seen[word]++
			return seen
		},
	).WithCountWindow(3)
	for w := range words.Process(context.Background(), feed("a", "b", "a", "b", "b")) {
		fmt.Println(w.Result)
	}
	// Output:
	// map[a:2 b:1]
	// map[b:2]
}

// A window ends after a minute, the last one with the stream.
func ExampleAggregate() {
	ctx, c := context.Background(), clock.NewFake()
	in := make(chan float64)
	averages := ops.NewAggregate(ops.Average{}, ops.Avg[float64](), c).WithTimeWindow(time.Minute)
	out := averages.Process(ctx, in)

	in <- 20
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Minute)
	w := <-out
	fmt.Println(w.Result.Value(), w.Count, w.End.Sub(w.Start))

	in <- 21
	in <- 22
	close(in)
	w = <-out
	fmt.Println(w.Result.Value(), w.Count, w.End.Sub(w.Start))
	// Output:
	// 20 1 1m0s
	// 21.5 2 0s
}

func ExampleAggregate_WithCountWindow() {
	for w := range ops.NewAggregate(0, ops.Count[string]()).WithCountWindow(2).Process(context.Background(), feed("a", "b", "c")) {
		fmt.Println(w.Result)
	}
	// Output:
	// 2
	// 1
}

func ExampleAggregate_WithTimeWindow() {
	ctx, c := context.Background(), clock.NewFake()
	in := make(chan int)
	out := ops.NewAggregate(0, ops.Sum[int](), c).WithTimeWindow(time.Second).Process(ctx, in)

	in <- 1
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Second)
	fmt.Println((<-out).Result)
	in <- 2
	in <- 3
	close(in)
	fmt.Println((<-out).Result)
	// Output:
	// 1
	// 5
}

func ExampleAggregate_WithEmptyWindows() {
	ctx, c := context.Background(), clock.NewFake()
	in := make(chan int)
	out := ops.NewAggregate(0, ops.Sum[int](), c).
		WithTimeWindow(time.Second).WithEmptyWindows(true).Process(ctx, in)

	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Second)
	w := <-out
	fmt.Println(w.Result, w.Count)
	close(in)
	// Output: 0 0
}

func ExampleAggregate_Current() {
	total := ops.NewAggregate(0, ops.Sum[int]())
	for range total.Process(context.Background(), feed(1, 2, 3)) {
		fmt.Println(total.Current()) // the next window has no item yet
	}
	// Output: 0 0
}

func ExampleAggregate_WithName() {
	fmt.Println(ops.NewAggregate(0, ops.Sum[int]()).WithName("revenue").Name())
	// Output: revenue
}

func ExampleAggregateWindow() {
	noon := time.Date(2000, time.January, 1, 12, 0, 0, 0, time.UTC)
	w := ops.AggregateWindow[int]{Result: 90, Start: noon, End: noon.Add(time.Minute), Count: 12}
	fmt.Printf("%.1f a second from %s on\n", float64(w.Result)/w.End.Sub(w.Start).Seconds(), w.Start.Format(time.TimeOnly))
	// Output: 1.5 a second from 12:00:00 on
}

func ExampleAggregateFunc() {
	var longest ops.AggregateFunc[string, string] = func(longest, word string) string {
		if len(word) > len(longest) {
			return word
		}
		return longest
	}
	for w := range ops.NewAggregate("", longest).Process(context.Background(), feed("one", "three", "two")) {
		fmt.Println(w.Result)
	}
	// Output: three
}

func ExampleSum() {
	for w := range ops.NewAggregate(0.5, ops.Sum[float64]()).Process(context.Background(), feed(1.0, 2.0)) {
		fmt.Println(w.Result)
	}
	// Output: 3.5
}

func ExampleCount() {
	for w := range ops.NewAggregate(0, ops.Count[string]()).Process(context.Background(), feed("a", "b")) {
		fmt.Println(w.Result)
	}
	// Output: 2
}

func ExampleAvg() {
	for w := range ops.NewAggregate(ops.Average{}, ops.Avg[int]()).Process(context.Background(), feed(1, 2)) {
		fmt.Println(w.Result.Value())
	}
	// Output: 1.5
}

func ExampleAverage_Value() {
	fmt.Println(ops.Average{Sum: 10, Count: 4}.Value(), ops.Average{}.Value())
	// Output: 2.5 0
}

func ExampleMinMaxAgg() {
	for w := range ops.NewAggregate(ops.MinMax[int]{}, ops.MinMaxAgg[int]()).Process(context.Background(), feed(3, 1, 2)) {
		fmt.Println(w.Result)
	}
	// Output: min 1, max 3 of 3
}

func ExampleMinMax_String() {
	fmt.Println(ops.MinMax[string]{Min: "apple", Max: "pear", Count: 5}.String())
	// Output: min apple, max pear of 5
}
