package flow_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// The number of workers is changed while the flow runs.
func ExampleManual() {
	var now atomic.Int64
	began, go1 := make(chan int64), make(chan struct{})
	fetch := func(ctx context.Context, id int) (string, error) {
		began <- now.Add(1)
		<-go1
		now.Add(-1)
		return fmt.Sprint("page ", id), ctx.Err()
	}
	workers := flow.NewWorkers(1, 10)
	pages := flow.Range(0, 4).AsyncMap(1, fetch).Scaled(flow.Manual(workers)).Discard().Start(context.Background())
	fmt.Println("calls at once:", <-began)
	fmt.Println(workers.Set(3), workers.Count())
	fmt.Println("calls at once:", max(<-began, <-began))
	close(go1)
	<-began
	fmt.Println(workers.Set(11))
	fmt.Println(pages.Wait())
	// Output:
	// calls at once: 1
	// <nil> 3
	// calls at once: 3
	// streamz: Set: workers must be between 1 and the most that there can be, got 11
	// <nil>
}

// From 2 to 64 calls go on at once, as many as the service is worth.
func ExampleAuto() {
	price := func(ctx context.Context, item string) (string, error) { return item + ": 7", ctx.Err() }
	prices, err := flow.Of("tea", "salt", "rice").
		AsyncMap(8, price).Scaled(flow.Auto(2, 64)).Named("price").
		Collect(context.Background())
	fmt.Println(prices, err)
	// Output: [tea: 7 salt: 7 rice: 7] <nil>
}

func ExampleFlow_Scaled() {
	work := func(ctx context.Context, n int) (int, error) { return n * n, ctx.Err() }
	running := flow.Of(1, 2, 3).AsyncMap(4, work).Scaled(flow.Auto(2, 64)).Named("square").Discard().Start(context.Background())
	fmt.Println(running.Wait())
	for _, s := range running.Snapshot().Scales {
		fmt.Println(s)
	}
	// Output:
	// <nil>
	// 4 of 2 to 64 workers of square
}

func ExampleJob_Scaled() {
	var sum atomic.Int64
	add := func(ctx context.Context, n int) error { sum.Add(int64(n)); return ctx.Err() }
	err := flow.Range(0, 10).AsyncForEach(4, add).Scaled(flow.Auto(1, 8)).Run(context.Background())
	fmt.Println(sum.Load(), err)
	// Output: 45 <nil>
}

func ExampleScaleChange_String() {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	fmt.Println(flow.ScaleChange{Time: at, From: 8, To: 10, Reason: "items wait"})
	// Output: 8 to 10 at 12:00:00: items wait
}
