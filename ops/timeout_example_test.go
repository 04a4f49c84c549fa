package ops_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// silent is a source that gives nothing.
func silent(ctx context.Context, _ func(string) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// passes makes a fake clock go on when somebody waits for it.
func passes(c *clock.Fake, d time.Duration) {
	go func() {
		_ = c.BlockUntil(context.Background(), 1)
		c.Advance(d)
	}()
}

func ExampleNewTimeout() {
	c := clock.NewFake()
	passes(c, 5*time.Second)
	err := flow.FromFunc(silent).Then(ops.NewTimeout[string](5*time.Second, c)).Named("feed").Run(context.Background())
	fmt.Println(errors.Is(err, ops.ErrTimeout))
	// Output: true
}

func ExampleTimeout() {
	got, err := flow.Of("a", "b").Then(ops.NewTimeout[string](time.Minute)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [a b] <nil>
}

func ExampleTimeout_WithInitial() {
	c := clock.NewFake()
	passes(c, time.Minute)
	limit := ops.NewTimeout[string](time.Second, c).WithInitial(time.Minute)
	err := flow.FromFunc(silent).Then(limit).Run(context.Background())
	if e, ok := errors.AsType[*ops.TimeoutError](err); ok {
		fmt.Println(e)
	}
	// Output: no first item came within 1m0s
}

func ExampleTimeout_WithCompletion() {
	c := clock.NewFake()
	passes(c, time.Hour)
	err := flow.FromFunc(silent).Then(ops.NewTimeout[string](0, c).WithCompletion(time.Hour)).Run(context.Background())
	if e, ok := errors.AsType[*ops.TimeoutError](err); ok {
		fmt.Println(e)
	}
	// Output: the input did not end within 1h0m0s
}

// Nobody takes the item.
func ExampleTimeout_WithBackpressure() {
	c := clock.NewFake()
	failed := make(chan error, 1)
	ctx := ops.WithSupervisor(context.Background(), supervisor(func(err error) { failed <- err }))
	passes(c, time.Second)
	ops.NewTimeout[int](0, c).WithBackpressure(time.Second).Process(ctx, feed(1))
	fmt.Println(<-failed)
	// Output: timeout: an item was not taken within 1s
}

// supervisor hears of what ends a processor.
type supervisor func(error)

func (s supervisor) Failed(err error)                               { s(err) }
func (s supervisor) ItemFailed(_ context.Context, e *ops.ItemError) { s(e) }

func ExampleTimeout_WithFallback() {
	c := clock.NewFake()
	passes(c, time.Second)
	limit := ops.NewTimeout[string](time.Second, c).WithFallback("nothing new")
	fmt.Println(flow.FromFunc(silent).Then(limit).Collect(context.Background()))
	// Output: [nothing new] <nil>
}

func ExampleTimeout_WithName() {
	fmt.Println(ops.NewTimeout[int](time.Second).WithName("quick").Name())
	// Output: quick
}

func ExampleTimeoutError() {
	var err error = &ops.TimeoutError{Kind: ops.TimeoutIdle, After: time.Minute}
	fmt.Println(err, errors.Is(err, ops.ErrTimeout))
	// Output: no item came for 1m0s true
}
