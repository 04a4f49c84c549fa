package ops_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Each sale is enriched with its product from a table, of which each row is read once.
func ExampleNewLookupCache() {
	type sale struct {
		Product string
		Pieces  int
	}
	table := map[string]float64{"apple": 0.5, "pear": 0.75}
	price := ops.NewCall(func(ctx context.Context, s sale) (float64, error) {
		fmt.Println("read", s.Product)
		price, ok := table[s.Product]
		if !ok {
			return 0, ops.ErrFiltered // is remembered too
		}
		return price, nil
	})
	prices := ops.NewLookupCache(price, func(s sale) string { return s.Product }).WithTTL(time.Hour)

	enrich := func(ctx context.Context, s sale) (string, error) {
		price, err := prices.Call(ctx, s)
		return fmt.Sprintf("%d %s: %.2f", s.Pieces, s.Product, price*float64(s.Pieces)), err
	}
	sales := flow.Of(sale{"apple", 4}, sale{"pear", 2}, sale{"kiwi", 1}, sale{"apple", 10}, sale{"kiwi", 1})
	err := sales.Call(enrich).OnError(flow.Skip()).
		ForEach(func(_ context.Context, s string) error { fmt.Println(s); return nil }).
		Run(context.Background(), flow.WithLogger(discard))
	fmt.Printf("%v %+v\n", err, prices.Stats())
	// Output:
	// read apple
	// 4 apple: 2.00
	// read pear
	// 2 pear: 1.50
	// read kiwi
	// 10 apple: 5.00
	// <nil> {Hits:2 Misses:3 Shared:0 Evicted:0}
}

func ExampleLookupCache_WithTTL() {
	fake, version := clock.NewFake(), 0
	config := ops.NewLookupCache(ops.NewMapper(func(name string) string {
		version++
		return fmt.Sprint(name, " v", version)
	}), func(name string) string { return name }, fake).WithTTL(time.Minute)
	for range 3 {
		fmt.Println(config.Call(context.Background(), "limits"))
		fake.Advance(40 * time.Second)
	}
	// Output:
	// limits v1 <nil>
	// limits v1 <nil>
	// limits v2 <nil>
}

// What is in trouble is not asked again at once.
func ExampleLookupCache_WithErrorTTL() {
	calls := 0
	broken := ops.NewTryMapper(func(string) (int, error) {
		calls++
		return 0, errors.New("no answer")
	})
	cache := ops.NewLookupCache(broken, func(s string) string { return s }).WithErrorTTL(time.Second)
	for range 3 {
		_, err := cache.Call(context.Background(), "a")
		fmt.Println(err, calls)
	}
	// Output:
	// no answer 1
	// no answer 1
	// no answer 1
}

func ExampleLookupCache_WithMaxKeys() {
	square := ops.NewMapper(func(n int) int { return n * n })
	cache := ops.NewLookupCache(square, func(n int) int { return n }).WithMaxKeys(2)
	got, err := flow.Of(1, 2, 1, 3, 1, 2).Then(cache).Collect(context.Background())
	fmt.Println(got, err)
	fmt.Printf("%+v\n", cache.Stats())
	// Output:
	// [1 4 1 9 1 4] <nil>
	// {Hits:2 Misses:4 Shared:0 Evicted:2}
}

// A row was changed, and is read anew.
func ExampleLookupCache_Forget() {
	names := map[int]string{7: "Ada"}
	cache := ops.NewLookupCache(ops.NewMapper(func(id int) string { return names[id] }), func(id int) int { return id })
	ctx := context.Background()
	fmt.Println(cache.Call(ctx, 7))
	names[7] = "Grace"
	fmt.Println(cache.Call(ctx, 7))
	cache.Forget(7)
	fmt.Println(cache.Call(ctx, 7))
	// Output:
	// Ada <nil>
	// Ada <nil>
	// Grace <nil>
}
