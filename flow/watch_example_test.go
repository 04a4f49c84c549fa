package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

func ExampleWithGrace() {
	fake, ctx := clock.NewFake(), context.Background()
	busy, release := make(chan struct{}), make(chan struct{})
	running := flow.Of(1).Tap(func(int) {
		close(busy)
		<-release // knows of no context
	}).Named("deaf").Discard().Start(ctx, flow.WithGrace(5*time.Second), flow.WithClock(fake))
	<-busy
	running.Stop(errors.New("closing time"))
	_ = fake.BlockUntil(ctx, 2) // the guard has heard of it
	fake.Advance(5 * time.Second)
	err := running.Wait()
	returned(err)
	stuck, _ := errors.AsType[*flow.StuckError](err)
	fmt.Println(stuck.Stages[0].Name, strings.Contains(stuck.Stages[0].Stack, "ExampleWithGrace"))
	fmt.Println("stuck:", running.Report().Stuck[0].Name)
	close(release)
	// Output:
	// returned: not ended 5s after it was told to: deaf (Tap at flow/watch_example_test.go) in flow_test.ExampleWithGrace.func1 at flow/watch_example_test.go (closing time)
	// deaf true
	// stuck: deaf
}

func ExampleWithLeakCheck() {
	release := make(chan struct{})
	var r flow.Report
	err := flow.Of(1, 2, 3).Tap(func(int) {
		go func() { <-release }() // nobody waits for it
	}).Named("notify").Run(context.Background(), flow.WithLeakCheck(), flow.WithReport(&r))
	returned(err)
	books(r)
	fmt.Println("left behind:", r.Leaks[0].Count, "of", r.Leaks[0].Stage)
	close(release)
	// Output:
	// returned: goroutines left behind: 3 of notify in flow_test.ExampleWithLeakCheck.func1.1 at flow/watch_example_test.go
	// items: 3 out
	// notify: 3 in, 3 passed, 3 out
	// discard: 3 in, 3 passed
	// left behind: 3 of notify
}

func ExampleWithWatchdog() {
	heard := make(chan struct{})
	watch := flow.ObserverFunc(func(e flow.Event) {
		if e, ok := e.(flow.Stalled); ok {
			fmt.Println("stalled:", e.Stall.Name, e.Stall.State)
			close(heard)
		}
	})
	var r flow.Report
	err := flow.Of(1).Tap(func(int) { <-heard }).Named("slow").
		Run(context.Background(), flow.WithWatchdog(10*time.Millisecond), flow.WithObserver(watch), flow.WithReport(&r), silent)
	returned(err)
	books(r)
	// Output:
	// stalled: slow working
	// returned: <nil>
	// items: 1 out
	// slow: 1 in, 1 passed, 1 out
	// discard: 1 in, 1 passed
}

func ExampleWithStallLimit() {
	var r flow.Report
	err := flow.Of(1, 2).Call(func(ctx context.Context, n int) (int, error) {
		if n == 2 {
			<-ctx.Done() // no answer comes
		}
		return n, ctx.Err()
	}).Named("fetch").Run(context.Background(), flow.WithStallLimit(10*time.Millisecond), flow.WithReport(&r), silent)
	stall, ok := errors.AsType[*flow.StallError](err)
	fmt.Println(ok, stall.Name, stall.For >= 10*time.Millisecond)
	books(r)
	// Output:
	// true fetch true
	// items: 2 out
	// fetch: 2 in, 1 passed, 1 out, 1 held
	// discard: 1 in, 1 passed
}

func ExampleStallError() {
	stall := &flow.StallError{
		Name: "store", Op: "ForEach", At: "shop/main.go:31", For: time.Minute, Stack: "main.insert\n\tshop/db.go:88\n",
		Queue: 256, Size: 256, Blocked: []string{"fetch", "lines"},
	}
	fmt.Println(stall)
	// Output: store (ForEach at shop/main.go:31) has been at the same call for 1m0s, 256 of 256 wait in front of it, which blocks fetch, lines; it is in main.insert at shop/db.go:88
}

func ExampleCulprit() {
	fmt.Println(flow.Culprit{
		Name: "fetch", Op: "AsyncMap", At: "shop/main.go:29",
		State: "waiting for time", For: time.Second, Holds: 20,
	})
	// Output: fetch (AsyncMap at shop/main.go:29), waiting for time, for 1s, with 20 items
}

func ExampleStuckError() {
	thumb := flow.StageRef{Name: "thumb", Op: "Map", At: "shop/main.go:30"}
	fmt.Println(&flow.StuckError{
		Stages: []flow.Culprit{{StageRef: thumb, Stack: "main.resize\n\tshop/image.go:12\n"}},
		Grace:  5 * time.Second, Err: errors.New("closing time"),
	})
	// Output: not ended 5s after it was told to: thumb (Map at shop/main.go:30) in main.resize at shop/image.go:12 (closing time)
}

func ExampleLeakError() {
	fmt.Println(&flow.LeakError{Leaks: []flow.Leak{{Stage: "notify", Count: 3, Stack: "main.send\n\tshop/mail.go:17\n"}}})
	// Output: goroutines left behind: 3 of notify in main.send at shop/mail.go:17
}
