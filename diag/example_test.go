package diag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// lookup is a function that takes as long as the number says, in milliseconds, by the clock
// of ctx: here one that is moved by hand.
func lookup(ctx context.Context, n int) (string, error) {
	clock.From(ctx).(*clock.Fake).Advance(time.Duration(n) * time.Millisecond)
	if n > 100 {
		return "", fmt.Errorf("%d is too much", n)
	}
	return strconv.Itoa(n), nil
}

func quiet() flow.Option { return flow.WithLogger(slog.New(slog.DiscardHandler)) }

func ExampleInspect() {
	ctx := clock.With(context.Background(), clock.NewFake())
	call := diag.Inspect(ops.NewCall(lookup))
	got, err := flow.Of(1, 20, 300).Then(call).OnError(flow.Skip()).Collect(ctx, quiet())
	fmt.Println(got, err)
	fmt.Println(call.Name(), call.Stats().Errors)
	fmt.Println(call)
	// Output:
	// [1 20] <nil>
	// call 1
	// call: 3 processed, 2 emitted, 3 calls, 1 errors, latency mean 107ms, min 1ms, p50 20.4ms, p90 300ms, p99 300ms, max 300ms
}

func ExampleInspector_Process() {
	in := make(chan string, 2)
	in <- "7"
	in <- "x"
	close(in)
	parse := diag.Inspect(ops.NewTryMapper(strconv.Atoi).OnError(func(_ context.Context, e *ops.ItemError) {
		fmt.Println("cannot read", e.Item)
	})).WithEvery(0)
	for n := range parse.Process(context.Background(), in) {
		fmt.Println(n)
	}
	fmt.Println(parse)
	// Unordered output:
	// 7
	// cannot read x
	// try-mapper: 2 processed, 1 emitted, 2 calls, 1 errors
}

func ExampleInspector_WithEvery() {
	square := diag.Inspect(ops.NewMapper(func(n int) int { return n * n })).WithEvery(10)
	_ = flow.Range(0, 95).Then(square).Run(context.Background())
	s := square.Stats()
	fmt.Println(s.Calls, "calls,", s.Latency.Count, "timed")
	// Output: 95 calls, 10 timed
}

func ExampleInspector_WithName() {
	square := diag.Inspect(ops.NewMapper(func(n int) int { return n * n })).WithName("square").WithEvery(0)
	_ = flow.Range(0, 5).Then(square).Run(context.Background())
	fmt.Println(square.String())
	// Output: square: 5 processed, 5 emitted, 5 calls, 0 errors
}

func ExampleInspector_WithMetrics() {
	metrics := diag.NewMetrics()
	short := diag.Inspect(ops.NewFilter(func(s string) bool { return len(s) < 3 })).WithMetrics(metrics).WithEvery(0)
	_ = flow.Of("to", "be", "nobody").Then(short).Run(context.Background())
	for _, s := range metrics.Collect().Processors {
		fmt.Println(s)
	}
	// Output: filter: 3 processed, 2 emitted, 3 calls, 0 errors
}

func ExampleInspector_MarshalJSON() {
	ctx := clock.With(context.Background(), clock.NewFake())
	call := diag.Inspect(ops.NewCall(lookup))
	_ = flow.Of(10).Then(call).Run(ctx)
	text, err := json.Marshal(call)
	fmt.Println(string(text), err)
	// Output: {"name":"call","processed":1,"emitted":1,"calls":1,"errors":0,"latency":{"count":1,"sum":0.01,"mean":0.01,"min":0.01,"p50":0.01,"p90":0.01,"p99":0.01,"max":0.01}} <nil>
}

func ExampleStats() {
	s := diag.Stats{Name: "call", Processed: 10, Emitted: 9, Calls: 10, Errors: 1}
	fmt.Println(s)
	// Output: call: 10 processed, 9 emitted, 10 calls, 1 errors
}

// plain writes lines without the time, which would be another one each time.
func plain() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: untimed}))
}

func ExampleLog() {
	short := func(s string) bool { return len(s) < 3 }
	_ = flow.Of("to", "nobody", "be").
		Then(diag.Log[string](plain(), "before-filter")).
		Filter(short).
		Then(diag.Log[string](plain(), "after-filter")).
		Run(context.Background())
	// Output:
	// level=INFO msg=item stage=before-filter item=1 type=string
	// level=INFO msg=item stage=after-filter item=1 type=string
	// level=INFO msg=item stage=before-filter item=2 type=string
	// level=INFO msg=item stage=before-filter item=3 type=string
	// level=INFO msg=item stage=after-filter item=2 type=string
	// level=INFO msg=completed stage=before-filter items=3
	// level=INFO msg=completed stage=after-filter items=2
}

func ExampleLogging_Process() {
	in := make(chan int, 1)
	in <- 7
	close(in)
	for n := range diag.Log[int](plain(), "input").Process(context.Background(), in) {
		fmt.Println(n)
	}
	// Unordered output:
	// level=INFO msg=item stage=input item=1 type=int
	// 7
	// level=INFO msg=completed stage=input items=1
}

type order struct {
	ID   int
	Card string
}

func ExampleLogging_WithAttrs() {
	log := diag.Log[order](plain(), "orders").WithAttrs(func(o order) []slog.Attr {
		return []slog.Attr{slog.Int("id", o.ID)} // and not the card
	})
	_ = flow.Of(order{7, "4111"}).Then(log).Run(context.Background())
	// Output:
	// level=INFO msg=item stage=orders item=1 id=7
	// level=INFO msg=completed stage=orders items=1
}

