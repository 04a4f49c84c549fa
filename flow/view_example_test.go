package flow_test

import (
	"context"
	"fmt"
	"strings"
	"time"

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

func ExamplePhase() {
	for p := flow.Active; p <= flow.Ended; p++ {
		fmt.Println(p)
	}
	// Output:
	// active
	// paused
	// draining
	// ending
	// ended
}

// orders is a plan whose places do not change with the lines of this file.
func orders() flow.Plan {
	plan, _ := flow.Of("a", "b").Map(strings.ToUpper).Named("upper").Async(4).Discard().Named("store").Plan(flow.WithName("orders"))
	for i := range plan.Stages {
		plan.Stages[i].At = ""
	}
	return plan
}

func ExamplePlan() {
	fmt.Print(orders())
	// Output:
	// orders: 3 stages, 2 goroutines
	// goroutine 0
	//   items (Of)
	//   upper (Map)
	//   queue of 4 to store
	// goroutine 1
	//   store (Discard)
}

func ExamplePlan_Mermaid() {
	fmt.Print(orders().Mermaid())
	// Output:
	// flowchart LR
	//   subgraph g0["goroutine 0"]
	//     s0["items<br/>Of"]
	//     s1["upper<br/>Map"]
	//   end
	//   subgraph g1["goroutine 1"]
	//     s2["store<br/>Discard"]
	//   end
	//   s0 --> s1
	//   s1 ==>|4| s2
}

func ExampleSnapshot_String() {
	fmt.Print(flow.Snapshot{
		Run: "orders", Phase: flow.Draining, Elapsed: time.Second,
		Stages: []flow.StageReport{{Name: "lines", Op: "Lines", Out: 10}, {Name: "store", Op: "ForEach", In: 7, Passed: 6}},
		Edges:  []flow.Edge{{From: "lines", To: "store", Queued: 3, Capacity: 4}},
	})
	// Output:
	// orders: draining for 1s
	// stage  op       in  passed  out
	// lines  Lines                 10
	// store  ForEach   7       6
	// 3 of 4 queued from lines to store
}
