package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFlatten() {
	in := make(chan []string, 2)
	in <- []string{"a", "b"}
	in <- []string{"c"}
	close(in)
	for s := range ops.NewFlatten[string]().Process(context.Background(), in) {
		fmt.Println(s)
	}
	// Output:
	// a
	// b
	// c
}