func ExampleLogging_WithEvery() {
	_ = flow.Range(0, 250).Then(diag.Log[int](plain(), "numbers").WithEvery(100)).Run(context.Background())
	// Output:
	// level=INFO msg=item stage=numbers item=1 type=int
	// level=INFO msg=item stage=numbers item=101 type=int
	// level=INFO msg=item stage=numbers item=201 type=int
	// level=INFO msg=completed stage=numbers items=250
}

func ExampleLogging_WithRate() {
	fake := clock.NewFake()
	steady := flow.Range(0, 6).Tap(func(int) { fake.Advance(400 * time.Millisecond) })
	log := diag.Log[int](plain(), "numbers").WithRate(1)
	_ = steady.Then(log).Run(context.Background(), flow.WithClock(fake))
	// Output:
	// level=INFO msg=item stage=numbers item=1 type=int
	// level=INFO msg=item stage=numbers item=4 type=int
	// level=INFO msg=completed stage=numbers items=6
}

func ExampleLogging_WithLevel() {
	log := diag.Log[int](nil, "numbers").WithLevel(slog.LevelDebug)
	_ = flow.Of(1).Then(log).Run(context.Background(), flow.WithLogger(plain()))
	fmt.Println(log.Name(), "wrote nothing: the logger is for Info and above")
	// Output: numbers wrote nothing: the logger is for Info and above
}

func ExampleNewMetrics() {
	m := diag.NewMetrics()
	m.Add("orders", 2)
	m.Set("load", 0.5)
	m.Record("query", 20*time.Millisecond)
	c := m.Collect()
	fmt.Println(c.Counters["orders"], c.Gauges["load"], c.Durations["query"].Mean)
	// Output: 2 0.5 20ms
}

func ExampleMetrics_WithLimit() {
	m := diag.NewMetrics().WithLimit(1)
	m.Add("first", 1)
	m.Add("second", 1)
	fmt.Println(m)
	// Output: {"counters":{"first":1},"refused":1}
}

func ExampleMetrics_WriteTo() {
	m := diag.NewMetrics()
	m.Add("orders", 2)
	m.Set("load", 0.5)
	_, _ = m.WriteTo(os.Stdout)
	// Output:
	// # TYPE streamz_counter_total counter
	// streamz_counter_total{name="orders"} 2
	// # TYPE streamz_gauge gauge
	// streamz_gauge{name="load"} 0.5
	// # TYPE streamz_metrics_refused_total counter
	// streamz_metrics_refused_total 0
}

func ExampleHistogram() {
	var h diag.Histogram
	for i := range 100 {
		h.Record(time.Duration(i) * time.Nanosecond)
	}
	var more diag.Histogram
	more.Record(time.Second)
	h.Merge(&more)
	fmt.Println(h.Quantile(0.25))
	fmt.Println(h.Latency())
	// Output:
	// 25ns
	// mean 9.9ms, min 0s, p50 50ns, p90 89ns, p99 97ns, max 1s
}

func ExampleWatchChan() {
	ctx, cancel := context.WithCancel(clock.With(context.Background(), clock.NewFake()))
	data := make(chan int, 4)
	data <- 1
	err := diag.WatchChan(ctx, "data", data, time.Second, func(s diag.ChanStats) {
		fmt.Println(s)
		cancel() // in place of the next look
	})
	fmt.Println(err)
	// Output:
	// data: 1 of 4 items (25%), at most 1
	// <nil>
}

func ExampleMetrics_Observe() {
	metrics := diag.NewMetrics()
	parse := flow.Of("1", "2", "x").TryMap(strconv.Atoi).OnError(flow.Skip())
	for range 2 {
		_ = parse.Run(context.Background(), flow.WithName("numbers"), flow.WithObserver(metrics), quiet())
	}
	for _, run := range metrics.Collect().Runs {
		fmt.Println(run.Name, run.Started, "started,", run.Ended, "ended,", run.Failed, "failed")
		for _, s := range run.Stages {
			fmt.Println(s.Name, s.In, "in,", s.Out, "out,", s.Failed, "failed")
		}
	}
	// Output:
	// numbers 2 started, 2 ended, 0 failed
	// items 0 in, 6 out, 0 failed
	// try-mapper 6 in, 4 out, 2 failed
	// discard 4 in, 0 out, 0 failed
}

func ExampleMetrics_WithEvery() {
	ctx := clock.With(context.Background(), clock.NewFake())
	metrics := diag.NewMetrics().WithEvery(2)
	_ = flow.Of(10, 20, 10, 20).Call(lookup).Run(ctx, flow.WithObserver(metrics))
	call := metrics.Collect().Runs[0].Stages[1]
	fmt.Println(call.In, "calls,", call.Latency.Count, "timed:", call.Latency.Mean)
	// Output: 4 calls, 2 timed: 10ms
}

func ExampleLogger() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == "id" || a.Key == "after" { // another one each time
			return slog.Attr{}
		}
		return untimed(groups, a)
	}}))
	_ = flow.Range(0, 9).Async(2).Run(context.Background(), flow.WithName("numbers"), flow.WithObserver(diag.Logger(log)))
	// Output:
	// level=INFO msg="run started" run=numbers stages=2 segments=2
	// level=INFO msg="run ended" run=numbers
}

func ExampleGoroutinesOf() {
	end, ready := make(chan bool), make(chan bool)
	running := flow.Of("a").Tap(func(string) {
		go func() { <-end }()
	}).ForEach(func(ctx context.Context, _ string) error {
		ready <- true
		<-ctx.Done()
		return nil
	}).Start(context.Background())

	<-ready
	all, err := diag.GoroutinesOf(running)
	for _, g := range all {
		fmt.Println(g.Count, g.Segment, "started by a function:", g.Started)
	}
	fmt.Println(err)
	close(end)
	running.Stop(nil)
	_ = running.Wait()
	// Output:
	// 1 items started by a function: false
	// 1 items started by a function: true
	// <nil>
}
