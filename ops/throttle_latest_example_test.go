package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewThrottleLatest() {
	ctx := context.Background()
	c := clock.NewFake()
	in := make(chan string)
	out := ops.NewThrottleLatest[string](time.Minute, c).Process(ctx, in)
	in <- "a"
	if err := c.BlockUntil(ctx, 1); err != nil { // until it waits for its time
		fmt.Println(err)
	}
	c.Advance(time.Minute)
	fmt.Println(<-out)
	close(in)
	// Output: a
}

// At the end what is held is emitted at once.
func ExampleThrottleLatest() {
	got, err := flow.Of("a", "b", "c").Then(ops.NewThrottleLatest[string](time.Minute)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [c] <nil>
}

func ExampleThrottleLatest_WithName() {
	fmt.Println(ops.NewThrottleLatest[int](time.Second).WithName("prices").Name())
	// Output: prices
}
