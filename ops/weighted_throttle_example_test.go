package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func length(s string) int64 { return int64(len(s)) }

// At four bytes a second, the second word waits until the first one is paid for.
func ExampleNewWeightedThrottle() {
	ctx := context.Background()
	c := clock.NewFake()
	out := ops.NewWeightedThrottle(4, length, c).Process(ctx, feed("streaming", "data"))
	fmt.Println(<-out, "at", c.Now().Format("05.00"))
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(2250 * time.Millisecond)
	fmt.Println(<-out, "at", c.Now().Format("05.00"))
	// Output:
	// streaming at 00.00
	// data at 02.25
}

func ExampleWeightedThrottle() {
	got, err := flow.Of("a", "bb").Then(ops.NewWeightedThrottle(1e6, length)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [a bb] <nil>
}

// Words of eight letters together pass at once.
func ExampleWeightedThrottle_WithBurst() {
	c := clock.NewFake()
	limit := ops.NewWeightedThrottle(1, length, c).WithBurst(8)
	got, err := flow.Of("four", "five").Then(limit).Collect(context.Background())
	fmt.Println(got, err, c.Now().Format(time.TimeOnly))
	// Output: [four five] <nil> 00:00:00
}

func ExampleWeightedThrottle_WithName() {
	fmt.Println(ops.NewWeightedThrottle(1e6, length).WithName("bandwidth").Name())
	// Output: bandwidth
}

func ExampleWeightedThrottle_OnError() {
	limit := ops.NewWeightedThrottle(1e6, func(n int) int64 { return int64(n) }).OnError(func(_ context.Context, e *ops.ItemError) {
		fmt.Println(e)
	})
	for v := range limit.Process(context.Background(), feed(-1, 1)) {
		fmt.Println(v)
	}
	// Output:
	// weighted-throttle: the weight must not be negative, got -1
	// 1
}
