package flow_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

func Example_readme() {
	numbers := strings.NewReader("3\n1\nfour\n1\n5\n")
	err := flow.Lines(numbers).
		TryMap(strconv.Atoi).Named("parse").OnError(flow.Skip()). // "four" is logged and counted
		Filter(func(n int) bool { return n%2 == 1 }).
		Batch(2, time.Second). // two items, or fewer one second after the first of them
		ForEach(func(ctx context.Context, batch []int) error {
			fmt.Println(batch)
			return nil
		}).
		Run(context.Background())
	fmt.Println(err)
	// Output:
	// [3 1]
	// [1 5]
	// <nil>
}
