package ops_test

import (
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Each ten minutes what was measured in the last twenty.
func ExampleNewEventSlidingWindow() {
	windows := ops.NewEventSlidingWindow(reading.time, 20*time.Minute, 10*time.Minute)
	printWindows(flow.Of(reading{1, 20}, reading{11, 21}, reading{8, 19}).
		EventTime(reading.time, 5*time.Minute).Then(windows))
	// Output:
	// 12:50:00-13:10:00 [{1 20} {8 19}]
	// 13:00:00-13:20:00 [{1 20} {11 21} {8 19}]
	// 13:10:00-13:30:00 [{11 21}]
	// <nil>
}
