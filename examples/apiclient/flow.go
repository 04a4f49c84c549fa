package main

import (
	"context"

	"github.com/go-streamz/streamz/flow"
)

// pipeline is the flow: requests for the items from 1 to count, at a rate, through the guarded
// calls. The answers go one way, and what has failed for good the other.
func pipeline(c *client, count int, rate float64, into *results) flow.Job {
	failures := flow.DeadLetters(func(_ context.Context, l flow.Letter[int]) error {
		into.fail(l.Item, l.Err)
		return nil
	})
	return flow.Range(1, count+1).Named("requests").
		Throttle(rate).
		Then(c.guarded()).Named("call").OnError(failures).
		ForEach(into.succeed).Named("answers")
}
