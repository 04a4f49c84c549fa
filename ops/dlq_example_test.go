package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/ops"
)

// parsed is a result that carries its own error.
type parsed struct {
	text string
	n    int
	err  error
}

func parse(text string) parsed {
	n, err := strconv.Atoi(text)
	return parsed{text, n, err}
}

func ExampleNewDLQ() {
	ctx := context.Background()
	failed := ops.NewDLQ(func(p parsed) bool { return p.err != nil }).
		WithCause(func(p parsed) error { return p.err })
	for p := range failed.Process(ctx, ops.NewMapper(parse).Process(ctx, feed("1", "x", "3"))) {
		fmt.Println(p.n)
	}
	for l := range failed.Letters() {
		fmt.Println(l.Item.text, errors.Is(l.Err, strconv.ErrSyntax))
	}
	// Output:
	// 1
	// 3
	// x true
}
