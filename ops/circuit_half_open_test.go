package ops_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/ops"
)

// recovering is a breaker whose next item is a trial.
func recoveringBreaker(t *testing.T, set ...breakerOption) *breakerProbe {
	b := openBreaker(t, set...)
	time.Sleep(100 * ms)
	return b
}

func TestCircuitHalfOpen_closes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := recoveringBreaker(t)
		b.call(t, 1)
		b.wantState(t, ops.CircuitHalfOpen)
		b.call(t, 0) // what is filtered is a success
		b.wantState(t, ops.CircuitClosed)
		b.wantChanges(t, circuitOpens, circuitTries, circuitCloses)
		b.call(t, -1, -1, -1)
		b.wantState(t, ops.CircuitClosed) // the counts are fresh
		b.call(t, -1)
		b.wantState(t, ops.CircuitOpen)
	})
}

// TestCircuitHalfOpen_relapses: closed, open, half-open, open, and the timeout starts anew.
func TestCircuitHalfOpen_relapses(t *testing.T) {
	for name, bad := range map[string]int{"an error": -1, "a panic": 99} {
		bubble(t, name, func(t *testing.T) {
			b := recoveringBreaker(t)
			time.Sleep(50 * ms)
			b.call(t, 1, bad)
			b.wantChanges(t, circuitOpens, circuitTries, circuitRelapses)
			b.wantCalls(t, 2)
			time.Sleep(100*ms - 1)
			b.call(t, 1)
			b.wantCalls(t, 0)
			time.Sleep(time.Nanosecond)
			b.call(t, 1, 1)
			b.wantCalls(t, 2)
			b.wantChanges(t, circuitOpens, circuitTries, circuitRelapses, circuitTries, circuitCloses)
		})
	}
}

// held is a breaker whose trials return when they are told to.
type heldTrials struct {
	*ops.CircuitBreaker[int, int]
	release chan error
	results chan error
}

func holdTrials(t *testing.T, trials int) *heldTrials {
	h := &heldTrials{release: make(chan error), results: make(chan error, 100)}
	h.CircuitBreaker = ops.NewCircuitBreaker(ops.NewCall(func(ctx context.Context, n int) (int, error) {
		if n < 0 {
			return 0, errBoom
		}
		select {
		case err := <-h.release:
			return n, err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})).MinRequests(1).HalfOpenRequests(trials).RecoveryTimeout(time.Second)
	_, _ = h.Call(t.Context(), -1)
	time.Sleep(time.Second)
	return h
}

// begin calls it for an item, and tells when that is in work or refused.
func (h *heldTrials) begin(ctx context.Context) {
	go func() {
		_, err := h.Call(ctx, 1)
		h.results <- err
	}()
	synctest.Wait()
}

// TestCircuitHalfOpen_beyondTheTrials: items that come while the trials run are refused, and
// none of them closes the breaker while a trial still runs.
func TestCircuitHalfOpen_beyondTheTrials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := holdTrials(t, 2)
		h.begin(t.Context())
		h.begin(t.Context())
		h.begin(t.Context())
		if err := <-h.results; err != ops.ErrCircuitOpen {
			t.Errorf("the third item: %v, want %v", err, ops.ErrCircuitOpen)
		}
		h.release <- nil
		synctest.Wait()
		h.begin(t.Context())
		<-h.results
		if err := <-h.results; err != ops.ErrCircuitOpen || h.State() != ops.CircuitHalfOpen {
			t.Errorf("an item while the last trial runs: %v and %v, want it refused", err, h.State())
		}
		h.release <- nil
		synctest.Wait()
		if got := h.State(); got != ops.CircuitClosed {
			t.Errorf("the breaker is %v, want closed", got)
		}
	})
}

// TestCircuitHalfOpen_oneFailureIsEnough, and what the other trials come to does not matter.
func TestCircuitHalfOpen_oneFailureIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := holdTrials(t, 3)
		for range 3 {
			h.begin(t.Context())
		}
		h.release <- nil
		h.release <- errBoom
		synctest.Wait()
		if got := h.State(); got != ops.CircuitOpen {
			t.Fatalf("the breaker is %v, want open", got)
		}
		time.Sleep(900 * ms)
		h.release <- errBoom
		synctest.Wait()
		time.Sleep(100 * ms)
		h.begin(t.Context())
		if got := h.State(); got != ops.CircuitHalfOpen {
			t.Errorf("the breaker is %v, want half-open a second after the first failure", got)
		}
		h.release <- nil
	})
}

// TestCircuitHalfOpen_cancelledTrial makes room for another.
func TestCircuitHalfOpen_cancelledTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := holdTrials(t, 1)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			h.begin(ctx)
			cancel()
			<-h.results
		}
		if got := h.State(); got != ops.CircuitHalfOpen {
			t.Errorf("the breaker is %v, want half-open", got)
		}
		h.begin(t.Context())
		h.release <- nil
		if err := <-h.results; err != nil || h.State() != ops.CircuitClosed {
			t.Errorf("the trial: %v and %v, want success and closed", err, h.State())
		}
	})
}
