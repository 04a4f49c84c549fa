package flow_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// Order and Payment are what two systems tell of the same thing.
type Order struct {
	ID     int
	Placed time.Time
}

func (o Order) Key() int        { return o.ID }
func (o Order) Time() time.Time { return o.Placed }

type Payment struct {
	Order int
	Paid  time.Time
}

func (p Payment) Key() int        { return p.Order }
func (p Payment) Time() time.Time { return p.Paid }

// minute gives a time.
func minute(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Minute) }

func ExampleFlow_IntervalJoin() {
	orders := flow.Of(Order{1, minute(0)}, Order{2, minute(5)}, Order{3, minute(9)})
	payments := flow.Of(Payment{2, minute(6)}, Payment{1, minute(30)}, Payment{3, minute(200)})
	on := flow.JoinOn(Order.Key, Order.Time, Payment.Key, Payment.Time)
	got, err := orders.IntervalJoin(payments, on, 0, time.Hour).Collect(context.Background())
	slices.SortFunc(got, func(p, q flow.Pair[Order, Payment]) int { return cmp.Compare(p.A.ID, q.A.ID) })
	for _, p := range got { // in the order in which the second of both came, but for the sort
		fmt.Println("order", p.A.ID, "was paid after", p.B.Paid.Sub(p.A.Placed))
	}
	fmt.Println(err)
	// Output:
	// order 1 was paid after 30m0s
	// order 2 was paid after 1m0s
	// <nil>
}

func ExampleFlow_WindowJoin() {
	type reading struct {
		room   string
		minute int
		value  float64
	}
	room := func(r reading) string { return r.room }
	at := func(r reading) time.Time { return minute(r.minute) }
	heat := flow.Of(reading{"hall", 1, 20.5}, reading{"attic", 2, 30}, reading{"hall", 12, 21})
	damp := flow.Of(reading{"hall", 4, 0.4}, reading{"hall", 9, 0.5}, reading{"attic", 13, 0.6})
	got, err := heat.WindowJoin(damp, flow.JoinOn(room, at, room, at), 10*time.Minute).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [{{hall 1 20.5} {hall 4 0.4}} {{hall 1 20.5} {hall 9 0.5}}] <nil>
}

func ExampleJoinSpec_WithMaxItems() {
	key := func(n int) int { return n }
	at := func(int) time.Time { return time.Unix(0, 0) }
	// Without watermarks nothing can be let go.
	on := flow.JoinOn(key, at, key, at).WithMaxItems(100)
	err := flow.Range(0, 1000).IntervalJoin(flow.Range(1000, 2000), on, 0, time.Minute).Run(context.Background())
	fmt.Println(errors.Is(err, flow.ErrJoinFull))
	// Output: true
}

// Daily is a source of one item a day, which says how far it has come.
type Daily int

func (d Daily) Stream(_ context.Context, out flow.Emitter[time.Time]) error {
	for n := range int(d) {
		day := time.Unix(0, 0).UTC().AddDate(0, 0, n)
		if err := out.Emit(day); err != nil {
			return err
		}
		if err := out.Watermark(day); err != nil {
			return err
		}
	}
	return nil
}

func ExampleJoinSpec_WithMaxLead() {
	month := func(t time.Time) time.Month { return t.Month() }
	at := func(t time.Time) time.Time { return t }
	// Ten years are read anew, and however quick either source is, few days have to be kept.
	on := flow.JoinOn(month, at, month, at).WithMaxLead(24 * time.Hour).WithMaxItems(30)
	n, err := flow.FromSignals(Daily(3650)).IntervalJoin(flow.FromSignals(Daily(3650)), on, 0, 0).Count(context.Background())
	fmt.Println(n, err)
	// Output: 3650 <nil>
}
