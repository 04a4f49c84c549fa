package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Nobody reads while the numbers come: their sum is lost to nobody.
func ExampleNewConflate() {
	in := make(chan int)
	out := ops.NewConflate(func(sum, n int) int { return sum + n }).Process(context.Background(), in)
	for n := range 10 {
		in <- n
	}
	close(in)
	sum := 0
	for n := range out {
		sum += n
	}
	fmt.Println(sum)
	// Output: 45
}

func ExampleConflate_WithName() {
	fmt.Println(ops.NewConflate(func(_, next int) int { return next }).WithName("latest").Name())
	// Output: latest
}
