package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// The second call for each item succeeds.
func ExampleNewRetry() {
	calls := 0
	flaky := ops.NewTryMapper(func(s string) (int, error) {
		if calls++; calls%2 == 1 {
			return 0, errors.New("try again")
		}
		return strconv.Atoi(s)
	})
	retry := ops.NewRetry(flaky, 3).WithBackoff(time.Millisecond, 2)
	got, err := flow.Of("1", "2").Then(retry).Collect(context.Background())
	fmt.Println(got, err, calls)
	// Output: [1 2] <nil> 4
}

// What is too long is given up, and handed to the handler with the number of calls.
func ExampleRetry() {
	slow := ops.NewAsyncMapper(func(ctx context.Context, s string) (string, error) {
		<-ctx.Done() // it never answers
		return "", ctx.Err()
	}).WithWorkers(4)
	retry := ops.NewRetry(slow, 2).WithBackoff(0, 1).WithTimeout(time.Millisecond).OnError(
		func(_ context.Context, e *ops.ItemError) { fmt.Println(e.Item, e.Attempts, e.Err) })
	for range retry.Process(context.Background(), feed("a")) {
		fmt.Println("never")
	}
	// Output: a 2 no result within 1ms: context deadline exceeded
}

// Text that is no number will not become one.
func ExampleRetry_RetryIf() {
	calls := 0
	parse := ops.NewTryMapper(func(s string) (int, error) {
		calls++
		return strconv.Atoi(s)
	})
	retry := ops.NewRetry(parse, 5).RetryIf(func(err error, attempt int) bool { return !errors.Is(err, strconv.ErrSyntax) })
	_, err := retry.Call(context.Background(), "x")
	fmt.Println(err, calls)
	// Output: strconv.Atoi: parsing "x": invalid syntax 1
}

// What is stored of a batch is not stored again.
func ExampleRetry_WithNext() {
	type partial struct {
		error
		done int
	}
	store := ops.NewTryMapper(func(batch []string) (string, error) {
		fmt.Println("store", batch)
		if len(batch) > 1 {
			return "", partial{errors.New("busy"), 1}
		}
		return "stored", nil
	})
	retry := ops.NewRetry(store, 5).WithBackoff(0, 1).WithNext(func(batch []string, attempt int, err error) []string {
		if p, ok := errors.AsType[partial](err); ok {
			return batch[p.done:]
		}
		return batch
	})
	fmt.Println(retry.Call(context.Background(), []string{"a", "b", "c"}))
	// Output:
	// store [a b c]
	// store [b c]
	// store [c]
	// stored <nil>
}

func ExampleRetry_FailWhen() {
	type response struct{ Status int }
	status := 502
	get := ops.NewMapper(func(url string) response {
		status -= 151
		return response{status}
	})
	retry := ops.NewRetry(get, 3).WithBackoff(0, 1).FailWhen(func(r response) error {
		if r.Status != 200 {
			return fmt.Errorf("status %d", r.Status)
		}
		return nil
	}).OnRetry(func(url string, attempt int, err error) { fmt.Println(url, attempt, err) })
	fmt.Println(retry.Call(context.Background(), "/"))
	// Output:
	// / 1 status 351
	// {200} <nil>
}

// An error that is marked as permanent is not tried again.
func ExamplePermanent() {
	calls := 0
	p := ops.NewTryMapper(func(int) (int, error) {
		calls++
		return 0, ops.Permanent(errors.New("no such account"))
	})
	_, err := ops.NewRetry(p, 5).Call(context.Background(), 7)
	fmt.Println(err, calls)
	// Output: no such account 1
}

// A processor can do for one item what it does for each of a stream.
func ExampleCaller() {
	var c ops.Caller[int, int] = ops.NewFilter(func(n int) bool { return n > 0 })
	for _, n := range []int{1, -1} {
		got, err := c.Call(context.Background(), n)
		fmt.Println(got, errors.Is(err, ops.ErrFiltered))
	}
	// Output:
	// 1 false
	// 0 true
}
