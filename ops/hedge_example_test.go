package ops_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// The first call for each item never answers, so a second one is made beside it.
func ExampleNewHedge() {
	var calls atomic.Int64
	parse := ops.NewCall(func(ctx context.Context, s string) (int, error) {
		if calls.Add(1)%2 == 1 {
			<-ctx.Done() // when the other call has answered
			return 0, ctx.Err()
		}
		return strconv.Atoi(s)
	})
	got, err := flow.Of("1", "2").Then(ops.NewHedge(parse, time.Millisecond)).Collect(context.Background())
	fmt.Println(got, err, calls.Load())
	// Output: [1 2] <nil> 4
}

// A quick call has no company.
func ExampleHedge() {
	h := ops.NewHedge(ops.NewTryMapper(strconv.Atoi), time.Minute)
	fmt.Println(h.Call(context.Background(), "7"))
	fmt.Println(h.Stats().Hedged)
	// Output:
	// 7 <nil>
	// 0
}

func ExampleHedgeStats() {
	var calls atomic.Int64
	h := ops.NewHedge(ops.NewCall(func(ctx context.Context, n int) (int, error) {
		if calls.Add(1) < 3 {
			<-ctx.Done()
		}
		return n, ctx.Err()
	}), time.Millisecond).WithMaxHedges(2)
	fmt.Println(h.Call(context.Background(), 7))
	fmt.Printf("%+v\n", h.Stats())
	// Output:
	// 7 <nil>
	// {Hedged:2 Won:1}
}
