package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFanIn() {
	numbers := func(from, to int) <-chan int {
		out := make(chan int)
		go func() {
			defer close(out)
			for n := from; n < to; n++ {
				out <- n
			}
		}()
		return out
	}
	sum := 0
	for n := range ops.NewFanIn[int]().Process(context.Background(), numbers(0, 3), numbers(10, 13)) {
		sum += n
	}
	fmt.Println(sum)
	// Output: 36
}
