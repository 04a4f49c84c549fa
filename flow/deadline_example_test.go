package flow_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
)

func ExampleDeadlineError() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := flow.Of("a", "b").
		Call(func(ctx context.Context, page string) (int, error) {
			<-ctx.Done() // a server that does not answer
			return 0, fmt.Errorf("get %s: %w", page, ctx.Err())
		}).Named("fetch").
		Run(ctx)
	late, ok := errors.AsType[*flow.DeadlineError](err)
	fmt.Println(ok, errors.Is(err, context.DeadlineExceeded))
	for _, work := range late.Working {
		fmt.Println(work.Name, work.State+":", work.Err)
	}
	for _, left := range late.InFlight {
		fmt.Println(left)
	}
	// Output:
	// true true
	// fetch working: get a: context deadline exceeded
	// 1 in fetch
}

func ExampleWork() {
	work := flow.Work{Name: "fetch", Op: "AsyncMap", State: "working", Calls: 20}
	fmt.Println(work)
	// Output: fetch (AsyncMap), 20 calls
}
