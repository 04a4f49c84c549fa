package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewDelay() {
	c := clock.NewFake()
	out := ops.NewDelay[string](time.Minute, c).Process(context.Background(), feed("hello"))
	passes(c, time.Minute)
	fmt.Println(<-out, "at", c.Now().Format(time.TimeOnly))
	// Output: hello at 00:01:00
}

func ExampleDelay() {
	got, err := flow.Of("a", "b").Then(ops.NewDelay[string](time.Millisecond)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [a b] <nil>
}

// A thousand items a second for a minute need room.
func ExampleDelay_WithBufferSize() {
	later := ops.NewDelay[string](time.Minute).WithBufferSize(60_000)
	fmt.Println(later.Name())
	// Output: delay
}

func ExampleDelay_WithName() {
	fmt.Println(ops.NewDelay[int](time.Minute).WithName("a minute later").Name())
	// Output: a minute later
}
