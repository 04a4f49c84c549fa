package ops_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-streamz/streamz/ops"
)

func ExampleNewRouter() {
	in := make(chan string, 3)
	for _, s := range []string{"GET /", "POST /login", "GET /login"} {
		in <- s
	}
	close(in)
	get := func(s string) bool { return strings.HasPrefix(s, "GET ") }
	requests := ops.NewRouter[string]().
		AddRoute("read", get, ops.NewMapper(strings.ToLower)).
		WithDefault(ops.NewMapper(strings.ToUpper))
	outs := requests.Process(context.Background(), in).Routes
	var readers sync.WaitGroup
	for _, name := range requests.Names() {
		readers.Go(func() {
			for s := range outs[name] {
				fmt.Println(name, s)
			}
		})
	}
	readers.Wait()
	// Unordered output:
	// read get /
	// read get /login
	// default POST /LOGIN
}

// An item that two routes match takes both.
func ExampleRouter_AllMatches() {
	in := make(chan int, 3)
	for _, n := range []int{2, 3, 6} {
		in <- n
	}
	close(in)
	of := func(n int) func(int) bool { return func(v int) bool { return v%n == 0 } }
	r := ops.NewRouter[int]().
		AddRoute("of 2", of(2), ops.NewMapper(func(n int) int { return n / 2 })).
		AddRoute("of 3", of(3), ops.NewMapper(func(n int) int { return n / 3 })).
		AllMatches()
	sum := 0
	for n := range r.ProcessToSingle(context.Background(), in) {
		sum += n
	}
	fmt.Println(sum, r.Stats().Matches)
	// Output: 7 map[of 2:2 of 3:2]
}

func ExampleRouter_ProcessToSingle() {
	in := make(chan int, 4)
	for n := range 4 {
		in <- n
	}
	close(in)
	even := func(n int) bool { return n%2 == 0 }
	r := ops.NewRouter[int]().AddRoute("even", even, ops.NewMapper(func(n int) int { return -n }))
	for n := range r.ProcessToSingle(context.Background(), in) {
		fmt.Println(n)
	}
	// Output:
	// 0
	// -2
}

func ExampleNewRouterBuilder() {
	small := func(n int) bool { return n < 10 }
	r := ops.NewRouterBuilder[int]().
		Route("small").When(small).To(ops.NewTake[int](3)).
		Default(ops.NewTake[int](1)).
		Build()
	fmt.Println(r.Names())
	// Output: [small default]
}
