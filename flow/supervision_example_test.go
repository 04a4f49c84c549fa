package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// The examples here are the rows of docs/supervision.md: each shows what a run returned, what
// it delivered, and what its report says.

// silent keeps the log out of the output.
var silent = flow.WithLogger(slog.New(slog.DiscardHandler))

var lineNumber = regexp.MustCompile(`(_test\.go):\d+`)

// returned prints an error without the numbers of lines, which change with these files.
func returned(err error) {
	text := fmt.Sprint(err)
	fmt.Println("returned:", lineNumber.ReplaceAllString(text, "$1"))
}

// books prints what a report says, a stage a line.
func books(r flow.Report) {
	for _, s := range r.Stages {
		var parts []string
		for _, c := range []struct {
			n    int64
			what string
		}{
			{s.In, "in"}, {s.Passed, "passed"}, {s.Out, "out"}, {s.Filtered, "filtered"}, {s.DeadLettered, "lettered"},
			{s.Failed, "failed"}, {s.Held, "held"}, {s.Retried, "retried"},
		} {
			if c.n != 0 {
				parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
			}
		}
		fmt.Printf("%s: %s\n", s.Name, strings.Join(parts, ", "))
	}
	for _, e := range r.Edges {
		if e.Queued > 0 {
			fmt.Printf("%d queued from %s to %s\n", e.Queued, e.From, e.To)
		}
	}
}

// parse is a flow whose second and fourth item fail.
func parse() flow.Flow[int] {
	return flow.Of("1", "x", "3", "y", "5").TryMap(strconv.Atoi).Named("parse")
}

func Example_sourceEnds() {
	var r flow.Report
	err := flow.Of(1, 2, 3).Batch(2, 0).ForEach(func(_ context.Context, batch []int) error {
		fmt.Println(batch) // the last one is not full
		return nil
	}).Named("store").Run(context.Background(), flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// [1 2]
	// [3]
	// returned: <nil>
	// items: 3 out
	// batcher: 3 in, 3 passed, 2 out
	// store: 2 in, 2 passed
}

func Example_earlyStop() {
	var r flow.Report
	got, err := flow.Repeat("tick").Take(2).Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)

	err = flow.Repeat("tick").ForEach(func(context.Context, string) error {
		return flow.ErrStop // the sink has all that it needs
	}).Run(context.Background(), flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// [tick tick]
	// returned: <nil>
	// repeat: 2 out
	// take: 2 in, 2 passed, 2 out
	// collect: 2 in, 2 passed
	// returned: <nil>
	// repeat: 1 out
	// for-each: 1 in, 1 passed
}

func Example_stop() {
	var r flow.Report
	got, err := parse().Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1]
	// returned: parse (TryMap at flow/supervision_example_test.go): strconv.Atoi: parsing "x": invalid syntax
	// items: 2 out
	// parse: 2 in, 1 passed, 1 out, 1 failed
	// collect: 1 in, 1 passed
}

func Example_skip() {
	var r flow.Report
	got, err := parse().OnError(flow.Skip()).Collect(context.Background(), flow.WithReport(&r), silent)
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1 3 5]
	// returned: <nil>
	// items: 5 out
	// parse: 5 in, 3 passed, 3 out, 2 failed
	// collect: 3 in, 3 passed
}

func Example_retry() {
	var r flow.Report
	got, err := flow.Of("Ann", "Bob").
		Call(flaky()).Named("greet").OnError(flow.Retry(3, flow.Constant(0))).
		Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [hello Ann hello Bob]
	// returned: <nil>
	// items: 2 out
	// greet: 2 in, 2 passed, 2 out, 2 retried
	// collect: 2 in, 2 passed
}

func Example_retryGivesUp() {
	var r flow.Report
	got, err := parse().OnError(flow.Retry(3, flow.Constant(0))).Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1]
	// returned: parse (TryMap at flow/supervision_example_test.go), call 3: strconv.Atoi: parsing "x": invalid syntax
	// items: 2 out
	// parse: 2 in, 1 passed, 1 out, 1 failed, 2 retried
	// collect: 1 in, 1 passed
}

func Example_deadLetter() {
	aside := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
		fmt.Println("put aside:", l.Item)
		return nil
	})
	var r flow.Report
	got, err := parse().OnError(aside).Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// put aside: x
	// put aside: y
	// [1 3 5]
	// returned: <nil>
	// items: 5 out
	// parse: 5 in, 3 passed, 3 out, 2 lettered
	// collect: 3 in, 3 passed
}

func Example_handle() {
	decide := func(_ context.Context, failed *flow.StageError) flow.Policy {
		if failed.Item == "x" {
			return flow.Skip()
		}
		return flow.Stop()
	}
	var r flow.Report
	got, err := parse().OnError(flow.Handle(decide)).Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1 3]
	// returned: parse (TryMap at flow/supervision_example_test.go): strconv.Atoi: parsing "y": invalid syntax
	// items: 4 out
	// parse: 4 in, 2 passed, 2 out, 2 failed
	// collect: 2 in, 2 passed
}

func Example_budgetExceeded() {
	var r flow.Report
	got, err := parse().OnError(flow.Budget(1)).Collect(context.Background(), flow.WithReport(&r), silent)
	fmt.Println(got)
	summary, ok := errors.AsType[*flow.BudgetError](err)
	fmt.Println(ok, summary.Failed, "failed")
	books(r)
	// Output:
	// [1 3]
	// true 2 failed
	// items: 4 out
	// parse: 4 in, 2 passed, 2 out, 2 failed
	// collect: 2 in, 2 passed
}

