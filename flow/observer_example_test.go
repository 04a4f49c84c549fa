package flow_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/flow"
)

func ExampleWithObserver() {
	hear := flow.ObserverFunc(func(e flow.Event) {
		switch e := e.(type) {
		case flow.RunStarted:
			fmt.Println("started", e.Run.Name())
		case flow.ItemFailed:
			fmt.Println(e.Err.Stage, "failed for", e.Err.Item, "->", e.Action)
		case flow.RunEnded:
			fmt.Println("ended with", e.Report.Cause)
		}
	})
	err := flow.Of("1", "x").TryMap(strconv.Atoi).Named("parse").OnError(flow.Skip()).
		Run(context.Background(), flow.WithName("numbers"), flow.WithObserver(hear), silent)
	fmt.Println(err)
	// Output:
	// started numbers
	// parse failed for x -> skip
	// ended with <nil>
	// <nil>
}

// slowest is an observer that has every second call timed.
type slowest struct{ took map[string]time.Duration }

func (s slowest) Every() int { return 2 }

func (s slowest) Observe(e flow.Event) {
	if e, ok := e.(flow.CallTimed); ok {
		s.took[e.Stage.Name] = max(s.took[e.Stage.Name], e.Took)
	}
}

func ExampleSampler() {
	watch := slowest{map[string]time.Duration{}}
	err := flow.Range(0, 10).Tap(func(int) { time.Sleep(time.Microsecond) }).Named("sleep").
		Run(context.Background(), flow.WithObserver(watch))
	fmt.Println(watch.took["sleep"] >= time.Microsecond, err)
	// Output: true <nil>
}

func ExampleObserver_thatPanics() {
	var none map[string]int
	hear := flow.ObserverFunc(func(e flow.Event) {
		if e, ok := e.(flow.ItemFailed); ok {
			none[e.Err.Stage]++
		}
	})
	var r flow.Report
	got, err := parse().OnError(flow.Skip()).Collect(context.Background(), flow.WithObserver(hear), flow.WithReport(&r), silent)
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1]
	// returned: observer (flow.ObserverFunc): panic: assignment to entry in nil map
	// items: 2 out
	// parse: 2 in, 1 passed, 1 out, 1 failed
	// collect: 1 in, 1 passed
}
