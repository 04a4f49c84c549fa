package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// The producer watches its context, because a Take reads nothing after its last item.
func ExampleNewTake() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := make(chan int)
	go func() {
		for n := 1; ; n++ {
			select {
			case in <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	for n := range ops.NewTake[int](3).Process(ctx, in) {
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
	// 3
}

// This producer knows no context: it can finish because what it sends is discarded.
func ExampleTake_WithDrain() {
	in, done := make(chan int), make(chan struct{})
	go func() {
		defer close(done)
		defer close(in)
		for n := range 100 {
			in <- n
		}
	}()
	for n := range ops.NewTake[int](2).WithDrain().Process(context.Background(), in) {
		fmt.Println(n)
	}
	<-done
	fmt.Println("the producer has finished")
	// Output:
	// 0
	// 1
	// the producer has finished
}
