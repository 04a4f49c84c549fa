package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Ten bytes of text at most.
func ExampleNewWeightedLimit() {
	in := make(chan string, 4)
	for _, s := range []string{"first", "four", "and", "a"} {
		in <- s
	}
	for s := range ops.NewWeightedLimit(10, length).Process(context.Background(), in) {
		fmt.Println(s)
	}
	// Output:
	// first
	// four
}

// The producer sends all it has, whether somebody wants it or not.
func ExampleWeightedLimit_WithDrain() {
	in, sent := make(chan string), make(chan int)
	go func() {
		defer close(in)
		for _, s := range []string{"first", "second", "third"} {
			in <- s
		}
		sent <- 3
	}()
	for s := range ops.NewWeightedLimit(5, length).WithDrain().Process(context.Background(), in) {
		fmt.Println(s)
	}
	fmt.Println(<-sent, "sent")
	// Output:
	// first
	// 3 sent
}

func ExampleWeightedLimit_OnError() {
	in := make(chan int, 3)
	for _, n := range []int{1, -2, 3} {
		in <- n
	}
	close(in)
	limited := ops.NewWeightedLimit(10, func(n int) int64 { return int64(n) }).
		OnError(func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, "failed:", e.Err) })
	for n := range limited.Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Unordered output:
	// 1
	// -2 failed: the weight must not be negative, got -2
	// 3
}
