package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTap() {
	in := make(chan int, 3)
	for n := range 3 {
		in <- n
	}
	close(in)
	sum := 0
	count := ops.NewTap(func(n int) { sum += n })
	for n := range count.Process(context.Background(), in) {
		fmt.Println(n)
	}
	fmt.Println("sum", sum)
	// Output:
	// 0
	// 1
	// 2
	// sum 3
}
