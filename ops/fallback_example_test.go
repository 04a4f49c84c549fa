package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// What is no number counts as zero.
func ExampleNewFallback() {
	parse := ops.NewFallback(ops.NewTryMapper(strconv.Atoi), func(_ context.Context, s string, err error) (int, error) {
		return 0, nil
	})
	got, err := flow.Of("1", "x", "3").Then(parse).Collect(context.Background())
	fmt.Println(got, err, parse.Stats().Replaced)
	// Output: [1 0 3] <nil> 1
}

// A price that the shop does not give is that of yesterday, where there is one.
func ExampleFallback() {
	yesterday := map[string]int{"tea": 3}
	shop := ops.NewCall(func(context.Context, string) (int, error) { return 0, errors.New("the shop is closed") })
	price := ops.NewFallback(shop, func(_ context.Context, item string, err error) (int, error) {
		if p, ok := yesterday[item]; ok {
			return p, nil
		}
		return 0, errors.New("no price known")
	})
	fmt.Println(price.Call(context.Background(), "tea"))
	fmt.Println(price.Call(context.Background(), "jam"))
	// Output:
	// 3 <nil>
	// 0 the shop is closed; the fallback: no price known
}

// A number that is too large is the largest, and what is none stays an error.
func ExampleFallback_FallbackIf() {
	parse := ops.NewTryMapper(func(s string) (int8, error) {
		n, err := strconv.ParseInt(s, 10, 8)
		return int8(n), err
	})
	most := ops.NewFallback(parse, func(context.Context, string, error) (int8, error) { return 127, nil }).
		FallbackIf(func(err error) bool { return errors.Is(err, strconv.ErrRange) })
	fmt.Println(most.Call(context.Background(), "1000"))
	fmt.Println(most.Call(context.Background(), "x"))
	// Output:
	// 127 <nil>
	// 0 strconv.ParseInt: parsing "x": invalid syntax
}

func ExampleFallbackStats() {
	f := ops.NewFallback(ops.NewTryMapper(strconv.Atoi), func(_ context.Context, s string, err error) (int, error) {
		if s == "" {
			return 0, nil
		}
		return 0, err
	})
	for _, s := range []string{"1", "", "x"} {
		_, _ = f.Call(context.Background(), s)
	}
	fmt.Printf("%+v\n", f.Stats())
	// Output: {Replaced:1 Failed:1}
}
