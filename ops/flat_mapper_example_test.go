package ops_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewFlatMapper() {
	in := make(chan string, 2)
	in <- "to be"
	in <- "or not"
	close(in)
	for word := range ops.NewFlatMapper(strings.FieldsSeq).Process(context.Background(), in) {
		fmt.Println(word)
	}
	// Output:
	// to
	// be
	// or
	// not
}
