package ops_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewDedupe() {
	ctx := context.Background()
	for word := range ops.NewDedupe(strings.ToLower).Process(ctx, feed("go", "Go", "c", "GO")) {
		fmt.Println(word)
	}
	// Output:
	// go
	// c
}

func ExampleDedupe() {
	dedupe := ops.NewDedupe(strings.ToLower).WithTTL(time.Minute).WithMaxKeys(100)
	got, err := flow.Of("go", "Go", "c", "GO").Then(dedupe).Collect(context.Background())
	fmt.Println(got, err)
	fmt.Printf("%+v\n", dedupe.Stats())
	// Output:
	// [go c] <nil>
	// {UniqueCount:2 DuplicateCount:2 Forgotten:0}
}

// The key of the item is forgotten after a minute of the clock.
func ExampleDedupe_WithTTL() {
	ctx := context.Background()
	c := clock.NewFake()
	in := make(chan string)
	out := ops.NewDedupe(strings.ToLower, c).WithTTL(time.Minute).Process(ctx, in)
	for _, word := range []string{"go", "GO"} {
		in <- word
		fmt.Println(<-out)
		if err := c.BlockUntil(ctx, 1); err != nil { // until the key is remembered
			fmt.Println(err)
		}
		c.Advance(time.Minute)
	}
	close(in)
	// Output:
	// go
	// GO
}

// The newest key makes the oldest be forgotten, which Stats counts.
func ExampleDedupe_WithMaxKeys() {
	dedupe := ops.NewDedupe(strings.ToLower).WithMaxKeys(1)
	quiet := flow.WithLogger(discard) // the log would have a warning
	got, err := flow.Of("go", "Go", "c", "GO").Then(dedupe).Collect(context.Background(), quiet)
	fmt.Println(got, err)
	fmt.Println(dedupe.Stats().Forgotten, "forgotten")
	// Output:
	// [go c GO] <nil>
	// 2 forgotten
}

// The second run knows what the first one has delivered.
func ExampleDedupe_WithMemory() {
	ctx := context.Background()
	memory := ops.NewDedupeMemory[string]()
	words := flow.Of("go", "Go").Then(ops.NewDedupe(strings.ToLower).WithMemory(memory))
	for range 2 {
		got, err := words.Collect(ctx)
		fmt.Println(got, err)
	}
	fmt.Println(memory.Len(), "key")
	// Output:
	// [go] <nil>
	// [] <nil>
	// 1 key
}

func ExampleDedupe_WithName() {
	fmt.Println(ops.NewDedupe(strings.ToLower).WithName("once").Name())
	// Output: once
}
