package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewUnbatcher() {
	in := make(chan []int, 3)
	in <- []int{1, 2}
	in <- nil
	in <- []int{3}
	close(in)
	for n := range ops.NewUnbatcher[int]().Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
	// 3
}
