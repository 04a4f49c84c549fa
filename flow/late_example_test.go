package flow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Most visits are counted by the hour, and those that are reported too late for that one by one.
func ExampleSplitLate() {
	at := func(minute int) time.Time {
		return time.Date(2024, 5, 15, 13, minute, 0, 0, time.UTC)
	}
	visits := flow.Of(1, 40, 62, 50, 125, 3).EventTime(at, 10*time.Minute)
	lines, err := flow.SplitLate(visits, ops.NewEventTumblingWindow(at, time.Hour),
		func(hours flow.Flow[flow.Window[int]]) flow.Flow[string] {
			return hours.Map(func(w flow.Window[int]) string {
				return fmt.Sprint(len(w.Items), " until ", w.End.Format(time.Kitchen))
			})
		},
		func(late flow.Flow[int]) flow.Flow[string] {
			return late.Map(func(minute int) string { return "late: " + at(minute).Format(time.Kitchen) })
		},
	).Collect(context.Background())
	for _, line := range lines {
		fmt.Println(line)
	}
	fmt.Println(err)
	// Output:
	// 3 until 2:00PM
	// late: 1:03PM
	// 1 until 3:00PM
	// 1 until 4:00PM
	// <nil>
}
