package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewEnumerate() {
	in := make(chan string, 2)
	in <- "a"
	in <- "b"
	close(in)
	for v := range ops.NewEnumerate[string]().Process(context.Background(), in) {
		fmt.Println(v.Index, v.Item)
	}
	// Output:
	// 0 a
	// 1 b
}

func ExampleIndexed() {
	v := ops.Indexed[string]{Index: 7, Item: "h"}
	fmt.Println(v.Index, v.Item)
	// Output: 7 h
}
