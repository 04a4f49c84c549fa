package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

func ExampleNewKeepAlive() {
	c := clock.NewFake()
	in := make(chan string)
	out := ops.NewKeepAlive(30*time.Second, func() string { return ": still here" }, c).Process(context.Background(), in)

	if err := c.BlockUntil(context.Background(), 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(30 * time.Second)
	fmt.Println(<-out)
	in <- "data: hello"
	fmt.Println(<-out)
	close(in)
	// Output:
	// : still here
	// data: hello
}

func ExampleKeepAlive() {
	c := clock.NewFake()
	beats := 0
	beat := ops.NewKeepAlive(time.Second, func() int {
		beats++
		return beats
	}, c)
	in := make(chan int)
	out := beat.Process(context.Background(), in)
	for range 3 {
		if err := c.BlockUntil(context.Background(), 1); err != nil {
			fmt.Println(err)
		}
		c.Advance(time.Second)
		fmt.Println(<-out)
	}
	close(in)
	// Output:
	// 1
	// 2
	// 3
}

func ExampleKeepAlive_WithName() {
	beat := ops.NewKeepAlive(time.Minute, func() string { return "ping" }).WithName("heartbeat")
	fmt.Println(beat.Name())
	// Output: heartbeat
}
