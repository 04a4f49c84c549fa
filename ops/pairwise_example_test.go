package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewPairwise() {
	in := make(chan int, 3)
	in <- 10
	in <- 13
	in <- 12
	close(in)
	for p := range ops.NewPairwise[int]().Process(context.Background(), in) {
		fmt.Printf("%d -> %d: %+d\n", p.A, p.B, p.B-p.A)
	}
	// Output:
	// 10 -> 13: +3
	// 13 -> 12: -1
}

func ExamplePair() {
	p := ops.Pair[string, int]{A: "a", B: 1}
	fmt.Println(p.A, p.B)
	// Output: a 1
}
