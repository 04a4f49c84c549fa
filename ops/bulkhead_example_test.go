package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Eight workers share two calls.
func ExampleNewBulkhead() {
	parse := ops.NewAsyncMapper(func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) }).WithWorkers(8)
	got, err := flow.Of("1", "2", "3").Then(ops.NewBulkhead(parse, 2)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [1 2 3] <nil>
}

// Two runs of the value make one call at a time.
func ExampleBulkhead() {
	calls, most := 0, 0
	query := ops.NewBulkhead(ops.NewCall(func(_ context.Context, n int) (int, error) {
		calls++ // no two at once, so no lock
		most = max(most, calls)
		defer func() { calls-- }()
		return n, nil
	}), 1)
	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() { _ = flow.Range(0, 100).Then(query).Run(context.Background()) })
	}
	runs.Wait()
	fmt.Println(most)
	// Output: 1
}

// While a call runs there is no place for another, which does not wait.
func ExampleBulkhead_WithQueue() {
	var b *ops.Bulkhead[int, int]
	b = ops.NewBulkhead(ops.NewCall(func(ctx context.Context, n int) (int, error) {
		if n > 0 {
			_, err := b.Call(ctx, n-1)
			fmt.Println(errors.Is(err, ops.ErrBulkheadFull), err)
			fmt.Printf("%+v\n", b.Stats())
		}
		return n, nil
	}), 1).WithQueue(0)
	fmt.Println(b.Call(context.Background(), 1))
	// Output:
	// true the bulkhead is full
	// {InFlight:1 Waiting:0 Rejected:1}
	// 1 <nil>
}

func ExampleBulkheadStats() {
	b := ops.NewBulkhead(ops.NewTryMapper(strconv.Atoi), 1)
	_, _ = b.Call(context.Background(), "1")
	fmt.Printf("%+v\n", b.Stats())
	// Output: {InFlight:0 Waiting:0 Rejected:0}
}
