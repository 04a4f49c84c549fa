package flow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-streamz/streamz/flow"
)

func ExampleFlow_Branch() {
	words, err := flow.Of("a", "b", "c").Branch(
		func(f flow.Flow[string]) flow.Flow[string] { return f.Map(strings.ToUpper) },
		func(f flow.Flow[string]) flow.Flow[string] { return f.Take(2) },
	).Collect(context.Background())
	fmt.Println(words, err)
	// Output: [A a B b C] <nil>
}

func ExampleFlow_Partition() {
	sizes, err := flow.Of("one", "eleven", "two").Partition(
		func(word string) bool { return len(word) > 3 },
		func(long flow.Flow[string]) flow.Flow[int] { return long.Map(func(s string) int { return -len(s) }) },
		func(short flow.Flow[string]) flow.Flow[int] { return short.Map(func(s string) int { return len(s) }) },
	).Collect(context.Background())
	fmt.Println(sizes, err)
	// Output: [3 -6 3] <nil>
}

func ExampleFlow_Route() {
	type order struct{ region, item string }
	customs := func(f flow.Flow[order]) flow.Flow[string] {
		return f.Map(func(o order) string { return o.item + " through customs" })
	}
	post := func(f flow.Flow[order]) flow.Flow[string] {
		return f.Map(func(o order) string { return o.item + " by post" })
	}
	sent, err := flow.Of(order{"eu", "book"}, order{"us", "lamp"}, order{"jp", "cup"}).Route(
		func(o order) string { return o.region },
		flow.Case("eu", post),
		flow.Default[string](customs),
	).Collect(context.Background())
	fmt.Println(strings.Join(sent, ", "), err)
	// Output: book by post, lamp through customs, cup through customs <nil>
}

func ExampleUnzip() {
	pairs := flow.Of("a", "b", "c").Pairwise()
	all, err := flow.Unzip(pairs,
		func(first flow.Flow[string]) flow.Flow[string] { return first },
		func(second flow.Flow[string]) flow.Flow[string] { return second.Map(strings.ToUpper) },
	).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [a B b C] <nil>
}

func ExampleFlow_Balance() {
	near := func(f flow.Flow[string]) flow.Flow[string] {
		return f.Map(func(s string) string { return s + " near" })
	}
	far := func(f flow.Flow[string]) flow.Flow[string] {
		return f.Map(func(s string) string { return s + " far" })
	}
	n, err := flow.Of("a", "b", "c").Balance(near, far).Count(context.Background())
	fmt.Println(n, err)
	// Output: 3 <nil>
}

func ExampleFlow_ParallelUnordered() {
	squares, err := flow.Range(0, 5).ParallelUnordered(2, func(f flow.Flow[int]) flow.Flow[int] {
		return f.Filter(func(n int) bool { return n != 3 }).Map(func(n int) int { return n * n })
	}).Collect(context.Background())
	slices.Sort(squares)
	fmt.Println(squares, err)
	// Output: [0 1 4 16] <nil>
}

func ExampleFlow_ParallelKeyed() {
	type visit struct {
		user string
		page int
	}
	user := func(v visit) string { return v.user }
	// Each copy sees all visits of its users, in order.
	news, err := flow.Of(visit{"ada", 1}, visit{"bob", 7}, visit{"ada", 1}, visit{"bob", 8}).
		ParallelKeyed(2, user, func(f flow.Flow[visit]) flow.Flow[visit] { return f.Dedupe(func(v visit) visit { return v }, 0) }).
		Count(context.Background())
	fmt.Println(news, err)
	// Output: 3 <nil>
}
