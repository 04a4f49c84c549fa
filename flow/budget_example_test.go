package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

func ExampleBudget() {
	silent := flow.WithLogger(slog.New(slog.DiscardHandler))
	got, err := flow.Of("1", "x", "3", "y", "5").
		TryMap(strconv.Atoi).Named("parse").OnError(flow.Budget(1)).
		Collect(context.Background(), silent)
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(got, failed.Err)
	// Output: [1 3] failed items exceed the budget of 1, the last one with: strconv.Atoi: parsing "y": invalid syntax
}

func ExampleBudgetShare() {
	aside := flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return nil })
	got, err := flow.Of("1", "x", "3", "4", "5", "y", "7", "8", "z", "10").
		TryMap(strconv.Atoi).OnError(flow.BudgetShare(0.25, 4).Then(aside)). // one of any four
		Collect(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(got, failed.Item)
	// Output: [1 3 4 5 7 8] z
}
