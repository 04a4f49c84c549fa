package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// What is no number is put aside, and the rest goes on.
func ExampleNewDeadLetterQueue() {
	parse := ops.NewDeadLetterQueue(ops.NewTryMapper(strconv.Atoi))
	for n := range parse.Process(context.Background(), feed("1", "x", "3")) {
		fmt.Println(n)
	}
	for _, l := range parse.TakeLetters() {
		fmt.Println(l.Item, l.Err)
	}
	// Output:
	// 1
	// 3
	// x strconv.Atoi: parsing "x": invalid syntax
}

// The letters come over a channel of their own, which closes with the last run.
func ExampleDeadLetterQueue_FailedItems() {
	parse := ops.NewDeadLetterQueue(ops.NewTryMapper(strconv.Atoi))
	failed := parse.FailedItems()
	got, err := flow.Of("1", "x", "y").Then(parse).Collect(context.Background())
	fmt.Println(got, err)
	for l := range failed {
		fmt.Println(l.Item)
	}
	// Output:
	// [1] <nil>
	// x
	// y
}

// Each letter says how often its item was tried.
func ExampleDeadLetterQueue_OnFailure() {
	down := ops.NewTryMapper(func(n int) (int, error) { return 0, errors.New("no answer") })
	queue := ops.NewDeadLetterQueue(down).MaxRetries(2).RetryDelay(time.Millisecond).
		OnFailure(func(_ context.Context, l ops.Letter[int]) { fmt.Println(l.Item, l.Attempts, l.Err) })
	err := flow.Of(1, 2).Then(queue).Run(context.Background())
	fmt.Println(err)
	// Output:
	// 1 3 no answer
	// 2 3 no answer
	// <nil>
}

func ExampleDeadLetterQueue_Stats() {
	parse := ops.NewDeadLetterQueue(ops.NewTryMapper(strconv.Atoi))
	n, err := flow.Of("1", "2", "3", "x").Then(parse).Count(context.Background())
	s := parse.Stats()
	fmt.Println(n, err, s.Failed, s.SuccessRate(), s.FailureRate())
	// Output: 3 <nil> 1 0.75 0.25
}

// The first letter ends the run.
func ExampleDeadLetterQueue_ContinueOnError() {
	parse := ops.NewDeadLetterQueue(ops.NewTryMapper(strconv.Atoi)).ContinueOnError(false)
	got, err := flow.Of("1", "x", "3").Then(parse).Collect(context.Background())
	fmt.Println(got, errors.Is(err, strconv.ErrSyntax))
	// Output: [1] true
}
