package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

// Every half minute the items of the last minute.
func ExampleNewSlidingWindow() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 14, 40, 0, time.UTC))
	in := make(chan string)
	last := ops.NewSlidingWindow[string](time.Minute, c).WithSlide(30 * time.Second)
	windows := last.Process(ctx, in)

	in <- "a"
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(20 * time.Second)
	fmt.Println(show(<-windows))

	in <- "b"
	close(in)
	for w := range windows {
		fmt.Println(show(w))
	}
	// Output:
	// 13:14:00-13:15:00 [a]
	// 13:14:30-13:15:30 [a b]
	// 13:15:00-13:16:00 [b]
}
