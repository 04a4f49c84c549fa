package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// While a customer is asked for, further orders of the same one wait for the answer.
func ExampleNewCoalesce() {
	type order struct {
		ID       int
		Customer string
	}
	fetch := ops.NewAsyncMapper(func(ctx context.Context, o order) (string, error) {
		return o.Customer + " of Riga", clock.Sleep(ctx, clock.Real(), time.Millisecond) // a slow service
	}).WithWorkers(4)
	customers := ops.NewCoalesce(fetch, func(o order) string { return o.Customer })
	orders := flow.Of(order{1, "Ada"}, order{2, "Ada"}, order{3, "Ada"}, order{4, "Ada"})
	got, err := orders.Then(customers).Collect(context.Background())
	s := customers.Stats()
	fmt.Println(got, err, s.Calls+s.Shared)
	// Output: [Ada of Riga Ada of Riga Ada of Riga Ada of Riga] <nil> 4
}

func ExampleCoalesce_Stats() {
	c := ops.NewCoalesce(ops.NewMapper(func(n int) int { return n * n }), func(n int) int { return n })
	_, _ = c.Call(context.Background(), 3)
	_, _ = c.Call(context.Background(), 3) // not at the same time
	fmt.Printf("%+v\n", c.Stats())
	// Output: {Calls:2 Shared:0}
}
