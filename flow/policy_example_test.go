package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

func ExamplePolicy() {
	parse := flow.Of("1", "x", "3").TryMap(strconv.Atoi)
	silent := flow.WithLogger(slog.New(slog.DiscardHandler))
	ctx := context.Background()

	got, err := parse.OnError(flow.Skip()).Collect(ctx, silent)
	fmt.Println(got, err)

	got, err = parse.OnError(flow.Stop()).Collect(ctx) // as without a policy
	fmt.Println(got, errors.Is(err, strconv.ErrSyntax))

	// Ten items at most may be put aside, each after three calls.
	aside := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
		fmt.Printf("%v failed %d times\n", l.Item, l.Attempts)
		return nil
	})
	got, err = parse.OnError(flow.Retry(3, flow.Constant(0)).Then(flow.Budget(10)).Then(aside)).Collect(ctx)
	fmt.Println(got, err)
	// Output:
	// [1 3] <nil>
	// [1] true
	// x failed 3 times
	// [1 3] <nil>
}

func ExampleFlow_OnError() {
	var r flow.Report
	got, err := flow.Of("1", "x", "3").
		TryMap(strconv.Atoi).Named("parse").OnError(flow.Skip()).
		Collect(context.Background(), flow.WithReport(&r), flow.WithLogger(slog.New(slog.DiscardHandler)))
	fmt.Println(got, err)
	parse, _ := r.Stage("parse")
	fmt.Println(parse.Failed, "failed")
	// Output:
	// [1 3] <nil>
	// 1 failed
}

func ExampleStop() {
	got, err := flow.Of("1", "x", "3").TryMap(strconv.Atoi).OnError(flow.Stop()).Collect(context.Background())
	fmt.Println(got, errors.Is(err, strconv.ErrSyntax))
	// Output: [1] true
}

func ExampleSkip() {
	got, err := flow.Of("1", "x", "3").TryMap(strconv.Atoi).OnError(flow.Skip()).
		Collect(context.Background(), flow.WithLogger(slog.New(slog.DiscardHandler)))
	fmt.Println(got, err)
	// Output: [1 3] <nil>
}

func ExampleHandle() {
	decide := func(ctx context.Context, failed *flow.StageError) flow.Policy {
		if errors.Is(failed, strconv.ErrRange) {
			return flow.Stop()
		}
		fmt.Printf("without %v\n", failed.Item)
		return flow.Skip()
	}
	got, err := flow.Of("1", "x", "3", "99999999999999999999").
		TryMap(strconv.Atoi).OnError(flow.Handle(decide)).
		Collect(context.Background())
	fmt.Println(got, errors.Is(err, strconv.ErrRange))
	// Output:
	// without x
	// [1 3] true
}
