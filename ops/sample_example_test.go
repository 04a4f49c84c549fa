package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// A rate of 1 keeps all: it stands here for one that keeps a part.
func ExampleNewSample() {
	in := make(chan int, 3)
	in <- 1
	in <- 2
	in <- 3
	close(in)
	for n := range ops.NewSample[int](1).Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
	// 3
}

// With a seed the choice is the same in each run.
func ExampleSample_WithSeed() {
	sample := ops.NewSample[int](0.3).WithSeed(1)
	for range 2 {
		in := make(chan int, 10)
		for n := range 10 {
			in <- n
		}
		close(in)
		var kept []int
		for n := range sample.Process(context.Background(), in) {
			kept = append(kept, n)
		}
		fmt.Println(kept)
	}
	// Output:
	// [0 2 6 7 9]
	// [0 2 6 7 9]
}

func ExampleSample_Stats() {
	sample := ops.NewSample[int](0.5)
	in := make(chan int, 100)
	for n := range 100 {
		in <- n
	}
	close(in)
	for range sample.Process(context.Background(), in) {
	}
	stats := sample.Stats()
	fmt.Println(stats.Kept+stats.Dropped, "items")
	// Output: 100 items
}
