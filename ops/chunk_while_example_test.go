package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

// Page numbers, as ranges.
func ExampleNewChunkWhile() {
	in := make(chan int, 6)
	for _, page := range []int{1, 2, 3, 7, 9, 10} {
		in <- page
	}
	close(in)
	ranges := ops.NewChunkWhile(func(prev, next int) bool { return next == prev+1 })
	for pages := range ranges.Process(context.Background(), in) {
		fmt.Println(pages[0], "to", pages[len(pages)-1])
	}
	// Output:
	// 1 to 3
	// 7 to 7
	// 9 to 10
}

func ExampleChunkWhile_WithMaxSize() {
	in := make(chan int, 5)
	for n := range 5 {
		in <- n
	}
	close(in)
	small := ops.NewChunkWhile(func(prev, next int) bool { return next > prev }).WithMaxSize(2)
	for chunk := range small.Process(context.Background(), in) {
		fmt.Println(chunk)
	}
	// Output:
	// [0 1]
	// [2 3]
	// [4]
}
