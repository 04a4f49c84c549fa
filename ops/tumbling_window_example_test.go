package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

// Windows of a minute are whole minutes, whenever the first item comes.
func ExampleNewTumblingWindow() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 14, 50, 0, time.UTC))
	in := make(chan string)
	windows := ops.NewTumblingWindow[string](time.Minute, c).Process(ctx, in)

	in <- "a"
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(10 * time.Second)
	fmt.Println(show(<-windows))

	in <- "b"
	in <- "c"
	close(in)
	fmt.Println(show(<-windows))
	// Output:
	// 13:14:00-13:15:00 [a]
	// 13:15:00-13:16:00 [b c]
}

func show[T any](w ops.Window[T]) string {
	return fmt.Sprint(w.Start.Format(time.TimeOnly), "-", w.End.Format(time.TimeOnly), " ", w.Items)
}

// Noon to noon.
func ExampleTumblingWindow_WithOffset() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 14, 15, 0, time.UTC))
	in := make(chan string, 1)
	in <- "a"
	close(in)
	days := ops.NewTumblingWindow[string](24*time.Hour, c).WithOffset(12 * time.Hour)
	for w := range days.Process(ctx, in) {
		fmt.Println(w.Start, w.Items)
	}
	// Output: 2024-05-15 12:00:00 +0000 UTC [a]
}

// A window that is full does not wait for its end, and goes on in another one.
func ExampleTumblingWindow_WithMaxItems() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 14, 15, 0, time.UTC))
	in := make(chan int, 3)
	for n := range cap(in) {
		in <- n
	}
	close(in)
	for w := range ops.NewTumblingWindow[int](time.Minute, c).WithMaxItems(2).Process(ctx, in) {
		fmt.Println(show(w))
	}
	// Output:
	// 13:14:00-13:15:00 [0 1]
	// 13:14:00-13:15:00 [2]
}
