package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTakeUntil() {
	enough := make(chan struct{})
	in := make(chan int)
	out := ops.NewTakeUntil[int](enough).Process(context.Background(), in)
	in <- 1
	fmt.Println(<-out)
	close(enough)
	_, more := <-out
	fmt.Println("more:", more)
	// Output:
	// 1
	// more: false
}

// The end of one flow is the signal of another.
func ExampleTakeUntil() {
	loaded, done := context.WithCancel(context.Background())
	progress := flow.Repeat("loading").Then(ops.NewTakeUntil[string](loaded.Done())).Discard()
	load := flow.Range(0, 100).ForEach(func(_ context.Context, n int) error {
		if n == 99 {
			done()
		}
		return nil
	})
	fmt.Println(flow.Jobs(load, progress).Run(context.Background()))
	// Output: <nil>
}

func ExampleTakeUntil_WithDrain() {
	enough := make(chan struct{})
	close(enough)
	in := make(chan int)
	out := ops.NewTakeUntil[int](enough).WithDrain().Process(context.Background(), in)
	in <- 1 // nobody needs it, but it is taken
	in <- 2
	close(in)
	fmt.Println(len(out))
	// Output: 0
}

func ExampleTakeUntil_WithName() {
	fmt.Println(ops.NewTakeUntil[int](make(chan struct{})).WithName("until closing time").Name())
	// Output: until closing time
}
