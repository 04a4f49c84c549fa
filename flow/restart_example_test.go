package flow_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// connections gives a function that connects to a server which hangs up so many times.
func connections(breaks int) func() flow.Flow[string] {
	begun := 0
	return func() flow.Flow[string] {
		begun++
		nth := begun
		return flow.FromFunc(func(_ context.Context, emit func(string) error) error {
			if err := emit(fmt.Sprintf("message of connection %d", nth)); err != nil || nth > breaks {
				return err
			}
			return errors.New("connection lost")
		}).Named("messages")
	}
}

func ExampleRestart() {
	policy := flow.RestartPolicy{Wait: flow.Exponential(time.Millisecond), Max: 5, Within: time.Minute}
	var r flow.Report
	got, err := flow.Restart(policy, connections(2)).Named("feed").
		Scan(0, func(n int, _ string) int { return n + 1 }). // keeps its state
		Collect(context.Background(), flow.WithReport(&r), silent)
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [1 2 3]
	// returned: <nil>
	// feed/messages: 3 out
	// feed: 3 in, 3 passed, 3 out
	// scan: 3 in, 3 passed, 3 out
	// collect: 3 in, 3 passed
}

func ExampleRestartPolicy() {
	lost := errors.New("connection lost")
	policy := flow.RestartPolicy{
		Wait:   flow.Exponential(time.Second).Cap(time.Minute), // 1s, 2s, 4s... 1m, each up to half shorter
		Max:    10,                                             // and no more than ten times
		Within: time.Hour,                                      // in an hour
		If:     func(err error) bool { return errors.Is(err, lost) },
		OnEnd:  true, // also if the other side hangs up without an error
	}
	err := flow.Restart(policy, func() flow.Flow[string] {
		return flow.Fail[string](errors.New("wrong password"))
	}).Named("feed").Run(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(failed.Stage, failed.Err)
	// Output: feed/fail wrong password
}

func ExampleRestartError() {
	var r flow.Report
	got, err := flow.Restart(flow.RestartPolicy{Max: 1}, connections(5)).Named("feed").
		Collect(context.Background(), flow.WithReport(&r), silent)
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// [message of connection 1 message of connection 2]
	// returned: feed (Restart at flow/restart_example_test.go): more than 1 restart: feed/messages (FromFunc at flow/restart_example_test.go): connection lost
	// feed/messages: 2 out
	// feed: 2 in, 2 passed, 2 out
	// collect: 2 in, 2 passed
}

func ExampleRestart_misconfigured() {
	built := 0
	_, err := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
		built++
		return flow.Range(0, 3).Take(-1)
	}).Named("feed").Collect(context.Background())
	wrong, ok := errors.AsType[*flow.ConfigError](err)
	fmt.Println(ok, wrong.Stage, wrong.Field, wrong.Want)
	fmt.Println("built", built, "time")
	// Output:
	// true feed/take count must not be negative
	// built 1 time
}

func ExampleUsing() {
	open := func(context.Context) (string, error) {
		fmt.Println("connected")
		return "db", nil
	}
	release := func(name string, cause error) error {
		fmt.Println("released", name, "because of", cause)
		return errors.New("connection lost")
	}
	var r flow.Report
	got, err := flow.Using(open, release, func(name string) flow.Flow[string] {
		return flow.Of(name+".a", name+".b").Named("rows")
	}).Named("table").Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got)
	returned(err)
	books(r)
	// Output:
	// connected
	// released db because of <nil>
	// [db.a db.b]
	// returned: table (Using at flow/restart_example_test.go): connection lost
	// table/rows: 2 out
	// table: 2 in, 2 passed, 2 out
	// collect: 2 in, 2 passed
}

func ExampleJobs() {
	var r flow.Report
	waits := flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
		<-ctx.Done()
		return ctx.Err()
	}).Named("requests").Discard()
	fails := flow.Fail[int](errors.New("no such file")).Named("rules").Discard()
	err := flow.Jobs(waits, fails).Run(context.Background(), flow.WithReport(&r))
	returned(err)
	fmt.Println("goroutines:", r.Goroutines.Started, "started,", r.Goroutines.Ended, "ended")
	// Output:
	// returned: rules (Fail at flow/restart_example_test.go): no such file
	// goroutines: 1 started, 1 ended
}

func ExampleJobs_oneEndsEarly() {
	var r flow.Report
	first := flow.Repeat(1).Take(1).Discard().Named("first")
	all := flow.Range(0, 100).Discard().Named("all")
	err := flow.Jobs(first, all).Run(context.Background(), flow.WithReport(&r))
	returned(err)
	books(r)
	// Output:
	// returned: <nil>
	// repeat: 1 out
	// take: 1 in, 1 passed, 1 out
	// first: 1 in, 1 passed
	// range: 100 out
	// all: 100 in, 100 passed
}
