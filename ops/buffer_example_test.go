package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// The producer is done with all four items before anybody has read one: three wait, and
// one is on its way out.
func ExampleNewBuffer() {
	in := make(chan int)
	out := ops.NewBuffer[int](3).Process(context.Background(), in)
	for n := range 4 {
		in <- n
	}
	close(in)
	for n := range out {
		fmt.Println(n)
	}
	// Output:
	// 0
	// 1
	// 2
	// 3
}

func ExampleBuffer_Stats() {
	jobs := ops.NewBuffer[int](100)
	err := flow.Range(0, 1000).Then(jobs).Run(context.Background())
	fmt.Println(jobs.Stats(), err)
	// Output: {0 100} <nil>
}
