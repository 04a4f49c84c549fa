package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTryMapper() {
	in := make(chan string, 2)
	in <- "1"
	in <- "2"
	close(in)
	for n := range ops.NewTryMapper(strconv.Atoi).Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
}

// The handler runs on the processor's goroutine, so it needs no lock of its own.
func ExampleTryMapper_OnError() {
	in := make(chan string, 3)
	in <- "1"
	in <- "two"
	in <- "3"
	close(in)
	failed := 0
	parse := ops.NewTryMapper(strconv.Atoi).OnError(func(context.Context, *ops.ItemError) { failed++ })
	for n := range parse.Process(context.Background(), in) {
		fmt.Println(n)
	}
	fmt.Println("failed:", failed)
	// Output:
	// 1
	// 3
	// failed: 1
}

func ExampleItemError() {
	in := make(chan string, 1)
	in <- "two"
	close(in)
	parse := ops.NewTryMapper(strconv.Atoi).WithName("parse").OnError(func(_ context.Context, e *ops.ItemError) {
		fmt.Println(e)
		fmt.Println("item:", e.Item)
		fmt.Println("syntax:", errors.Is(e, strconv.ErrSyntax))
	})
	for range parse.Process(context.Background(), in) {
		continue
	}
	// Output:
	// parse: strconv.Atoi: parsing "two": invalid syntax
	// item: two
	// syntax: true
}
