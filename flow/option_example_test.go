package flow_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

func ExampleOption() {
	common := []flow.Option{flow.WithName("nightly"), flow.WithLogger(slog.New(slog.DiscardHandler))}
	var r flow.Report
	err := flow.Of(1).Run(context.Background(), append(common, flow.WithReport(&r))...)
	fmt.Println(r.Name, err)
	// Output: nightly <nil>
}

func ExampleWithName() {
	var r flow.Report
	_ = flow.Of(1).Run(context.Background(), flow.WithName("orders"), flow.WithReport(&r))
	fmt.Println(r.Name)
	// Output: orders
}

func ExampleWithReport() {
	var r flow.Report
	err := flow.Range(0, 10).
		Filter(func(n int) bool { return n%3 == 0 }).Named("thirds").
		Run(context.Background(), flow.WithReport(&r))
	thirds, _ := r.Stage("thirds")
	fmt.Println(thirds.In, "=", thirds.Passed, "+", thirds.Filtered)
	fmt.Println(r.Balanced(), err)
	// Output:
	// 10 = 4 + 6
	// true <nil>
}

func ExampleWithLogger() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "error" {
				return slog.Attr{}
			}
			return a
		},
	}))
	err := flow.Of("1", "x").TryMap(strconv.Atoi).Named("parse").OnError(flow.Skip()).
		Run(context.Background(), flow.WithLogger(log))
	fmt.Println(err)
	// Output:
	// level=WARN msg="item skipped" stage=parse skipped=1
	// <nil>
}

func ExampleWithItemFormat() {
	type customer struct{ ID, Name string }
	format := flow.WithItemFormat(func(item any) string { return item.(customer).ID })
	err := flow.Of(customer{"c7", "Ada"}).
		TryMap(func(c customer) (int, error) { return strconv.Atoi("none") }).Named("age").
		Run(context.Background(), format)
	_, text, _ := strings.Cut(err.Error(), "): ") // behind the stage and its line
	fmt.Println(text)
	// Output: item c7: strconv.Atoi: parsing "none": invalid syntax
}

func ExampleWithClock() {
	fake := clock.NewFake()
	events := make(chan int)
	batches, wait := flow.FromChan(events).Batch(100, time.Hour).
		Chan(context.Background(), flow.WithClock(fake))
	events <- 1
	_ = fake.BlockUntil(context.Background(), 1) // the Batch waits for its hour
	fake.Advance(time.Hour)
	fmt.Println(<-batches)
	close(events)
	fmt.Println(wait())
	// Output:
	// [1]
	// <nil>
}
