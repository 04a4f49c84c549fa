package clock_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// No real time passes until the context expires.
func ExampleWithTimeout() {
	c := clock.NewFake()
	ctx, cancel := clock.WithTimeout(context.Background(), c, time.Hour)
	defer cancel()

	c.Advance(time.Hour)
	<-ctx.Done()
	fmt.Println(ctx.Err())
	// Output: context deadline exceeded
}
