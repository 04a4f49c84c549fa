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

// Two failures open the breaker, so that the third item is not even tried.
func ExampleNewCircuitBreaker() {
	calls := 0
	down := ops.NewTryMapper(func(n int) (int, error) {
		calls++
		return 0, errors.New("no answer")
	})
	breaker := ops.NewCircuitBreaker(down).MinRequests(2).OnError(
		func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, e.Err) })
	for range breaker.Process(context.Background(), feed(1, 2, 3)) {
		fmt.Println("never")
	}
	fmt.Println(calls, "calls")
	// Output:
	// 1 no answer
	// 2 no answer
	// 3 the circuit is open
	// 2 calls
}

// When the service is back, a trial after the recovery timeout closes the breaker again.
func ExampleCircuitBreaker() {
	ctx := context.Background()
	c := clock.NewFake()
	up := false
	service := ops.NewTryMapper(func(s string) (string, error) {
		if !up {
			return "", errors.New("no answer")
		}
		return s + "!", nil
	})
	breaker := ops.NewCircuitBreaker(service, c).
		FailureThreshold(0.5).
		MinRequests(1).
		RecoveryTimeout(30 * time.Second).
		HalfOpenRequests(1)
	call := func(s string) {
		got, err := breaker.Call(ctx, s)
		fmt.Println(got, err, breaker.State())
	}
	call("a")
	up = true
	call("b")
	c.Advance(30 * time.Second)
	call("c")
	// Output:
	//  no answer open
	//  the circuit is open open
	// c! <nil> closed
}

func ExampleCircuitBreaker_OnStateChange() {
	broken := ops.NewTryMapper(func(n int) (int, error) { return 0, errors.New("no answer") })
	breaker := ops.NewCircuitBreaker(broken).MinRequests(1).
		OnStateChange(func(from, to ops.CircuitState) { fmt.Println("from", from, "to", to) }).
		OnOpen(func(s ops.CircuitStats) { fmt.Println(s.State, "after", s.Failures) })
	_, err := breaker.Call(context.Background(), 1)
	fmt.Println(err)
	// Output:
	// from closed to open
	// open after 1
	// no answer
}

// A request that was wrong says nothing against the service.
func ExampleCircuitBreaker_CountIf() {
	errBadRequest := errors.New("bad request")
	api := ops.NewTryMapper(func(n int) (int, error) { return 0, errBadRequest })
	breaker := ops.NewCircuitBreaker(api).MinRequests(1).
		CountIf(func(err error) bool { return !errors.Is(err, errBadRequest) })
	_, err := flow.Of(1, 2, 3).Then(breaker).OnError(flow.Skip()).Collect(context.Background(), flow.WithLogger(discard))
	s := breaker.Stats()
	fmt.Println(err, s.State, s.Requests, s.Rejected)
	// Output: <nil> closed 3 0
}

func ExampleCircuitState() {
	fmt.Println(ops.CircuitClosed, ops.CircuitOpen, ops.CircuitHalfOpen)
	// Output: closed open half-open
}
