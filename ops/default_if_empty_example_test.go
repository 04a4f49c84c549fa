package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewDefaultIfEmpty() {
	in := make(chan string, 1)
	close(in)
	for v := range ops.NewDefaultIfEmpty("nothing found").Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// nothing found
}
