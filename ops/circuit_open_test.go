package ops_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/ops"
)

// opened is a breaker that has just opened.
func openBreaker(t *testing.T, set ...breakerOption) *breakerProbe {
	b := newProbe(set...)
	b.call(t, -1, -1, -1, -1)
	b.wantState(t, ops.CircuitOpen)
	b.wantCalls(t, 4)
	return b
}

func TestCircuitOpen_refuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBreaker(t)
		for range 3 {
			if _, err := b.Call(t.Context(), 1); err != ops.ErrCircuitOpen {
				t.Errorf("Call() = %v, want %v", err, ops.ErrCircuitOpen)
			}
			time.Sleep(33 * ms)
		}
		b.wantCalls(t, 0)
		b.wantChanges(t, circuitOpens)
		if got := b.Stats().Rejected; got != 3 {
			t.Errorf("%d rejected, want 3", got)
		}
	})
}

// TestCircuitOpen_recovery: the timeout counts from when it opened, and an item at its very
// end is a trial.
func TestCircuitOpen_recovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBreaker(t)
		time.Sleep(100*ms - 1)
		b.call(t, 1)
		b.wantCalls(t, 0)
		time.Sleep(time.Nanosecond)
		b.wantState(t, ops.CircuitOpen) // until an item comes
		b.call(t, 1)
		b.wantCalls(t, 1)
		b.wantChanges(t, circuitOpens, circuitTries)
	})
}

func TestCircuitOpen_recoveryAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBreaker(t, func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] { return b.RecoveryTimeout(0) })
		b.call(t, 1)
		b.wantCalls(t, 1)
		b.wantChanges(t, circuitOpens, circuitTries)
	})
}

// TestCircuitOpen_lateResults: calls that began while it was closed change nothing any more.
func TestCircuitOpen_lateResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan error)
		b := ops.NewCircuitBreaker(ops.NewCall(func(_ context.Context, n int) (int, error) {
			if n > 0 {
				return n, <-release
			}
			return n, errBoom
		})).MinRequests(2).RecoveryTimeout(time.Second)
		for range 4 {
			go func() { _, _ = b.Call(t.Context(), 1) }()
		}
		synctest.Wait()
		_, _ = b.Call(t.Context(), 0)
		_, _ = b.Call(t.Context(), 0)
		time.Sleep(500 * ms)
		release <- nil
		release <- errBoom
		synctest.Wait()
		if s := b.Stats(); s.State != ops.CircuitOpen || s.Requests != 4 || s.Failures != 3 {
			t.Errorf("Stats() = %+v, want it open after 4 calls", s)
		}
		time.Sleep(500 * ms) // not anew from the failure
		go func() { _, _ = b.Call(t.Context(), 1) }()
		synctest.Wait()
		if got := b.State(); got != ops.CircuitHalfOpen {
			t.Fatalf("the breaker is %v, want half-open", got)
		}
		release <- errBoom // of an old one or of the trial: the old ones were first
		synctest.Wait()
		if got := b.State(); got != ops.CircuitHalfOpen {
			t.Errorf("the breaker is %v after an old failure, want half-open", got)
		}
		release <- nil
		release <- nil
	})
}

// TestCircuitOpen_ownClock: the timeout is by the clock that the breaker was given.
func TestCircuitOpen_ownClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		b := ops.NewCircuitBreaker(ops.NewTryMapper(func(n int) (int, error) { return n, errBoom }), fake).MinRequests(1)
		retryOver(t, b, 1)
		if got := b.Stats().LastFailureTime; !got.Equal(fake.Now()) {
			t.Errorf("the last failure was at %v, want %v", got, fake.Now())
		}
		time.Sleep(time.Hour)
		if _, errs := retryOver(t, b, 1); !errors.Is(errs[0], ops.ErrCircuitOpen) {
			t.Errorf("errors %v, want %v: no time has passed", errs, ops.ErrCircuitOpen)
		}
		fake.Advance(30 * time.Second)
		if _, errs := retryOver(t, b, 1); !errors.Is(errs[0], errBoom) {
			t.Errorf("errors %v, want %v of a trial", errs, errBoom)
		}
	})
}
