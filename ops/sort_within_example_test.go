package ops_test

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewSortWithin() {
	ctx := context.Background()
	for v := range ops.NewSortWithin(2, cmp.Compare[int]).Process(ctx, feed(3, 1, 2, 6, 5, 4)) {
		fmt.Print(v, " ")
	}
	// Output: 1 2 3 4 5 6
}

// Events that came by different ways are put in the order of their times.
func ExampleSortWithin() {
	type event struct {
		at   time.Duration
		what string
	}
	byTime := func(a, b event) int { return cmp.Compare(a.at, b.at) }
	events := flow.Of(event{2, "open"}, event{1, "connect"}, event{4, "close"}, event{3, "send"})
	got, err := events.Then(ops.NewSortWithin(3, byTime)).Map(func(e event) string { return e.what }).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [connect open send close] <nil>
}

func ExampleSortWithin_WithName() {
	fmt.Println(ops.NewSortWithin(2, cmp.Compare[int]).WithName("in order").Name())
	// Output: in order
}
