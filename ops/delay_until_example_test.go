package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

type reminder struct {
	at   time.Time
	text string
}

func due(r reminder) time.Time { return r.at }

func ExampleNewDelayUntil() {
	c := clock.NewFake()
	in := feed(reminder{c.Now().Add(time.Hour), "tea"})
	out := ops.NewDelayUntil(due, c).Process(context.Background(), in)
	passes(c, time.Hour)
	fmt.Println((<-out).text, "at", c.Now().Format(time.TimeOnly))
	// Output: tea at 01:00:00
}

// What is late already goes at once.
func ExampleDelayUntil() {
	got, err := flow.Of(reminder{text: "too late"}).Then(ops.NewDelayUntil(due)).Collect(context.Background())
	fmt.Println(got[0].text, err)
	// Output: too late <nil>
}

func ExampleDelayUntil_WithBufferSize() {
	fmt.Println(ops.NewDelayUntil(due).WithBufferSize(10).Name())
	// Output: delay-until
}

func ExampleDelayUntil_WithName() {
	fmt.Println(ops.NewDelayUntil(due).WithName("reminders").Name())
	// Output: reminders
}
