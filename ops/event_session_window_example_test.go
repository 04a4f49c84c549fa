package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// A visit of a user ends ten minutes after the last click, by the times of the clicks: that at
// minute 7 comes late, and makes one visit of what would have been two.
func ExampleNewEventSessionWindow() {
	type click struct {
		user   string
		minute int
	}
	at := func(c click) time.Time { return time.Date(2024, 5, 15, 13, c.minute, 0, 0, time.UTC) }
	visits := ops.NewEventSessionWindow(func(c click) string { return c.user }, at, 10*time.Minute)
	err := flow.Of(click{"ann", 1}, click{"bob", 2}, click{"ann", 14}, click{"ann", 7}, click{"bob", 40}).
		EventTime(at, 10*time.Minute).Then(visits).
		ForEach(func(_ context.Context, w ops.Window[click]) error {
			fmt.Println(show(w))
			return nil
		}).Run(context.Background())
	fmt.Println(err)
	// Output:
	// 13:02:00-13:12:00 [{bob 2}]
	// 13:01:00-13:24:00 [{ann 1} {ann 14} {ann 7}]
	// 13:40:00-13:50:00 [{bob 40}]
	// <nil>
}
