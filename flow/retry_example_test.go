package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

var errBusy = errors.New("busy")

// flaky is a service that is busy the first time that it is asked for a name.
func flaky() func(context.Context, string) (string, error) {
	asked := map[string]bool{}
	return func(_ context.Context, name string) (string, error) {
		if !asked[name] {
			asked[name] = true
			return "", errBusy
		}
		return "hello " + name, nil
	}
}

func ExampleRetry() {
	var r flow.Report
	got, err := flow.Of("Ann", "Bob").
		Call(flaky()).Named("greet").OnError(flow.Retry(3, flow.Constant(time.Millisecond))).
		Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got, err)
	greet, _ := r.Stage("greet")
	fmt.Println(greet.Retried, "calls repeated,", greet.Failed, "items failed")
	// Output:
	// [hello Ann hello Bob] <nil>
	// 2 calls repeated, 0 items failed
}

func ExamplePolicy_If() {
	errUnknown := errors.New("unknown")
	calls := 0
	ask := func(context.Context, string) (string, error) {
		calls++
		return "", errUnknown
	}
	worth := func(err error) bool { return errors.Is(err, errBusy) }
	_, err := flow.Of("Eve").Call(ask).OnError(flow.Retry(3, flow.Exponential(time.Second)).If(worth)).
		Collect(context.Background())
	fmt.Println(calls, errors.Is(err, errUnknown))
	// Output: 1 true
}

func ExamplePolicy_Timeout() {
	calls := 0
	ask := func(ctx context.Context, name string) (string, error) {
		if calls++; calls == 1 {
			<-ctx.Done() // the first call gets no answer
			return "", ctx.Err()
		}
		return "hello " + name, nil
	}
	got, err := flow.Of("Ann").
		Call(ask).OnError(flow.Retry(2, flow.Constant(0)).Timeout(10 * time.Millisecond)).
		Collect(context.Background())
	fmt.Println(got, err)
	// Output: [hello Ann] <nil>
}

func ExamplePolicy_RetryPanics() {
	calls := 0
	once := func(s string) string {
		if calls++; calls == 1 {
			panic("not yet")
		}
		return strings.ToUpper(s)
	}
	got, err := flow.Of("ann").Map(once).OnError(flow.Retry(2, flow.Constant(0)).RetryPanics()).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [ANN] <nil>
}

func ExampleBackoff() {
	steady := flow.Constant(time.Second)                          // 1s, 1s, 1s...
	growing := flow.Exponential(time.Second).Cap(5 * time.Second) // 1s, 2s, 4s, 5s, 5s..., each up to half shorter
	exact := flow.Exponential(time.Second).Jitter(0)              // 1s, 2s, 4s, 8s, 16s, 30s, 30s...

	greet := flow.Empty[string]().Call(flaky())
	for _, wait := range []flow.Backoff{steady, growing, exact} {
		fmt.Println(greet.OnError(flow.Retry(5, wait)).Run(context.Background()))
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
}

func ExampleConstant() {
	got, err := flow.Of("Ann").Call(flaky()).OnError(flow.Retry(2, flow.Constant(time.Millisecond))).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [hello Ann] <nil>
}

func ExampleExponential() {
	wait := flow.Exponential(time.Millisecond).Cap(time.Minute)
	got, err := flow.Of("Ann").Call(flaky()).OnError(flow.Retry(2, wait)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [hello Ann] <nil>
}
