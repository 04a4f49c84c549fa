package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// synctest.Wait returns only if BlockUntil is durably blocked, so this fails
// for one that polls or sleeps.
func TestFakeBlockUntil_waitsForTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake()
		done := make(chan error, 1)
		go func() { done <- c.BlockUntil(t.Context(), 3) }()

		stopped := c.NewTimer(time.Second)
		stopped.Stop()
		c.NewTimer(0)
		c.NewTimer(time.Second)
		c.NewTicker(time.Second)
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("BlockUntil(3) returned with two waiters")
		}
		stopped.Reset(time.Second)
		if err := <-done; err != nil {
			t.Errorf("BlockUntil(3): want no error, got %v", err)
		}
	})
}

func TestFakeBlockUntil_eachCallHasItsNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake()
		done := make(chan int, 3)
		for n := 1; n <= 3; n++ {
			go func() {
				if err := c.BlockUntil(t.Context(), n); err == nil {
					done <- n
				}
			}()
		}
		synctest.Wait()
		for n := 1; n <= 3; n++ {
			c.NewTimer(time.Second)
			synctest.Wait()
			if want, got := n, <-done; want != got {
				t.Errorf("released by timer %d: want %d, got %d", n, want, got)
			}
		}
	})
}

func TestFakeBlockUntil_returnsAtOnce(t *testing.T) {
	c := clock.NewFake()
	c.NewTimer(time.Second)
	for n := -1; n <= 1; n++ {
		if err := c.BlockUntil(t.Context(), n); err != nil {
			t.Errorf("BlockUntil(%d) with one waiter: want no error, got %v", n, err)
		}
	}
}

func TestFakeBlockUntil_outsideBubble(t *testing.T) {
	c := clock.NewFake()
	go func() {
		for range 10 {
			c.NewTimer(time.Second)
		}
	}()
	if err := c.BlockUntil(t.Context(), 10); err != nil {
		t.Errorf("BlockUntil(10): want no error, got %v", err)
	}
}

func TestFakeBlockUntil_reportsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := clock.NewFake()
		done := make(chan error, 1)
		go func() { done <- c.BlockUntil(ctx, 1) }()

		synctest.Wait()
		cancel(errStop)
		if err := <-done; !errors.Is(err, errStop) {
			t.Errorf("BlockUntil(): want %v, got %v", errStop, err)
		}
		c.NewTimer(time.Second) // the call that gave up is no longer notified
		if err := c.BlockUntil(ctx, 1); !errors.Is(err, errStop) {
			t.Errorf("BlockUntil() with an ended ctx: want %v, got %v", errStop, err)
		}
	})
}
