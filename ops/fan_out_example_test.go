package ops_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFanOut() {
	in := make(chan int)
	go func() {
		defer close(in)
		for n := range 5 {
			in <- n
		}
	}()
	var readers sync.WaitGroup
	sums := make([]int, 3)
	for i, out := range ops.NewFanOut[int](3).Process(context.Background(), in) {
		readers.Go(func() {
			for n := range out {
				sums[i] += n
			}
		})
	}
	readers.Wait()
	fmt.Println(sums)
	// Output: [10 10 10]
}

// A buffer lets the readers be apart by so many items.
func ExampleFanOut_WithBufferSize() {
	in := make(chan string, 2)
	in <- "a"
	in <- "b"
	close(in)
	outs := ops.NewFanOut[string](2).WithBufferSize(2).Process(context.Background(), in)
	for _, out := range outs {
		for s := range out { // all of the first output, then all of the second
			fmt.Println(s)
		}
	}
	// Output:
	// a
	// b
	// a
	// b
}
