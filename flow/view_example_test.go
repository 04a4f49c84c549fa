package flow_test

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/flow"
)

func ExampleJob_Plan() {
	plan, err := flow.Range(0, 10).
		Map(func(n int) int { return n + 1 }).Named("next").Async(4).
		Filter(func(n int) bool { return n > 3 }).OnError(flow.Skip()).
		Discard().Plan()
	for _, s := range plan.Stages {
		fmt.Printf("%s on goroutine %d, policy %q\n", s.Name, s.Segment, s.Policy)
	}
	for _, e := range plan.Edges {
		if e.Capacity > 0 {
			fmt.Println("queue of", e.Capacity, "from", e.From, "to", e.To)
		}
	}
	fmt.Println(plan.Segments, "goroutines", err)
	// Output:
	// range on goroutine 0, policy ""
	// next on goroutine 0, policy ""
	// filter on goroutine 1, policy "Skip"
	// discard on goroutine 1, policy ""
	// queue of 4 from next to filter
	// 2 goroutines <nil>
}

func ExampleView() {
	events := make(chan string)
	running := flow.FromChan(events).Discard().Start(context.Background(), flow.WithName("orders"))
	fmt.Println(running.Name(), running.Phase(), len(running.Plan().Stages), "stages")
	close(events)
	fmt.Println(running.Wait(), running.Phase())
	// Output:
	// orders active 2 stages
	// <nil> ended
}

func ExampleSnapshot() {
	busy, release := make(chan int), make(chan struct{})
	running := flow.Range(0, 100).Filter(func(n int) bool { return n%2 == 1 }).Named("odd").
		ForEach(func(_ context.Context, n int) error {
			if n == 99 {
				busy <- n
				<-release
			}
			return nil
		}).Named("store").Start(context.Background())
	<-busy
	now := running.Snapshot()
	odd, ok := now.Stage("odd")
	fmt.Println(ok, odd.In > 0)
	for _, g := range now.Segments {
		fmt.Println("goroutine of", g.Name+":", g.State, "in", g.Stage)
	}
	close(release)
	fmt.Println(running.Wait())
	// Output:
	// true true
	// goroutine of range: working in store
	// <nil>
}
