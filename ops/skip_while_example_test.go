package ops_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewSkipWhile() {
	in := make(chan string, 4)
	in <- ""
	in <- ""
	in <- "a"
	in <- "b"
	close(in)
	body := ops.NewSkipWhile(func(line string) bool { return line == "" })
	for v := range body.Process(context.Background(), in) {
		fmt.Println(v)
	}
	// Output:
	// a
	// b
}
