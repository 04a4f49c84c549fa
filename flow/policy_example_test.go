package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

func ExamplePolicy() {
	parse := flow.Of("1", "x", "3").TryMap(strconv.Atoi)
	silent := flow.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

	got, err := parse.OnError(flow.Skip()).Collect(context.Background(), silent)
	fmt.Println(got, err)

	got, err = parse.OnError(flow.Stop()).Collect(context.Background()) // as without a policy
	fmt.Println(got, errors.Is(err, strconv.ErrSyntax))
	// Output:
	// [1 3] <nil>
	// [1] true
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
