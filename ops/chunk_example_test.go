package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewChunk() {
	in := make(chan int, 5)
	for n := range 5 {
		in <- n
	}
	close(in)
	for chunk := range ops.NewChunk[int](2).Process(context.Background(), in) {
		fmt.Println(chunk)
	}
	// Output:
	// [0 1]
	// [2 3]
	// [4]
}
