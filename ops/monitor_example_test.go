package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewMonitor() {
	c := clock.NewFake()
	reports := make(chan ops.StreamStats)
	in := make(chan string)
	out := ops.NewMonitor[string](time.Second, c).
		OnStats(func(s ops.StreamStats) { reports <- s }).
		Process(context.Background(), in)

	in <- "first"
	fmt.Println(<-out)
	c.Advance(time.Second)
	s := <-reports
	fmt.Printf("%d delivered, %.0f a second\n", s.Count, s.Rate)

	close(in)
	fmt.Printf("%d delivered at the end\n", (<-reports).Count)
	// Output:
	// first
	// 1 delivered, 1 a second
	// 1 delivered at the end
}

func ExampleMonitor() {
	m := ops.NewMonitor[int](time.Minute)
	for range m.Process(context.Background(), feed(1, 2, 3)) {
	}
	fmt.Println(m.Stats().Count)
	// Output: 3
}

func ExampleMonitor_OnStats() {
	m := ops.NewMonitor[int](time.Minute).OnStats(func(s ops.StreamStats) {
		fmt.Printf("%d items, %d of them new\n", s.Count, s.Delta)
	})
	for range m.Process(context.Background(), feed(1, 2, 3)) {
	}
	// Output: 3 items, 3 of them new
}

func ExampleMonitor_Stats() {
	m := ops.NewMonitor[int](time.Minute)
	fmt.Println(m.Stats().Count)
	for range m.Process(context.Background(), feed(1, 2)) {
	}
	fmt.Println(m.Stats().Count)
	// Output:
	// 0
	// 2
}

func ExampleMonitor_WithName() {
	fmt.Println(ops.NewMonitor[int](time.Minute).WithName("orders").Name())
	// Output: orders
}

func ExampleStreamStats() {
	s := ops.StreamStats{Count: 150, Delta: 50, Rate: 25}
	fmt.Printf("%d in all, %d since the last report, %.0f a second\n", s.Count, s.Delta, s.Rate)
	// Output: 150 in all, 50 since the last report, 25 a second
}
