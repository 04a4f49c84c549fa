package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewTimestamp() {
	c := clock.NewFakeAt(time.Date(2001, time.February, 3, 12, 0, 0, 0, time.UTC))
	in := make(chan string)
	out := ops.NewTimestamp[string](c).Process(context.Background(), in)
	for _, s := range []string{"a", "b"} {
		in <- s
		v := <-out
		fmt.Println(v.Time.Format(time.TimeOnly), v.Item)
		c.Advance(time.Minute)
	}
	close(in)
	// Output:
	// 12:00:00 a
	// 12:01:00 b
}

func ExampleTimestamped() {
	v := ops.Timestamped[string]{Time: time.Unix(0, 0).UTC(), Item: "a"}
	fmt.Println(v.Time.Format(time.DateOnly), v.Item)
	// Output: 1970-01-01 a
}
