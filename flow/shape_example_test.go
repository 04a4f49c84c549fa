package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

func ExampleFlow() {
	squares := flow.Range(1, 6).Map(func(n int) int { return n * n })
	all, err := squares.Collect(context.Background())
	fmt.Println(all, err)
	last, err := squares.Last(context.Background()) // the description can be run again
	fmt.Println(last, err)
	// Output:
	// [1 4 9 16 25] <nil>
	// 25 <nil>
}

func ExampleFlow_Then() {
	got, err := flow.Of("3", "4").
		Then(ops.NewTryMapper(strconv.Atoi)).                           // a processor
		Then(stage.Map(strconv.Itoa).Then(stage.Map(strings.ToUpper))). // a stage
		Then(flow.Pipe(func(f flow.Flow[string]) flow.Flow[string] { return f.Take(1) })).
		Collect(context.Background())
	fmt.Println(got, err)
	// Output: [3] <nil>
}

// Doubler is a processor of one's own that only knows channels.
type Doubler struct{}

func (Doubler) Name() string { return "doubler" }

func (Doubler) Process(ctx context.Context, in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := range in {
			select {
			case out <- 2 * n:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func ExampleFlow_Then_processorOfYourOwn() {
	got, err := flow.Range(1, 4).Then(Doubler{}).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [2 4 6] <nil>
}

func ExampleFlow_Named() {
	var r flow.Report
	_ = flow.Of("1", "2").Named("input").
		TryMap(strconv.Atoi).Named("parse").
		Run(context.Background(), flow.WithReport(&r))
	for _, s := range r.Stages {
		fmt.Println(s.Name, s.Op)
	}
	// Output:
	// input Of
	// parse TryMap
	// discard Discard
}

func ExampleFlow_Async() {
	var r flow.Report
	n, err := flow.Range(0, 1000).
		Map(func(n int) int { return n * n }).
		Async(64). // what follows runs on a goroutine of its own
		Filter(func(n int) bool { return n%2 == 0 }).
		Count(context.Background(), flow.WithReport(&r))
	fmt.Println(n, err, r.Goroutines)
	// Output: 500 <nil> {1 1}
}

func ExampleFlow_Batch_time() {
	events := flow.FromFunc(func(ctx context.Context, emit func(string) error) error {
		_ = emit("first")
		<-ctx.Done() // nothing more comes for a long time
		return nil
	})
	got, err := events.Batch(500, time.Millisecond).First(context.Background())
	fmt.Println(got, err)
	// Output: [first] <nil>
}

func ExampleUnbatch() {
	got, err := flow.Unbatch(flow.Of([]int{1, 2}, []int{3})).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [1 2 3] <nil>
}

func ExampleMerge() {
	fast := flow.Range(1, 4)
	slow := flow.Of(10, 20)
	sum, err := flow.Merge(fast, slow).Reduce(context.Background(), 0, func(sum, n int) int { return sum + n })
	fmt.Println(sum, err)
	// Output: 36 <nil>
}

func ExampleConcat() {
	head, rows := flow.Of("name"), flow.Of("ada", "bo")
	got, err := flow.Concat(head, rows.Map(strings.ToUpper)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [name ADA BO] <nil>
}

func ExamplePipe() {
	parse := flow.Pipe(func(lines flow.Flow[string]) flow.Flow[int] {
		return lines.
			Map(strings.TrimSpace).
			Filter(func(s string) bool { return s != "" }).
			TryMap(strconv.Atoi)
	})
	got, err := flow.Of(" 1", "", "2 ").Then(parse).Collect(context.Background())
	fmt.Println(got, err)
	_, err = flow.Of("1", "x").Then(parse).Named("parse").Collect(context.Background())
	failed, _ := errors.AsType[*flow.StageError](err)
	fmt.Println(failed.Stage, failed.Err)
	// Output:
	// [1 2] <nil>
	// parse/try-mapper strconv.Atoi: parsing "x": invalid syntax
}
