package stage_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

func show[T any](f flow.Flow[T]) {
	got, err := f.Collect(context.Background())
	fmt.Println(got, err)
}

func ExampleStage() {
	clean := stage.Map(strings.TrimSpace).Then(stage.Filter(func(s string) bool { return s != "" }))
	show(flow.Of(" a", " ", "b ").Then(clean))
	// Output: [a b] <nil>
}

func ExampleStage_Then() {
	parse := stage.Map(strings.TrimSpace).Then(stage.TryMap(strconv.Atoi))
	inPairs := parse.Then(stage.Batch[int](2, 0))
	show(flow.Of("1", " 2", "3").Then(inPairs))
	// Output: [[1 2] [3]] <nil>
}

func ExampleStage_Named() {
	parse := stage.Map(strings.TrimSpace).Then(stage.TryMap(strconv.Atoi)).Named("parse")
	var r flow.Report
	_ = flow.Of("1").Then(parse).Run(context.Background(), flow.WithReport(&r))
	for _, s := range r.Stages {
		fmt.Println(s.Name)
	}
	// Output:
	// items
	// parse/mapper
	// parse/try-mapper
	// discard
}

func ExampleStage_Name() {
	fmt.Println(stage.Map(strconv.Itoa).Name(), stage.Map(strconv.Itoa).Named("text").Name())
	// Output: mapper text
}

func ExampleStage_Process() {
	in := make(chan int, 2)
	in <- 1
	in <- 2
	close(in)
	for s := range stage.Map(strconv.Itoa).Process(context.Background(), in) {
		fmt.Printf("%q\n", s)
	}
	// Output:
	// "1"
	// "2"
}

func ExampleOf() {
	onlyTwo := stage.Of[int, int](ops.NewTake[int](2).WithDrain())
	show(flow.Range(0, 10).Then(onlyTwo))
	// Output: [0 1] <nil>
}

func ExampleBatch() {
	show(flow.Range(0, 5).Then(stage.Batch[int](2, time.Second)))
	// Output: [[0 1] [2 3] [4]] <nil>
}

func ExampleUnbatch() {
	show(flow.Of([]int{1, 2}, []int{3}).Then(stage.Unbatch[int]()))
	// Output: [1 2 3] <nil>
}

func ExampleFilter() {
	show(flow.Range(0, 6).Then(stage.Filter(func(n int) bool { return n%2 == 0 })))
	// Output: [0 2 4] <nil>
}

func ExampleFlatMap() {
	show(flow.Of("a b", "c").Then(stage.FlatMap(strings.FieldsSeq)))
	// Output: [a b c] <nil>
}

func ExampleGather() {
	// Counts how often each word occurs, and tells at the end.
	count := ops.NewGatherer(
		func() map[string]int { return map[string]int{} },
		func(seen *map[string]int, word string, _ func(string) error) error {
			(*seen)[word]++
			return nil
		},
		func(seen *map[string]int, emit func(string) error) error {
			for _, word := range slices.Sorted(maps.Keys(*seen)) {
				if err := emit(fmt.Sprintf("%s=%d", word, (*seen)[word])); err != nil {
					return err
				}
			}
			return nil
		},
	)
	show(flow.Of("b", "a", "b").Then(stage.Gather(count)))
	// Output: [a=1 b=2] <nil>
}

func ExampleMap() {
	show(flow.Of("a", "b").Then(stage.Map(strings.ToUpper)))
	// Output: [A B] <nil>
}

func ExampleScan() {
	show(flow.Of(1, 2, 3).Then(stage.Scan(0, func(sum, n int) int { return sum + n })))
	// Output: [1 3 6] <nil>
}

func ExampleSkip() {
	show(flow.Of("a", "b", "c").Then(stage.Skip[string](1)))
	// Output: [b c] <nil>
}

func ExampleTake() {
	show(flow.Range(0, 1_000_000).Then(stage.Take[int](3)))
	// Output: [0 1 2] <nil>
}

func ExampleTap() {
	show(flow.Of("a", "b").Then(stage.Tap(func(s string) { fmt.Println("saw", s) })))
	// Output:
	// saw a
	// saw b
	// [a b] <nil>
}

func ExampleTryMap() {
	show(flow.Of("1", "2").Then(stage.TryMap(strconv.Atoi)))
	// Output: [1 2] <nil>
}
