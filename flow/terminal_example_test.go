package flow_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-streamz/streamz/flow"
)

func ExampleFlow_Collect() {
	got, err := flow.Range(0, 3).Collect(context.Background())
	fmt.Println(got, err)
	// Output: [0 1 2] <nil>
}

func ExampleFlow_Count() {
	n, err := flow.Range(0, 1_000_000).Count(context.Background())
	fmt.Println(n, err)
	// Output: 1000000 <nil>
}

func ExampleFlow_Reduce() {
	longest := func(longest, s string) string {
		if len(s) > len(longest) {
			return s
		}
		return longest
	}
	got, err := flow.Of("a", "abc", "ab").Reduce(context.Background(), "", longest)
	fmt.Println(got, err)
	// Output: abc <nil>
}

func ExampleFlow_First() {
	got, err := flow.Repeat("endless").First(context.Background())
	fmt.Println(got, err)
	// Output: endless <nil>
}

func ExampleFlow_Last() {
	got, err := flow.Range(0, 10).Last(context.Background())
	fmt.Println(got, err)
	// Output: 9 <nil>
}

func ExampleErrEmpty() {
	_, err := flow.Of(1, 2).Filter(func(n int) bool { return n > 5 }).First(context.Background())
	fmt.Println(errors.Is(err, flow.ErrEmpty))
	// Output: true
}

func ExampleErrStop() {
	budget := 10
	err := flow.Range(1, 1_000_000).ForEach(func(ctx context.Context, n int) error {
		if n > budget {
			return flow.ErrStop
		}
		budget -= n
		fmt.Println("bought for", n)
		return nil
	}).Run(context.Background())
	fmt.Println(err)
	// Output:
	// bought for 1
	// bought for 2
	// bought for 3
	// bought for 4
	// <nil>
}

func ExampleFlow_All() {
	for n, err := range flow.Range(0, 1_000_000).All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if n == 2 {
			break // ends the flow, and waits for that
		}
		fmt.Println(n)
	}
	// Output:
	// 0
	// 1
}

func ExampleFlow_Chan() {
	items, wait := flow.Of("a", "b").Chan(context.Background())
	for v := range items {
		fmt.Println(v)
	}
	fmt.Println(wait())
	// Output:
	// a
	// b
	// <nil>
}
