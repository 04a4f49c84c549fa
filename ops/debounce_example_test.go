package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewDebounce() {
	ctx := context.Background()
	c := clock.NewFake()
	in := make(chan string)
	out := ops.NewDebounce[string](time.Second, c).Process(ctx, in)
	in <- "a"
	if err := c.BlockUntil(ctx, 1); err != nil { // until it waits for a rest
		fmt.Println(err)
	}
	c.Advance(time.Second)
	fmt.Println(<-out)
	close(in)
	// Output: a
}

// The items of a burst but the last are dropped, and counted.
func ExampleDebounce() {
	var r flow.Report
	got, err := flow.Of("a", "b", "c").Then(ops.NewDebounce[string](time.Second)).Collect(context.Background(), flow.WithReport(&r))
	s, _ := r.Stage("debounce")
	fmt.Println(got, err, s.Dropped, "dropped")
	// Output: [c] <nil> 2 dropped
}

// Keys that are pressed without a rest are searched for once a second.
func ExampleDebounce_WithMaxWait() {
	search := ops.NewDebounce[string](200 * time.Millisecond).WithMaxWait(time.Second)
	got, err := flow.Of("s", "st", "str").Then(search).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [str] <nil>
}

func ExampleDebounce_WithName() {
	fmt.Println(ops.NewDebounce[int](time.Second).WithName("search").Name())
	// Output: search
}
