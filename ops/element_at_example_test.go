package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewElementAt() {
	in := make(chan string, 3)
	in <- "gold"
	in <- "silver"
	in <- "bronze"
	close(in)
	for v := range ops.NewElementAt[string](1).Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// silver
}
