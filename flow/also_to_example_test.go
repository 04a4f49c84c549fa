package flow_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/flow"
)

// Every order is billed, and a log has all of them.
func ExampleFlow_AlsoTo() {
	var log []string
	billed, err := flow.Of("book", "lamp", "cup").
		AlsoTo(func(orders flow.Flow[string]) flow.Job {
			return orders.Map(strings.ToUpper).ForEach(func(_ context.Context, order string) error {
				log = append(log, order)
				return nil
			})
		}).
		Filter(func(order string) bool { return order != "lamp" }).
		Collect(context.Background())
	fmt.Println(billed, log, err)
	// Output: [book cup] [BOOK LAMP CUP] <nil>
}

// The side may take as long as it likes: here it takes one item, and the main line goes on
// meanwhile.
func ExampleSideDrop() {
	done := make(chan struct{})
	var report flow.Report
	sum, err := flow.Range(0, 100).
		AlsoTo(func(f flow.Flow[int]) flow.Job {
			return f.ForEach(func(context.Context, int) error { <-done; return nil })
		}, flow.SideDrop(1)).
		Tap(func(n int) {
			if n == 99 {
				close(done)
			}
		}).
		Reduce(context.Background(), 0, func(sum, n int) int { return sum + n }, flow.WithReport(&report))
	s, _ := report.Stage("also-to/dropping-buffer")
	fmt.Println(sum, s.Dropped >= 98, err)
	// Output: 4950 true <nil>
}

// The side gets the newest items.
func ExampleSideSlide() {
	wait := make(chan struct{})
	var seen []int
	n, err := flow.Range(0, 100).
		AlsoTo(func(f flow.Flow[int]) flow.Job {
			return f.ForEach(func(_ context.Context, n int) error {
				<-wait
				seen = append(seen, n)
				return nil
			})
		}, flow.SideSlide(2)).
		Tap(func(n int) {
			if n == 99 {
				close(wait)
			}
		}).
		Count(context.Background())
	fmt.Println(n, seen[len(seen)-2:], err)
	// Output: 100 [98 99] <nil>
}

// No item is lost, and the main line waits while ten do for the side.
func ExampleSideBlock() {
	last := 0
	n, err := flow.Range(0, 100).
		AlsoTo(func(f flow.Flow[int]) flow.Job {
			return f.ForEach(func(_ context.Context, n int) error { last = n; return nil })
		}, flow.SideBlock(10)).
		Count(context.Background())
	fmt.Println(n, last, err)
	// Output: 100 99 <nil>
}
