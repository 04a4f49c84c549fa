package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewSplit() {
	in := make(chan int, 5)
	for n := range 5 {
		in <- n
	}
	close(in)
	parity := ops.NewSplit(func(n int) bool { return n%2 == 0 }).WithBufferSize(5)
	out := parity.Process(context.Background(), in)
	for n := range out.True {
		fmt.Println("even", n)
	}
	for n := range out.False { // they have waited in the buffer
		fmt.Println("odd", n)
	}
	fmt.Println(parity.Stats().TrueRatio)
	// Output:
	// even 0
	// even 2
	// even 4
	// odd 1
	// odd 3
	// 0.6
}
