package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewBatcher() {
	in := make(chan int)
	go func() {
		defer close(in)
		for n := range 5 {
			in <- n
		}
	}()
	batcher := ops.NewBatcher[int](ops.BatchConfig{MaxSize: 2})
	for batch := range batcher.Process(context.Background(), in) {
		fmt.Println(batch)
	}
	// Output:
	// [0 1]
	// [2 3]
	// [4]
}

// A batch that is not full is emitted a second after its first item.
func ExampleBatchConfig() {
	config := ops.BatchConfig{MaxSize: 500, MaxLatency: time.Second}
	ctx, c := context.Background(), clock.NewFake()
	in := make(chan string)
	batches := ops.NewBatcher[string](config, c).Process(ctx, in)

	in <- "the only one for now"
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Second)
	fmt.Println(<-batches)

	close(in)
	_, more := <-batches
	fmt.Println(more)
	// Output:
	// [the only one for now]
	// false
}
