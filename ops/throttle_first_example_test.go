package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewThrottleFirst() {
	ctx := context.Background()
	for v := range ops.NewThrottleFirst[string](time.Minute).Process(ctx, feed("a", "b", "c")) {
		fmt.Println(v)
	}
	// Output: a
}

// What comes within the minute is dropped, and counted.
func ExampleThrottleFirst() {
	var r flow.Report
	got, err := flow.Of("a", "b", "c").Then(ops.NewThrottleFirst[string](time.Minute)).Collect(context.Background(), flow.WithReport(&r))
	s, _ := r.Stage("throttle-first")
	fmt.Println(got, err, s.Dropped, "dropped")
	// Output: [a] <nil> 2 dropped
}

func ExampleThrottleFirst_WithName() {
	fmt.Println(ops.NewThrottleFirst[int](time.Second).WithName("clicks").Name())
	// Output: clicks
}
