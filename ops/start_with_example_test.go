package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewStartWith() {
	in := make(chan string, 2)
	in <- "ada,36"
	in <- "bob,40"
	close(in)
	for v := range ops.NewStartWith("name,age").Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// name,age
	// ada,36
	// bob,40
}
