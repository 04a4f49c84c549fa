package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

func ExampleStageError() {
	_, err := flow.Of("1", "x").TryMap(strconv.Atoi).Named("parse").Collect(context.Background())
	failed, ok := errors.AsType[*flow.StageError](err)
	fmt.Println(ok, failed.Stage, failed.Op, failed.Item, failed.Attempt)
	fmt.Println(errors.Is(err, strconv.ErrSyntax))
	// Output:
	// true parse TryMap x 1
	// true
}

func ExamplePanicError() {
	var none map[string]int
	err := flow.Of("a").Tap(func(s string) { none[s]++ }).Run(context.Background())
	panicked, ok := errors.AsType[*flow.PanicError](err)
	fmt.Println(ok, panicked.Value, len(panicked.Stack) > 0)
	// Output: true assignment to entry in nil map true
}

func ExampleConfigError() {
	err := flow.Range(0, 10).Take(-1).Batch(0, 0).Run(context.Background())
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		e, _ := errors.AsType[*flow.ConfigError](err)
		fmt.Printf("%s: %s %s\n", e.Stage, e.Field, e.Want)
	}
	// Output:
	// take: count must not be negative
	// batcher: size must be at least 1 where there is no latency
}
