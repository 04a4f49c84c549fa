package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/go-streamz/streamz/flow"
)

func ExampleFlow_ForEach() {
	err := flow.Of("a", "b").
		ForEach(func(ctx context.Context, s string) error {
			fmt.Println("store", s)
			return nil
		}).
		Run(context.Background())
	fmt.Println(err)
	// Output:
	// store a
	// store b
	// <nil>
}

// Table is a sink of one's own.
type Table struct{}

func (Table) Open(ctx context.Context) error         { fmt.Println("begin"); return nil }
func (Table) Put(ctx context.Context, row int) error { fmt.Println("insert", row); return nil }
func (Table) Flush(ctx context.Context) error        { fmt.Println("commit"); return nil }
func (Table) Close(cause error) error                { fmt.Println("close:", cause); return nil }

func ExampleSink() {
	err := flow.Of(1, 2).To(Table{}).Run(context.Background())
	fmt.Println(err)
	// Output:
	// begin
	// insert 1
	// insert 2
	// commit
	// close: <nil>
	// <nil>
}

// Sum is the smallest sink.
type Sum int

func (s *Sum) Put(ctx context.Context, n int) error {
	*s += Sum(n)
	return nil
}

func ExampleFlow_To() {
	var sum Sum
	err := flow.Range(1, 5).To(&sum).Run(context.Background())
	fmt.Println(sum, err)
	// Output: 10 <nil>
}

func ExampleFlow_Discard() {
	err := flow.Of("a", "b").Tap(func(s string) { fmt.Println(s) }).Discard().Run(context.Background())
	fmt.Println(err)
	// Output:
	// a
	// b
	// <nil>
}

func ExampleFlow_Run() {
	err := flow.Of("a", "b").Tap(func(s string) { fmt.Println(s) }).Run(context.Background())
	fmt.Println(err)
	// Output:
	// a
	// b
	// <nil>
}

func ExampleJob() {
	job := flow.Range(0, 2).ForEach(func(ctx context.Context, n int) error {
		fmt.Println(n)
		return nil
	})
	fmt.Println(job.Run(context.Background()), job.Run(context.Background()))
	// Output:
	// 0
	// 1
	// 0
	// 1
	// <nil> <nil>
}

// Four items are stored at once.
func ExampleFlow_AsyncForEach() {
	var stored atomic.Int64
	err := flow.Range(0, 100).AsyncForEach(4, func(ctx context.Context, n int) error {
		stored.Add(1)
		return ctx.Err()
	}).Run(context.Background())
	fmt.Println(stored.Load(), err)
	// Output: 100 <nil>
}

func ExampleJob_Run() {
	ctx, cancel := context.WithCancelCause(context.Background())
	err := flow.Repeat("tick").ForEach(func(ctx context.Context, s string) error {
		cancel(errors.New("closing time"))
		return ctx.Err()
	}).Run(ctx)
	fmt.Println(err)
	// Output: closing time
}

func ExampleJob_Named() {
	err := flow.Of(1).
		ForEach(func(context.Context, int) error { return errors.New("disk is full") }).Named("store").
		Run(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(failed.Stage, failed.Op)
	// Output: store ForEach
}

func ExampleJob_OnError() {
	store := func(ctx context.Context, n int) error {
		if n == 2 {
			return errors.New("duplicate key")
		}
		fmt.Println("stored", n)
		return nil
	}
	err := flow.Of(1, 2, 3).ForEach(store).OnError(flow.Skip()).
		Run(context.Background(), flow.WithLogger(slog.New(slog.DiscardHandler)))
	fmt.Println(err)
	// Output:
	// stored 1
	// stored 3
	// <nil>
}
