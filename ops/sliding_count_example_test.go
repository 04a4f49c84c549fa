package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// The mean of each three neighbours.
func ExampleNewSlidingCount() {
	in := make(chan float64, 5)
	for _, v := range []float64{1, 2, 6, 4, 2} {
		in <- v
	}
	close(in)
	for s := range ops.NewSlidingCount[float64](3, 1).Process(context.Background(), in) {
		fmt.Println(s, (s[0]+s[1]+s[2])/3)
	}
	// Output:
	// [1 2 6] 3
	// [2 6 4] 4
	// [6 4 2] 4
}

func ExampleSlidingCount_WithPartial() {
	in := make(chan int, 6)
	for n := range 6 {
		in <- n
	}
	close(in)
	for s := range ops.NewSlidingCount[int](3, 2).WithPartial().Process(context.Background(), in) {
		fmt.Println(s)
	}
	// Output:
	// [0 1 2]
	// [2 3 4]
	// [4 5]
}
