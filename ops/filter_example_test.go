package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFilter() {
	in := make(chan int)
	go func() {
		defer close(in)
		for n := range 5 {
			in <- n
		}
	}()
	odd := ops.NewFilter(func(n int) bool { return n%2 != 0 })
	for n := range odd.Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Output:
	// 1
	// 3
}
