package flow_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// listen is a source that gives one item and waits until it is told to stop.
func listen(ctx context.Context, emit func(string) error) error {
	if err := emit("hello"); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func ExampleJob_Start() {
	events := make(chan string)
	running := flow.FromChan(events).ForEach(func(_ context.Context, s string) error {
		fmt.Println(s)
		return nil
	}).Start(context.Background())
	events <- "hello" // the caller goes on meanwhile
	close(events)
	fmt.Println(running.Wait())
	// Output:
	// hello
	// <nil>
}

func ExampleRunning_Drain() {
	events := make(chan string)
	running := flow.FromChan(events).Batch(100, time.Hour).ForEach(func(_ context.Context, batch []string) error {
		fmt.Println(batch)
		return nil
	}).Named("store").Start(context.Background())
	events <- "a"
	events <- "b"
	// Nobody closes the channel: the source is stopped, and the batch flushed.
	returned(running.Drain(context.Background()))
	returned(running.Wait())
	r := running.Report()
	books(r)
	fmt.Println("drain complete:", r.Drain.Complete)
	// Output:
	// [a b]
	// returned: <nil>
	// returned: <nil>
	// chan: 2 out
	// batcher: 2 in, 2 passed, 1 out
	// store: 1 in, 1 passed
	// drain complete: true
}

// A source hears of the drain by its context, and may still emit.
func ExampleErrDraining() {
	source := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		if err := emit("begin"); err != nil {
			return err
		}
		<-ctx.Done()
		fmt.Println(errors.Is(context.Cause(ctx), flow.ErrDraining))
		return emit("end")
	})
	begun := make(chan struct{}, 2)
	running := source.ForEach(func(_ context.Context, s string) error {
		fmt.Println(s)
		begun <- struct{}{}
		return nil
	}).Start(context.Background())
	<-begun
	fmt.Println(running.Drain(context.Background()))
	// Output:
	// begin
	// true
	// end
	// <nil>
}

func ExampleDrainError() {
	given, busy := make(chan struct{}), make(chan struct{})
	running := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		defer close(given)
		return errors.Join(emit(1), emit(2), emit(3))
	}).Async(10).ForEach(func(ctx context.Context, n int) error {
		close(busy)
		<-ctx.Done() // hangs
		return ctx.Err()
	}).Named("store").Start(context.Background())
	<-given
	<-busy

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := running.Drain(ctx)
	returned(err)
	missed, _ := errors.AsType[*flow.DrainError](err)
	fmt.Println("held up by", missed.Culprits[0].Name, missed.Culprits[0].State, "with", missed.Culprits[0].Holds, "item")
	fmt.Println("the same from Wait:", running.Wait() == err)
	r := running.Report()
	books(r)
	fmt.Println("drain complete:", r.Drain.Complete, r.Drain.Undelivered)
	// Output:
	// returned: the drain was not completed: context deadline exceeded, held up by store (ForEach at flow/running_example_test.go) in flow_test.ExampleDrainError.func2 at flow/running_example_test.go, with 1 item; not delivered: 1 in store, 2 queued from func to store
	// held up by store working with 1 item
	// the same from Wait: true
	// func: 3 out
	// store: 1 in, 1 held
	// 2 queued from func to store
	// drain complete: false [1 in store 2 queued from func to store]
}

func ExampleDrainError_Error() {
	store := flow.StageRef{Name: "store", Op: "ForEach", At: "shop/main.go:31"}
	fmt.Println(&flow.DrainError{
		Culprits:    []flow.Culprit{{StageRef: store, State: "working", Holds: 1, Stack: "main.insert\n\tshop/db.go:88\n"}},
		Undelivered: []flow.Undone{{Stage: "store", Items: 1}, {Stage: "store", From: "lines", Items: 2}},
		Err:         fmt.Errorf("the drain was not completed: %w", context.DeadlineExceeded),
	})
	// Output: the drain was not completed: context deadline exceeded, held up by store (ForEach at shop/main.go:31) in main.insert at shop/db.go:88, with 1 item; not delivered: 1 in store, 2 queued from lines to store
}

