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
	// Output: [1 3] 2 of 4 items failed, the budget is 1; the last: strconv.Atoi: parsing "y": invalid syntax; the first: strconv.Atoi: parsing "x": invalid syntax
}

func ExampleBudgetError() {
	silent := flow.WithLogger(slog.New(slog.DiscardHandler))
	err := flow.Of("1", "x", "300", "y", "z", "6").
		TryMap(func(s string) (int64, error) { return strconv.ParseInt(s, 10, 8) }).OnError(flow.Budget(3)).
		Run(context.Background(), silent)
	if sum, ok := errors.AsType[*flow.BudgetError](err); ok {
		fmt.Println(sum.Failed, "of", sum.Seen, "failed,", sum.Limit, "may")
		for _, kind := range sum.Kinds {
			fmt.Println(kind.Count, kind.Text)
		}
	}
	// Output:
	// 4 of 5 failed, 3 may
	// 3 invalid syntax
	// 1 value out of range
}

func ExampleErrorKind() {
	kind := flow.ErrorKind{Text: "connection refused", Count: 12}
	fmt.Println(kind.Count, "times:", kind.Text)
	// Output: 12 times: connection refused
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
