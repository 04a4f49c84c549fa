package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Nobody reads while ten items come: the first ones are kept.
func ExampleNewDroppingBuffer() {
	in := make(chan int)
	buffer := ops.NewDroppingBuffer[int](3)
	out := buffer.Process(context.Background(), in)
	for n := range 10 {
		in <- n
	}
	close(in)
	first, received := <-out, 1
	for range out {
		received++
	}
	fmt.Println("first:", first)
	fmt.Println("received and dropped:", received+int(buffer.DroppedCount()))
	// Output:
	// first: 0
	// received and dropped: 10
}

// With size 0 an item is dropped unless somebody is receiving just then.
func ExampleDroppingBuffer_OnDrop() {
	in, dropped := make(chan string), make(chan string)
	buffer := ops.NewDroppingBuffer[string](0).OnDrop(func(s string) { dropped <- s })
	_ = buffer.Process(context.Background(), in)
	in <- "early"
	fmt.Println("dropped", <-dropped)
	close(in)
	// Output: dropped early
}
