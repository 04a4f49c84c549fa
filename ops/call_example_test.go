package ops_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/ops"
)

// lookup stands for a call that takes a while and can fail.
func lookup(ctx context.Context, id int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if id == 404 {
		return "", errors.New("not found")
	}
	return fmt.Sprint("user ", id), ctx.Err()
}

func ExampleNewCall() {
	in := make(chan int, 3)
	in <- 1
	in <- 404
	in <- 2
	close(in)
	users := ops.NewCall(lookup).WithName("lookup").OnError(func(_ context.Context, e *ops.ItemError) {
		fmt.Println(e.Item, "failed:", e)
	})
	for user := range users.Process(context.Background(), in) {
		fmt.Println(user)
	}
	// Unordered output:
	// user 1
	// 404 failed: lookup: not found
	// user 2
}
