package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewEveryNth() {
	in := make(chan int, 5)
	in <- 10
	in <- 20
	in <- 30
	in <- 40
	in <- 50
	close(in)
	for v := range ops.NewEveryNth[int](2).Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// 20
	// 40
}
