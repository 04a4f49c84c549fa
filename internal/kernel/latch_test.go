package kernel_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

var errEarly = errors.New("ended early")

// latched runs a stage that waits for a latch with an item in hand, and gives what the wait came
// to, how long it took, and what the run ended with.
func latched(ctx context.Context, t *testing.T, call func(context.Context) context.Context, l kernel.Latch) (took time.Duration, waited, err error) {
	t.Helper()
	begin, run := time.Now(), newRun(ctx, clock.Real())
	seg, down := sink(run, func(int) error { return nil }, ignore)
	seg, down = kernel.Attach(seg, kernel.Site{}, kernel.Spec[int, int]{
		Name: "wait", Op: "Wait", Blocks: true, Calls: kernel.CallsFunc, Books: kernel.Mapped,
		Start: func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
			return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
				waited = s.Await(call(s.Context()), l)
				took = time.Since(begin)
				if waited != nil {
					return s.Fail(v, waited)
				}
				return down.Push(v)
			}}
		},
	}, down)
	feed(seg, down, burst(1))
	err = run.Execute()
	return took, waited, err
}

func TestLatch(t *testing.T) {
	within := func(d time.Duration) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(ctx, d)
			t.Cleanup(cancel)
			return ctx
		}
	}
	plain := func(ctx context.Context) context.Context { return ctx }
	tests := map[string]struct {
		opens, ends time.Duration // 0 for never
		call        func(context.Context) context.Context
		waited      error
		took        time.Duration
	}{
		"opens":                          {opens: time.Second, call: plain, took: time.Second},
		"the run ends before":            {opens: time.Second, ends: time.Millisecond, call: plain, waited: errEarly, took: time.Millisecond},
		"the run ends and nothing opens": {ends: time.Second, call: plain, waited: errEarly, took: time.Second},
		"the call's time is over":        {opens: time.Second, call: within(time.Millisecond), waited: context.DeadlineExceeded, took: time.Millisecond},
		"the call's time is never over":  {opens: time.Second, call: within(time.Hour), took: time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				l := kernel.NewLatch()
				if tt.ends > 0 {
					time.AfterFunc(tt.ends, func() { cancel(errEarly) })
				}
				if tt.opens > 0 {
					time.AfterFunc(tt.opens, l.Open)
				}
				took, waited, err := latched(ctx, t, tt.call, l)
				if waited != tt.waited || took != tt.took || (err == nil) != (waited == nil) {
					t.Errorf("the wait gave %v after %v and the run %v, want %v after %v", waited, took, err, tt.waited, tt.took)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

// The end of the context outranks the latch if both have come.
func TestLatch_both(t *testing.T) {
	for range 100 {
		ctx, cancel := context.WithCancelCause(t.Context())
		l := kernel.NewLatch()
		l.Open()
		if err := l.Wait(ctx); err != nil {
			t.Fatalf("Wait() error = %v, want nil", err)
		}
		cancel(errEarly)
		if err := l.Wait(ctx); err != errEarly {
			t.Fatalf("Wait() error = %v, want %v", err, errEarly)
		}
	}
}
