package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTakeWhile() {
	in := make(chan int, 4)
	in <- 10
	in <- 80
	in <- 120
	in <- 90
	close(in)
	rising := ops.NewTakeWhile(func(n int) bool { return n < 100 })
	for v := range rising.Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// 10
	// 80
}

// The item that ends the stream is the first too large one, and comes as well.
func ExampleTakeWhile_WithLast() {
	in := make(chan int, 4)
	in <- 10
	in <- 80
	in <- 120
	in <- 90
	close(in)
	rising := ops.NewTakeWhile(func(n int) bool { return n < 100 }).WithLast()
	for v := range rising.Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// 10
	// 80
	// 120
}
