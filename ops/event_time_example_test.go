package ops_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// reading is what a sensor measured at a minute past one o'clock.
type reading struct {
	minute int
	value  float64
}

func (r reading) time() time.Time {
	return time.Date(2024, 5, 15, 13, r.minute, 0, 0, time.UTC)
}

// No reading comes more than five minutes late: when one of 13:15 has come, the window up to
// 13:10 is complete.
func ExampleNewEventTime() {
	err := flow.Of(reading{1, 20}, reading{11, 21}, reading{8, 19}, reading{15, 22}, reading{16, 22}).
		Then(ops.NewEventTime(reading.time, 5*time.Minute)).
		EventTumblingWindow(reading.time, 10*time.Minute).
		ForEach(func(_ context.Context, w ops.Window[reading]) error {
			fmt.Println(show(w))
			return nil
		}).Run(context.Background())
	fmt.Println(err)
	// Output:
	// 13:00:00-13:10:00 [{1 20} {8 19}]
	// 13:10:00-13:20:00 [{11 21} {15 22} {16 22}]
	// <nil>
}

// A day of history makes few watermarks: one for each hour.
func ExampleEventTime_WithEvery() {
	hourly := ops.NewEventTime(reading.time, time.Minute).WithEvery(time.Hour)
	n, err := flow.Of(reading{1, 20}, reading{11, 21}).Then(hourly).Count(context.Background())
	fmt.Println(n, err)
	// Output: 2 <nil>
}

// The second sensor has nothing to say. After a minute the windows of both no longer wait for
// it.
func ExampleEventTime_WithIdleTimeout() {
	ctx := context.Background()
	c := clock.NewFake()
	one, two := make(chan reading), make(chan reading)
	timed := func(in <-chan reading) flow.Flow[reading] {
		return flow.FromChan(in).Then(ops.NewEventTime(reading.time, 0).WithIdleTimeout(time.Minute))
	}
	windows, ended := flow.Merge(timed(one), timed(two)).
		EventTumblingWindow(reading.time, 10*time.Minute).
		Chan(clock.With(ctx, c))

	if err := c.BlockUntil(ctx, 2); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Minute)
	one <- reading{1, 20}
	one <- reading{12, 21}
	fmt.Println(show(<-windows))
	close(one)
	close(two)
	for w := range windows {
		fmt.Println(show(w))
	}
	fmt.Println(ended())
	// Output:
	// 13:00:00-13:10:00 [{1 20}]
	// 13:10:00-13:20:00 [{12 21}]
	// <nil>
}

// Windows of ten minutes go into windows of an hour: what time a window is of, its Last says.
func ExampleWindow_Last() {
	sum := func(w ops.Window[ops.Window[reading]]) string {
		return w.End.Format(time.TimeOnly) + " " + strconv.Itoa(len(w.Items)) + " windows"
	}
	got, err := flow.Of(reading{1, 20}, reading{11, 21}, reading{59, 19}).
		EventTime(reading.time, time.Minute).
		EventTumblingWindow(reading.time, 10*time.Minute).
		EventTumblingWindow(ops.Window[reading].Last, time.Hour).
		Map(sum).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [14:00:00 3 windows] <nil>
}
