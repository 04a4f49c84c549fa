package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFind() {
	in := make(chan int, 4)
	in <- 5
	in <- 300
	in <- 40
	in <- 200
	close(in)
	large := ops.NewFind(func(n int) bool { return n > 100 })
	for v := range large.Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// 300
}
