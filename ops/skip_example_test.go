package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewSkip() {
	in := make(chan string, 3)
	in <- "header"
	in <- "row 1"
	in <- "row 2"
	close(in)
	for row := range ops.NewSkip[string](1).Process(context.Background(), in) {
		fmt.Println(row)
	}
	// Output:
	// row 1
	// row 2
}
