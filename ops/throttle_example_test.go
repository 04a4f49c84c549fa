package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewThrottle() {
	ctx := context.Background()
	for v := range ops.NewThrottle[int](1000).Process(ctx, feed(1, 2, 3)) {
		fmt.Println(v)
	}
	// Output:
	// 1
	// 2
	// 3
}

// Half an item a second: the second item waits two seconds of the clock.
func ExampleThrottle() {
	ctx := context.Background()
	c := clock.NewFake()
	out := ops.NewThrottle[string](0.5, c).Process(ctx, feed("first", "second"))
	fmt.Println(<-out, "at", c.Now().Format(time.TimeOnly))
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(2 * time.Second)
	fmt.Println(<-out, "at", c.Now().Format(time.TimeOnly))
	// Output:
	// first at 00:00:00
	// second at 00:00:02
}

// The first two items pass at once.
func ExampleThrottle_WithBurst() {
	ctx := context.Background()
	c := clock.NewFake()
	limit := ops.NewThrottle[int](1, c).WithBurst(2)
	got, err := flow.Of(1, 2).Then(limit).Collect(ctx)
	fmt.Println(got, err, c.Now().Format(time.TimeOnly))
	// Output: [1 2] <nil> 00:00:00
}

func ExampleThrottle_WithName() {
	fmt.Println(ops.NewThrottle[int](10).WithName("quota").Name())
	// Output: quota
}
