package ops_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

type click struct{ User, Page string }

func user(c click) string { return c.User }

// A visit of a user ends ten minutes after the last click.
func ExampleNewSessionWindow() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 0, 0, 0, time.UTC))
	in := make(chan click)
	visits := ops.NewSessionWindow(user, c).WithGap(10*time.Minute).Process(ctx, in)

	in <- click{"ann", "/"}
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(10 * time.Minute)
	fmt.Println(show(<-visits))

	in <- click{"bob", "/"}
	in <- click{"ann", "/cart"}
	in <- click{"bob", "/cart"}
	close(in)
	for w := range visits {
		fmt.Println(show(w))
	}
	// Output:
	// 13:00:00-13:10:00 [{ann /}]
	// 13:10:00-13:20:00 [{bob /} {bob /cart}]
	// 13:10:00-13:20:00 [{ann /cart}]
}

// The memory for sessions is bounded: the one that has been idle longest makes room.
func ExampleSessionWindow_WithMaxSessions() {
	in := make(chan click, 3)
	in <- click{"ann", "/"}
	in <- click{"bob", "/"}
	in <- click{"cid", "/"}
	close(in)
	sessions := ops.NewSessionWindow(user, clock.NewFake()).WithMaxSessions(2)
	for w := range sessions.Process(context.Background(), in) {
		fmt.Println(w.Items)
	}
	fmt.Println(sessions.Stats())
	// Output:
	// [{ann /}]
	// [{bob /}]
	// [{cid /}]
	// {3 1}
}

// Somebody who never pauses has a visit of at most an hour, or of 100 clicks.
func ExampleSessionWindow_WithMaxDuration() {
	ctx := context.Background()
	c := clock.NewFakeAt(time.Date(2024, 5, 15, 13, 0, 0, 0, time.UTC))
	in := make(chan click)
	sessions := ops.NewSessionWindow(user, c).WithGap(2 * time.Hour).WithMaxDuration(time.Hour).WithMaxItems(100)
	visits := sessions.Process(ctx, in)

	in <- click{"ann", "/"}
	if err := c.BlockUntil(ctx, 1); err != nil {
		fmt.Println(err)
	}
	c.Advance(time.Hour)
	fmt.Println(show(<-visits))
	close(in)
	// Output: 13:00:00-14:00:00 [{ann /}]
}