// Combined policies act in the order in which they are written.
func Example_policiesInOrder() {
	calls := map[string]int{}
	call := func(_ context.Context, s string) (int, error) {
		calls[s]++
		return strconv.Atoi(s)
	}
	aside := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
		fmt.Println("put aside:", l.Item, "after", l.Attempts, "calls")
		return nil
	})
	got, err := flow.Of("1", "x", "y").
		Call(call).OnError(flow.Retry(3, flow.Constant(0)).Then(flow.Budget(1)).Then(aside)).
		Collect(context.Background())
	_, exceeded := errors.AsType[*flow.BudgetError](err)
	fmt.Println(got, calls, exceeded)
	// Output:
	// put aside: x after 3 calls
	// [1] map[1:1 x:3 y:3] true
}

func Example_panic() {
	var r flow.Report
	got, err := flow.Of(1, 0, 2).
		Map(func(n int) int { return 6 / n }).Named("divide").
		Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	panicked, ok := errors.AsType[*flow.PanicError](err)
	fmt.Println(ok, strings.Contains(string(panicked.Stack), "Example_panic"))
	books(r)
	// Output:
	// [6]
	// returned: divide (Map at flow/supervision_example_test.go): panic: runtime error: integer divide by zero
	// true true
	// items: 2 out
	// divide: 2 in, 1 passed, 1 out, 1 failed
	// collect: 1 in, 1 passed
}

func Example_goexit() {
	running := flow.Of(1, 2).Tap(func(n int) {
		if n == 2 {
			runtime.Goexit() // as t.FailNow does
		}
	}).Named("look").Discard().Start(context.Background())
	returned(running.Wait())
	books(running.Report())
	// Output:
	// returned: look (Tap at flow/supervision_example_test.go): the function ended its goroutine with runtime.Goexit
	// items: 2 out
	// look: 2 in, 1 passed, 1 out, 1 failed
	// discard: 1 in, 1 passed
}

// disk is a sink that cannot be closed.
type disk struct{}

func (disk) Put(_ context.Context, n int) error {
	fmt.Println("stored", n)
	return nil
}

func (disk) Close(cause error) error {
	returned(fmt.Errorf("closed because of %v", cause))
	return errors.New("disk is full")
}

func Example_twoFailures() {
	var r flow.Report
	err := parse().To(disk{}).Named("disk").Run(context.Background(), flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// stored 1
	// returned: closed because of parse (TryMap at flow/supervision_example_test.go): strconv.Atoi: parsing "x": invalid syntax
	// returned: parse (TryMap at flow/supervision_example_test.go): strconv.Atoi: parsing "x": invalid syntax
	// disk (To at flow/supervision_example_test.go): disk is full
	// items: 2 out
	// parse: 2 in, 1 passed, 1 out, 1 failed
	// disk: 1 in, 1 passed
}

func Example_closeFails() {
	var r flow.Report
	err := flow.Of(1).To(disk{}).Named("disk").Run(context.Background(), flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// stored 1
	// returned: closed because of <nil>
	// returned: disk (To at flow/supervision_example_test.go): disk is full
	// items: 1 out
	// disk: 1 in, 1 passed
}

func Example_cancelled() {
	ctx, cancel := context.WithCancelCause(context.Background())
	var r flow.Report
	err := flow.Repeat("tick").ForEach(func(ctx context.Context, s string) error {
		cancel(errors.New("closing time"))
		return ctx.Err() // is no failure: the item is held
	}).Named("store").Run(ctx, flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// returned: closing time
	// repeat: 1 out
	// store: 1 in, 1 held
}

func Example_deadline() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	var r flow.Report
	got, err := flow.Of("a", "b").Call(func(ctx context.Context, page string) (string, error) {
		if page == "b" {
			<-ctx.Done() // no answer comes
		}
		return page, ctx.Err()
	}).Named("fetch").Collect(ctx, flow.WithReport(&r))
	fmt.Println(got, errors.Is(err, context.DeadlineExceeded))
	returned(err)
	books(r)
	// Output:
	// [a] true
	// returned: context deadline exceeded in fetch (Call at flow/supervision_example_test.go); not delivered: 1 in fetch
	// items: 2 out
	// fetch: 2 in, 1 passed, 1 out, 1 held
	// collect: 1 in, 1 passed
}

func Example_readerInterrupted() {
	in, out := io.Pipe()
	go fmt.Fprintln(out, "the only line") // and out stays open
	ctx, cancel := context.WithCancelCause(context.Background())
	var r flow.Report
	err := flow.Lines(in).ForEach(func(_ context.Context, line string) error {
		fmt.Println(line)
		cancel(errors.New("closing time"))
		return nil
	}).Run(ctx, flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// the only line
	// returned: closing time
	// lines: 1 out
	// for-each: 1 in, 1 passed
}

func Example_misconfigured() {
	var r flow.Report
	err := flow.Of(1, 2).Take(-1).Batch(0, 0).Run(context.Background(), flow.WithReport(&r))
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		wrong, _ := errors.AsType[*flow.ConfigError](err)
		fmt.Println(wrong.Stage, wrong.Field, wrong.Want)
	}
	fmt.Println(len(r.Stages), "stages ran, the cause is the same:", r.Cause == err)
	// Output:
	// take count must not be negative
	// batcher size must be at least 1 where there is no latency
	// 0 stages ran, the cause is the same: true
}
