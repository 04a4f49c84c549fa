package flow_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/flow"
)

func ExampleDeadLetter() {
	write := func(_ context.Context, l flow.Letter[any]) error {
		fmt.Printf("%s: %v: %v\n", l.Stage, l.Item, l.Err)
		return nil
	}
	var r flow.Report
	got, err := flow.Of("1", "x", "3").
		TryMap(strconv.Atoi).Named("parse").OnError(flow.DeadLetter(write)).
		Collect(context.Background(), flow.WithReport(&r))
	fmt.Println(got, err)
	parse, _ := r.Stage("parse")
	fmt.Println(parse.DeadLettered, "put aside")
	// Output:
	// parse: x: strconv.Atoi: parsing "x": invalid syntax
	// [1 3] <nil>
	// 1 put aside
}

func ExampleDeadLetters() {
	var again []string
	keep := func(_ context.Context, l flow.Letter[string]) error {
		again = append(again, l.Item)
		return nil
	}
	got, err := flow.Of("1", "x", "3").TryMap(strconv.Atoi).OnError(flow.DeadLetters(keep)).Collect(context.Background())
	fmt.Println(got, again, err)
	// Output: [1 3] [x] <nil>
}

func ExampleLetter() {
	l := flow.Letter[string]{Item: "x", Err: strconv.ErrSyntax, Stage: "parse", Attempts: 3}
	fmt.Printf("%s gave up %q after %d calls: %v\n", l.Stage, l.Item, l.Attempts, l.Err)
	// Output: parse gave up "x" after 3 calls: invalid syntax
}

func ExamplePolicy_Then() {
	aside := flow.DeadLetter(func(_ context.Context, l flow.Letter[any]) error {
		fmt.Printf("%v put aside after %d calls\n", l.Item, l.Attempts)
		return nil
	})
	got, err := flow.Of("1", "x", "3").
		TryMap(strconv.Atoi).OnError(flow.Retry(3, flow.Constant(0)).Then(aside)).
		Collect(context.Background())
	fmt.Println(got, err)
	// Output:
	// x put aside after 3 calls
	// [1 3] <nil>
}
