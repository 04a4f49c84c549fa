package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// bySynctest is a clock that WithTimeout cannot tell to be Real, on the time of a bubble.
type bySynctest struct{ clock.Clock }

// TestWithTimeout: a context by any clock ends as one of package context does, and so
// does a context derived from it.
func TestWithTimeout(t *testing.T) {
	errQuit := errors.New("quit")
	tests := map[string]struct {
		timeout    time.Duration
		do         func(end context.CancelCauseFunc, cancel context.CancelFunc)
		err, cause error
		after      time.Duration
	}{
		"it expires": {
			timeout: time.Minute, after: time.Minute,
			err: context.DeadlineExceeded, cause: context.DeadlineExceeded,
		},
		"zero has expired":     {err: context.DeadlineExceeded, cause: context.DeadlineExceeded},
		"negative has expired": {timeout: -1, err: context.DeadlineExceeded, cause: context.DeadlineExceeded},
		"it is cancelled": {
			timeout: time.Minute,
			do:      func(_ context.CancelCauseFunc, cancel context.CancelFunc) { cancel() },
			err:     context.Canceled, cause: context.Canceled,
		},
		"its parent ends first": {
			timeout: time.Minute, after: time.Second,
			do: func(end context.CancelCauseFunc, _ context.CancelFunc) {
				time.Sleep(time.Second)
				end(errQuit)
			},
			err: context.Canceled, cause: errQuit,
		},
	}
	clocks := map[string]clock.Clock{"Real": clock.Real(), "nil": nil, "another": bySynctest{clock.Real()}}
	for name, tt := range tests {
		for kind, c := range clocks {
			t.Run(name+", by "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					begin := time.Now()
					parent, end := context.WithCancelCause(t.Context())
					defer end(nil)
					ctx, cancel := clock.WithTimeout(parent, c, tt.timeout)
					defer cancel()
					child, cancelChild := context.WithCancel(ctx)
					defer cancelChild()
					if tt.do != nil {
						tt.do(end, cancel)
					}
					<-child.Done()
					if got := time.Since(begin); got != tt.after {
						t.Errorf("it ended after %v, want %v", got, tt.after)
					}
					for name, ctx := range map[string]context.Context{"the context": ctx, "a child": child} {
						if got := ctx.Err(); got != tt.err {
							t.Errorf("Err() of %s = %v, want %v", name, got, tt.err)
						}
						if got := context.Cause(ctx); got != tt.cause {
							t.Errorf("Cause() of %s = %v, want %v", name, got, tt.cause)
						}
					}
				})
			})
		}
	}
}

// TestWithTimeout_parentEnded: no timer is armed for a context that has ended.
func TestWithTimeout_parentEnded(t *testing.T) {
	errQuit := errors.New("quit")
	parent, end := context.WithCancelCause(t.Context())
	end(errQuit)
	c := clock.NewFake()
	ctx, cancel := clock.WithTimeout(parent, c, time.Minute)
	defer cancel()
	if got := context.Cause(ctx); got != errQuit {
		t.Errorf("Cause() = %v, want %v", got, errQuit)
	}
	if got := c.Waiters(); got != 0 {
		t.Errorf("%d timers are armed, want none", got)
	}
}

// TestWithTimeout_cancelLeavesNothing: when cancel returns, the timer is disarmed and the
// goroutine has ended, which goleak would find only a moment later.
func TestWithTimeout_cancelLeavesNothing(t *testing.T) {
	c := clock.NewFake()
	for range 1000 {
		_, cancel := clock.WithTimeout(t.Context(), c, time.Minute)
		if got := c.Waiters(); got != 1 {
			t.Fatalf("%d timers are armed, want 1", got)
		}
		cancel()
		if got := c.Waiters(); got != 0 {
			t.Fatalf("%d timers are armed after cancel, want none", got)
		}
		cancel() // again does nothing
	}
}

// TestWithTimeout_deadlineOfTheMachine: a deadline of another clock would make a dialer
// give up at once, and a timeout of package context below it never end.
func TestWithTimeout_deadlineOfTheMachine(t *testing.T) {
	ctx, cancel := clock.WithTimeout(t.Context(), clock.NewFake(), time.Minute)
	defer cancel()
	if at, ok := ctx.Deadline(); ok {
		want, has := t.Context().Deadline()
		if !has || at != want {
			t.Errorf("Deadline() = %v, want that of the parent", at)
		}
	}
	inner, stop := context.WithTimeout(ctx, time.Nanosecond)
	defer stop()
	<-inner.Done()
	if got := inner.Err(); got != context.DeadlineExceeded {
		t.Errorf("Err() of a timeout below = %v, want %v", got, context.DeadlineExceeded)
	}
}
