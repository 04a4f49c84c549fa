package ops_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewSwitch() {
	ctx := context.Background()
	in := make(chan string, 3)
	for _, s := range []string{"read", "!stop", "write"} {
		in <- s
	}
	close(in)
	urgent := func(s string) bool { return strings.HasPrefix(s, "!") }
	levels := ops.NewSwitch(
		ops.When("urgent", urgent, ops.NewMapper(strings.ToUpper)),
		ops.Otherwise(ops.NewMapper(strings.ToLower)),
	)
	for s := range levels.Process(ctx, in) {
		fmt.Println(s)
	}
	// Unordered output:
	// !STOP
	// read
	// write
}

// The stages of a case run on a goroutine of their own. A case that ends early discards what
// else is its, and the others go on.
func ExampleWhen() {
	large := func(size int) bool { return size > 100 }
	pack := ops.NewMapper(func(size int) int { return size / 100 })
	sizes := flow.Of(500, 1, 2, 3, 600).Switch(ops.When("large", large, pack), ops.Otherwise(ops.NewTake[int](2)))
	sum, err := sizes.Reduce(context.Background(), 0, func(sum, size int) int { return sum + size })
	fmt.Println(sum, err)
	// Output: 14 <nil>
}

func ExampleOtherwise() {
	words := ops.NewSwitch(ops.Otherwise(ops.NewMapper(strings.ToUpper)))
	got, err := flow.Of("a", "b").Then(words).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [A B] <nil>
}

func ExampleSwitch_Case() {
	even := func(n int) bool { return n%2 == 0 }
	half := ops.NewMapper(func(n int) int { return n / 2 })
	got, err := flow.Of(1, 2, 3, 4).Then(ops.NewSwitch[int]().Case("even", even, half)).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [1 2] <nil>
}

func ExampleSwitch_OnUnmatched() {
	even := func(n int) bool { return n%2 == 0 }
	evens := ops.NewSwitch(ops.When("even", even, ops.NewTake[int](10))).OnUnmatched(func(n int) {
		fmt.Println("no case for", n)
	})
	got, err := flow.Of(1, 2, 3).Then(evens).Collect(context.Background())
	fmt.Println(got, err)
	// Output:
	// no case for 1
	// no case for 3
	// [2] <nil>
}

func ExampleSwitch_Stats() {
	even := func(n int) bool { return n%2 == 0 }
	evens := ops.NewSwitch(ops.When("even", even, ops.NewTake[int](10)))
	_ = flow.Of(1, 2, 3, 5).Then(evens).Run(context.Background())
	stats := evens.Stats()
	fmt.Println(stats.TotalItems, stats.CaseMatches, stats.MatchRate("even"))
	// Output: 4 map[_none:3 even:1] 0.25
}
