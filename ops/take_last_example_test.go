package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTakeLast() {
	in := make(chan string, 4)
	in <- "1st"
	in <- "2nd"
	in <- "3rd"
	in <- "4th"
	close(in)
	for v := range ops.NewTakeLast[string](2).Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// 3rd
	// 4th
}
