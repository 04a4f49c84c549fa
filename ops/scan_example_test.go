package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewScan() {
	in := make(chan int, 3)
	in <- 10
	in <- -3
	in <- 5
	close(in)
	balance := ops.NewScan(100, func(sum, change int) int { return sum + change })
	for sum := range balance.Process(context.Background(), in) {
		fmt.Println(sum)
	}
	// Output:
	// 110
	// 107
	// 112
}
