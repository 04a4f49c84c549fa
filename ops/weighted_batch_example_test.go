package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Ten bytes of text to a message.
func ExampleNewWeightedBatch() {
	in := make(chan string, 4)
	for _, s := range []string{"first", "four", "a text too long", "b"} {
		in <- s
	}
	close(in)
	for message := range ops.NewWeightedBatch(10, length, 0).Process(context.Background(), in) {
		fmt.Printf("%q\n", message)
	}
	// Output:
	// ["first" "four"]
	// ["a text too long"]
	// ["b"]
}

func ExampleWeightedBatch_WithMaxSize() {
	in := make(chan string, 4)
	for _, s := range []string{"a", "b", "c", "d"} {
		in <- s
	}
	close(in)
	for message := range ops.NewWeightedBatch(1000, length, 0).WithMaxSize(3).Process(context.Background(), in) {
		fmt.Println(message)
	}
	// Output:
	// [a b c]
	// [d]
}

func ExampleWeightedBatch_OnError() {
	in := make(chan int, 3)
	for _, n := range []int{1, -2, 3} {
		in <- n
	}
	close(in)
	batches := ops.NewWeightedBatch(10, func(n int) int64 { return int64(n) }, 0).
		OnError(func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, "failed:", e.Err) })
	for batch := range batches.Process(context.Background(), in) {
		fmt.Println(batch)
	}
	// Output:
	// -2 failed: the weight must not be negative, got -2
	// [1 3]
}
