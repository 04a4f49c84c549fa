package ops_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/ops"
)

type breakerOption = func(*ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int]

func TestCircuitClosed_opens(t *testing.T) {
	many := func(n int, items ...int) []int { return slices.Repeat(items, n) }
	tests := map[string]struct {
		set   breakerOption
		items []int
		want  ops.CircuitState
	}{
		"no failure":                           {nil, many(100, 1), ops.CircuitClosed},
		"half of the least number":             {nil, []int{1, 1, -1, -1}, ops.CircuitOpen},
		"less than half":                       {nil, []int{1, 1, 1, -1}, ops.CircuitClosed},
		"fewer calls than the least":           {nil, []int{-1, -1, -1}, ops.CircuitClosed},
		"a success completes the least number": {nil, []int{-1, -1, -1, 1}, ops.CircuitOpen},
		"the fourth of five":                   {func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] { return b.MinRequests(5) }, many(4, -1), ops.CircuitClosed},
		"the fifth of five":                    {func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] { return b.MinRequests(5) }, many(5, -1), ops.CircuitOpen},
		"what is filtered is a success":        {nil, []int{0, 0, 0, -1}, ops.CircuitClosed},
		"a panic is a failure":                 {nil, []int{1, 1, 99, 99}, ops.CircuitOpen},
		"threshold 0, a failure":               {withThreshold(0), []int{1, 1, 1, -1}, ops.CircuitOpen},
		"threshold 0, no failure":              {withThreshold(0), many(100, 1), ops.CircuitClosed},
		"threshold 1, one success":             {withThreshold(1), append(many(99, -1)[:3], 1, -1, -1, -1), ops.CircuitClosed},
		"threshold 1, only failures":           {withThreshold(1), many(4, -1), ops.CircuitOpen},
		"errors that do not count": {func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] {
			return b.CountIf(func(err error) bool { return !errors.Is(err, errBoom) })
		}, many(100, -1), ops.CircuitClosed},
		"results that are failures": {func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] {
			return b.FailWhen(func(n int) error {
				if n == 2 {
					return errBoom
				}
				return nil
			})
		}, []int{1, 1, 2, 2}, ops.CircuitOpen},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			b := newProbe()
			if tt.set != nil {
				b = newProbe(tt.set)
			}
			b.call(t, tt.items...)
			b.wantCalls(t, len(tt.items))
			b.wantState(t, tt.want)
		})
	}
}

func withThreshold(share float64) breakerOption {
	return func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] { return b.FailureThreshold(share) }
}

// TestCircuitClosed_window: old calls count no more, neither as failures nor as successes.
func TestCircuitClosed_window(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newProbe()
		b.call(t, -1, -1, -1)
		time.Sleep(time.Second)
		b.call(t, 1, -1)
		b.wantState(t, ops.CircuitClosed) // 1 of 2
		b.call(t, 1, 1, 1, 1, 1, 1)
		time.Sleep(900 * ms)
		b.call(t, -1)
		b.wantState(t, ops.CircuitClosed) // 2 of 9
		time.Sleep(100 * ms)
		b.call(t, -1, -1)
		b.wantState(t, ops.CircuitClosed) // 3 of 3
		b.call(t, -1)
		b.wantState(t, ops.CircuitOpen)
	})
}

// TestCircuitClosed_cancelled: what the end of the context cut off counts for nothing.
func TestCircuitClosed_cancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ops.NewCircuitBreaker(ops.NewCall(func(ctx context.Context, n int) (int, error) { return n, stuck(ctx, n) })).MinRequests(1)
		for range 5 {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(ms, func() { cancel(errCause) })
			if _, err := b.Call(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("Call() = %v, want the end of the context", err)
			}
		}
		if got := b.Stats(); got != (ops.CircuitStats{}) {
			t.Errorf("Stats() = %+v, want nothing", got)
		}
	})
}

// TestCircuitClosed_aFailureAtTheEnd is one, although the context has ended.
func TestCircuitClosed_aFailureAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newProbe()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = b.Call(ctx, -1)
		if got := b.Stats(); got.Failures != 1 {
			t.Errorf("Stats() = %+v, want a failure", got)
		}
	})
}
