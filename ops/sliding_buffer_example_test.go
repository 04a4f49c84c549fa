package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Nobody reads while ten items come: the last ones are kept.
func ExampleNewSlidingBuffer() {
	in := make(chan int)
	buffer := ops.NewSlidingBuffer[int](3)
	out := buffer.Process(context.Background(), in)
	for n := range 10 {
		in <- n
	}
	close(in)
	last, received := 0, 0
	for last = range out {
		received++
	}
	fmt.Println("last:", last)
	fmt.Println("received and dropped:", received+int(buffer.DroppedCount()))
	// Output:
	// last: 9
	// received and dropped: 10
}
