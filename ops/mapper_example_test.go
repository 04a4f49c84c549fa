package ops_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewMapper() {
	in := make(chan string)
	go func() {
		defer close(in)
		in <- "a"
		in <- "b"
	}()
	for s := range ops.NewMapper(strings.ToUpper).Process(context.Background(), in) {
		fmt.Println(s)
	}
	// Output:
	// A
	// B
}

// A processor is a value: it is configured once and used for many streams.
func ExampleMapper() {
	upper := ops.NewMapper(strings.ToUpper).WithName("upper")
	for _, word := range []string{"first", "second"} {
		in := make(chan string, 1)
		in <- word
		close(in)
		fmt.Println(upper.Name(), <-upper.Process(context.Background(), in))
	}
	// Output:
	// upper FIRST
	// upper SECOND
}