func ExampleRunning_Stop() {
	busy := make(chan struct{})
	running := flow.FromFunc(listen).ForEach(func(ctx context.Context, s string) error {
		close(busy)
		<-ctx.Done()
		return ctx.Err()
	}).Named("store").Start(context.Background())
	<-busy
	running.Stop(errors.New("no longer needed"))
	returned(running.Wait())
	books(running.Report())
	// Output:
	// returned: no longer needed
	// func: 1 out
	// store: 1 in, 1 held
}

func ExampleRunning_Stop_duringADrain() {
	busy := make(chan int)
	running := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		busy <- 0
		<-ctx.Done() // the drain has begun
		return emit(1)
	}).ForEach(func(ctx context.Context, n int) error {
		busy <- n
		<-ctx.Done() // hangs
		return ctx.Err()
	}).Named("store").Start(context.Background())
	<-busy
	go func() {
		<-busy
		running.Stop(errors.New("no more patience"))
	}()
	returned(running.Drain(context.Background()))
	r := running.Report()
	books(r)
	fmt.Println("drain complete:", r.Drain.Complete, r.Drain.Undelivered)
	// Output:
	// returned: no more patience
	// func: 1 out
	// store: 1 in, 1 held
	// drain complete: false [1 in store]
}

func ExampleRunning_Pause() {
	events := make(chan string, 10)
	running := flow.FromChan(events).ForEach(func(_ context.Context, s string) error {
		fmt.Println("stored", s)
		return nil
	}).Named("store").Start(context.Background())
	running.Pause()
	fmt.Println(running.Phase())
	events <- "a" // waits in the channel
	fmt.Println("resume")
	running.Resume()
	close(events)
	returned(running.Wait())
	books(running.Report())
	// Output:
	// paused
	// resume
	// stored a
	// returned: <nil>
	// chan: 1 out
	// store: 1 in, 1 passed
}

// kill sends a signal to this process.
func kill(sig os.Signal) {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(sig)
	}
	if err != nil {
		panic(err)
	}
}

func ExampleRunUntilSignal() {
	listen := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		if err := emit("request"); err != nil {
			return err
		}
		kill(syscall.SIGTERM)
		<-ctx.Done() // no more requests
		return ctx.Err()
	})
	job := listen.Batch(100, time.Hour).ForEach(func(_ context.Context, batch []string) error {
		fmt.Println("stored", batch)
		return nil
	}).Named("store")
	var r flow.Report
	returned(flow.RunUntilSignal(context.Background(), job, 20*time.Second, flow.WithReport(&r), silent))
	books(r)
	// Output:
	// stored [request]
	// returned: <nil>
	// func: 1 out
	// batcher: 1 in, 1 passed, 1 out
	// store: 1 in, 1 passed
}

// A second signal ends the run at once.
func ExampleSignalError() {
	listen := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		kill(syscall.SIGTERM)
		<-ctx.Done()
		return emit("the last request")
	})
	job := listen.ForEach(func(ctx context.Context, _ string) error {
		kill(os.Interrupt) // somebody has no patience
		<-ctx.Done()
		return ctx.Err()
	}).Named("store")
	var r flow.Report
	err := flow.RunUntilSignal(context.Background(), job, 20*time.Second, flow.WithReport(&r), silent)
	returned(err)
	second, ok := errors.AsType[*flow.SignalError](err)
	fmt.Println(ok, second.Signal == os.Interrupt)
	books(r)
	// Output:
	// returned: ended by a second signal: interrupt
	// true true
	// func: 1 out
	// store: 1 in, 1 held
}

func ExampleRunning_Done() {
	running := flow.Of(1, 2, 3).Discard().Start(context.Background(), flow.WithName("numbers"))
	select {
	case <-running.Done():
		fmt.Println(running.Report().Name, "has ended:", running.Wait())
	case <-time.After(time.Minute):
		fmt.Println(running.Snapshot())
	}
	// Output: numbers has ended: <nil>
}

func ExampleDrainReport() {
	left := []flow.Undone{{Stage: "store", Items: 1}, {Stage: "store", From: "lines", Items: 2}}
	fmt.Println(flow.DrainReport{Undelivered: left})
	fmt.Println(flow.DrainReport{Complete: true})
	// Output:
	// drained, not delivered: 1 in store, 2 queued from lines to store
	// drained: all that was accepted was delivered
}
