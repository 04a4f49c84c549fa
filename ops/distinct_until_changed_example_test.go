package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewDistinctUntilChanged() {
	in := make(chan string, 4)
	in <- "up"
	in <- "up"
	in <- "down"
	in <- "up"
	close(in)
	changes := ops.NewDistinctUntilChanged(func(state string) string { return state })
	for v := range changes.Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// up
	// down
	// up
}
