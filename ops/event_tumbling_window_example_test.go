package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// printWindows runs a flow of windows and prints them.
func printWindows(f flow.Flow[ops.Window[reading]]) {
	err := f.ForEach(func(_ context.Context, w ops.Window[reading]) error {
		fmt.Println(show(w))
		return nil
	}).Run(context.Background())
	fmt.Println(err)
}

func ExampleNewEventTumblingWindow() {
	windows := ops.NewEventTumblingWindow(reading.time, 10*time.Minute)
	printWindows(flow.Of(reading{1, 20}, reading{11, 21}, reading{8, 19}).
		EventTime(reading.time, 5*time.Minute).Then(windows))
	// Output:
	// 13:00:00-13:10:00 [{1 20} {8 19}]
	// 13:10:00-13:20:00 [{11 21}]
	// <nil>
}

// A window is given when it is complete, and again with what comes for it within ten minutes
// after that.
func ExampleEventTumblingWindow_WithLateness() {
	windows := ops.NewEventTumblingWindow(reading.time, 10*time.Minute).WithLateness(10 * time.Minute)
	printWindows(flow.Of(reading{1, 20}, reading{11, 21}, reading{8, 19}, reading{25, 20}, reading{9, 19}).
		EventTime(reading.time, 0).Then(windows))
	// Output:
	// 13:00:00-13:10:00 [{1 20}]
	// 13:00:00-13:10:00 [{1 20} {8 19}]
	// 13:10:00-13:20:00 [{11 21}]
	// 13:20:00-13:30:00 [{25 20}]
	// <nil>
}

func ExampleEventTumblingWindow_WithLate() {
	windows := ops.NewEventTumblingWindow(reading.time, 10*time.Minute).
		WithLate(func(_ context.Context, r reading) error {
			fmt.Println("too late:", r)
			return nil
		})
	printWindows(flow.Of(reading{1, 20}, reading{11, 21}, reading{8, 19}).
		EventTime(reading.time, 0).Then(windows))
	// Output:
	// 13:00:00-13:10:00 [{1 20}]
	// too late: {8 19}
	// 13:10:00-13:20:00 [{11 21}]
	// <nil>
}
