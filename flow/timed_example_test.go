package flow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
)

func ExampleTick() {
	ticks, err := flow.Tick(time.Millisecond).Take(3).Collect(context.Background())
	fmt.Println(ticks[2].Sub(ticks[0]) >= 2*time.Millisecond, err) // later if the machine is busy
	// Output: true <nil>
}

// A queue that is empty after two more looks.
func ExamplePoll() {
	jobs := []string{"build", "test"}
	next := func(context.Context) (string, error) {
		if len(jobs) == 0 {
			return "", flow.ErrStop
		}
		job := jobs[0]
		jobs = jobs[1:]
		return job, nil
	}
	got, err := flow.Poll(time.Millisecond, next).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [build test] <nil>
}
