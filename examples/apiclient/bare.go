package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/ops"
)

// failure is an item that has failed for good.
type failure struct {
	item int
	err  error
}

// bare does the same over channels: the answers come from one, the failures from another. Both
// are closed when all requests have been answered, or the context has ended; until then
// somebody has to receive from both.
func bare(ctx context.Context, c *client, rate float64, requests <-chan int) (<-chan answer, <-chan failure) {
	failures := make(chan failure)
	limited := ops.NewThrottle[int](rate).Process(ctx, requests)
	answers := c.guarded().OnError(func(ctx context.Context, e *ops.ItemError) {
		select {
		case failures <- failure{e.Item.(int), e.Err}:
		case <-ctx.Done():
		}
	}).Process(ctx, limited)

	successes := make(chan answer)
	go func() {
		defer close(failures) // nobody sends any more when answers is closed
		defer close(successes)
		for a := range answers { // until it is closed, also after the end of the context
			select {
			case successes <- a:
			case <-ctx.Done():
			}
		}
	}()
	return successes, failures
}

// runBare sends the requests to bare, and takes what comes of them.
func runBare(ctx context.Context, c *client, count int, rate float64, into *results) error {
	requests := make(chan int)
	successes, failures := bare(ctx, c, rate, requests)
	var group errgroup.Group
	group.Go(func() error {
		defer close(requests)
		for item := range count {
			select {
			case requests <- item + 1:
			case <-ctx.Done():
				return nil // the cause is returned below
			}
		}
		return nil
	})
	group.Go(func() error {
		for f := range failures {
			into.fail(f.item, f.err)
		}
		return nil
	})
	var err error
	for a := range successes {
		err = errors.Join(err, into.succeed(ctx, a))
	}
	return errors.Join(err, group.Wait(), context.Cause(ctx))
}
