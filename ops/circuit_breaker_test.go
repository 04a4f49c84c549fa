package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("circuit-breaker", 1, ints(6), referenceMap(double), breaking(func() {}), breaking, randomInts),
	newSubject("circuit-breaker", 3, ints(6), referenceMap(double), breakingWorkers(func() {}), breakingWorkers, randomInts).with(2),
	newSubject("circuit-breaker", 1, ints(6), referenceFlatMap(twice), ops.NewCircuitBreaker(ops.NewFlatMapper(twice)), nil, randomInts),
	newSubject("circuit-breaker", 1, ints(6), referenceFilter(even), ops.NewCircuitBreaker(ops.NewFilter(even)), nil, randomInts),
)

var _ = misused(
	newMisuse("breaker of nothing", "circuit-breaker: processor must not be nil", ops.NewCircuitBreaker[int, int](nil)),
	newMisuse("breaker of what cannot run", "circuit-breaker: attempts of retry must be at least 1, got 0", ops.NewCircuitBreaker(ops.NewRetry(okayMapper, 0))),
	newMisuse("negative threshold", "circuit-breaker: failure threshold must be between 0 and 1, got -0.1", ops.NewCircuitBreaker(okayMapper).FailureThreshold(-0.1)),
	newMisuse("threshold in percent", "circuit-breaker: failure threshold must be between 0 and 1, got 50", ops.NewCircuitBreaker(okayMapper).FailureThreshold(50)),
	newMisuse("threshold that is no number", "circuit-breaker: failure threshold must be between 0 and 1, got NaN", ops.NewCircuitBreaker(okayMapper).FailureThreshold(math.NaN())),
	newMisuse("no requests", "circuit-breaker: least number of requests must be at least 1, got 0", ops.NewCircuitBreaker(okayMapper).MinRequests(0)),
	newMisuse("negative recovery", "circuit-breaker: recovery timeout must not be negative, got -1ms", ops.NewCircuitBreaker(okayMapper).RecoveryTimeout(-ms)),
	newMisuse("no trials", "circuit-breaker: number of trials must be at least 1, got 0", ops.NewCircuitBreaker(okayMapper).HalfOpenRequests(0)),
	newMisuse("breaker without window", "circuit-breaker: window must be positive, got 0s", ops.NewCircuitBreaker(okayMapper).WithWindow(0)),
	newMisuse("nil CountIf", "circuit-breaker: CountIf must not be nil", ops.NewCircuitBreaker(okayMapper).CountIf(nil)),
	newMisuse("nil FailWhen of a breaker", "circuit-breaker: FailWhen must not be nil", ops.NewCircuitBreaker(okayMapper).FailWhen(nil)),
	newMisuse("negative timeout of a breaker", "circuit-breaker: timeout must not be negative, got -1ms", ops.NewCircuitBreaker(okayMapper).WithTimeout(-ms)),
	newMisuse("nil OnStateChange", "circuit-breaker: OnStateChange must not be nil", ops.NewCircuitBreaker(okayMapper).OnStateChange(nil)),
	newMisuse("nil OnOpen", "circuit-breaker: OnOpen must not be nil", ops.NewCircuitBreaker(okayMapper).OnOpen(nil)),
	newMisuse("breaker with a nil handler", "circuit-breaker: OnError must not be nil", ops.NewCircuitBreaker(okayMapper).OnError(nil)),
	newMisuse("breaker with two clocks", "circuit-breaker: clock must be given once at most, got 2", ops.NewCircuitBreaker(okayMapper, nil, nil)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{"circuit-breaker", breaking(before), referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewRetry(ops.NewCircuitBreaker(workers(n%3+1, before)), 2)
		return link{fmt.Sprint("retry of a breaker of workers ", n%3+1), p, referenceMap(double), false}
	},
)

func breaking(before func()) *ops.CircuitBreaker[int, int] {
	return ops.NewCircuitBreaker(tryMapper(before))
}

func breakingWorkers(before func()) *ops.CircuitBreaker[int, int] {
	return ops.NewCircuitBreaker(asyncMapper(before))
}

// tested is a breaker whose calls fail for negative items, are filtered for 0 and panic for
// 99, with the changes of its state.
type breakerProbe struct {
	*ops.CircuitBreaker[int, int]
	calls   int
	changes []string
}

// breaker opens at half of at least 4 calls, and closes after two trials, 100 ms later.
func newProbe(set ...func(*ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int]) *breakerProbe {
	b := new(breakerProbe)
	p := ops.NewCircuitBreaker(ops.NewTryMapper(func(n int) (int, error) {
		switch b.calls++; {
		case n == 99:
			deliberatePanic()
		case n == 0:
			return 0, ops.ErrFiltered
		case n < 0:
			return 0, errBoom
		}
		return n, nil
	})).MinRequests(4).HalfOpenRequests(2).RecoveryTimeout(100 * ms).WithWindow(time.Second)
	for _, set := range set {
		p = set(p)
	}
	b.CircuitBreaker = p.OnStateChange(func(from, to ops.CircuitState) {
		b.changes = append(b.changes, fmt.Sprint(from, " to ", to))
	})
	return b
}

// call makes a call for each item.
func (b *breakerProbe) call(t *testing.T, items ...int) {
	t.Helper()
	for _, n := range items {
		_ = thrown(func() { _, _ = b.Call(t.Context(), n) })
	}
}

// wantCalls fails unless so many items were tried since it was last asked.
func (b *breakerProbe) wantCalls(t *testing.T, want int) {
	t.Helper()
	if b.calls != want {
		t.Errorf("%d calls, want %d", b.calls, want)
	}
	b.calls = 0
}

func (b *breakerProbe) wantState(t *testing.T, want ops.CircuitState) {
	t.Helper()
	if got := b.State(); got != want {
		t.Errorf("the breaker is %v, want %v", got, want)
	}
}

func (b *breakerProbe) wantChanges(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.changes); diff != "" {
		t.Errorf("changes mismatch (-want +got):\n%s", diff)
	}
}

const (
	circuitOpens    = "closed to open"
	circuitTries    = "open to half-open"
	circuitCloses   = "half-open to closed"
	circuitRelapses = "half-open to open"
)

func TestCircuitState_String(t *testing.T) {
	want := "closed open half-open unknown unknown"
	if got := fmt.Sprint(ops.CircuitClosed, ops.CircuitOpen, ops.CircuitHalfOpen, ops.CircuitState(3), ops.CircuitState(-1)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCircuitBreaker_stats: 3 good and 2 bad.
func TestCircuitBreaker_stats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newProbe(func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] { return b.MinRequests(10) })
		if diff := cmp.Diff(ops.CircuitStats{}, b.Stats()); diff != "" {
			t.Errorf("Stats() before a call mismatch (-want +got):\n%s", diff)
		}
		b.call(t, 1, 2, -3)
		time.Sleep(time.Minute)
		b.call(t, 4, -5)
		want := ops.CircuitStats{Requests: 5, Failures: 2, Successes: 3, ConsecutiveFailures: 1, LastFailureTime: time.Now()}
		if diff := cmp.Diff(want, b.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		if got := new(ops.CircuitBreaker[int, int]).Stats(); got != (ops.CircuitStats{}) {
			t.Errorf("Stats() of the zero value = %v, want none", got)
		}
	})
}

// TestCircuitBreaker_onOpen sees the state and the failures.
func TestCircuitBreaker_onOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []ops.CircuitStats
		b := newProbe(func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] {
			return b.OnOpen(func(s ops.CircuitStats) { got = append(got, s) })
		})
		b.call(t, 1, 2, -3, -4, 5)
		want := []ops.CircuitStats{{
			Requests: 4, Failures: 2, Successes: 2, ConsecutiveFailures: 2, LastFailureTime: time.Now(), State: ops.CircuitOpen,
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("OnOpen mismatch (-want +got):\n%s", diff)
		}
		if s := b.Stats(); s.Rejected != 1 || s.Requests != 4 {
			t.Errorf("Stats() = %+v, want one rejected", s)
		}
	})
}

// TestCircuitBreaker_shared: all runs of the value have one state, and a copy has its own.
func TestCircuitBreaker_shared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newProbe()
		got, _ := retryOver(t, b, -1, -2, -3, -4)
		if want := (retryOutcome{nil, []any{-1, -2, -3, -4}, []int{1, 1, 1, 1}}); !cmp.Equal(want, got) {
			t.Errorf("first run: %v, want %v", got, want)
		}
		got, errs := retryOver(t, b, 1, 2)
		if want := (retryOutcome{nil, []any{1, 2}, []int{1, 1}}); !cmp.Equal(want, got) || !errors.Is(errs[0], ops.ErrCircuitOpen) {
			t.Errorf("second run: %v, %v, want both items refused", got, errs)
		}
		b.wantCalls(t, 4)
		got, _ = retryOver(t, b.WithName("other"), 1, 2)
		if want := (retryOutcome{Out: []int{1, 2}}); !cmp.Equal(want, got) {
			t.Errorf("copy: %v, want %v", got, want)
		}
	})
}

// TestBreakerSlowCall is a regression test of the defect breaker-slow-call:
// healthy calls that take long opened the breaker, and nothing came out.
func TestBreakerSlowCall(t *testing.T) {
	slow := ops.NewCall(func(ctx context.Context, n int) (int, error) {
		return n, clock.Sleep(ctx, clock.Real(), time.Minute)
	})
	for name, p := range map[string]ops.Processor[int, int]{"a Caller": slow, "over channels": bridged[int, int]{slow}} {
		bubble(t, name, func(t *testing.T) {
			b := ops.NewCircuitBreaker(p).MinRequests(1)
			got, _ := retryOver(t, b, ints(5)...)
			if diff := cmp.Diff(retryOutcome{Out: ints(5)}, got); diff != "" || b.State() != ops.CircuitClosed {
				t.Errorf("the breaker is %v, outcome mismatch (-want +got):\n%s", b.State(), diff)
			}
			b = b.WithTimeout(time.Second)
			if got, _ := retryOver(t, b, 1, 2); len(got.Failed) != 2 || b.State() != ops.CircuitOpen || b.Stats().Rejected != 1 {
				t.Errorf("with a timeout: %v, %+v, want the first too late and the second refused", got, b.Stats())
			}
		})
	}
}

// TestCircuitBreaker_timeoutAround: a call that a Retry gives no more time has failed to the
// breaker inside, unlike one that the end of the stream cuts off.
func TestCircuitBreaker_timeoutAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := ops.NewCall(func(ctx context.Context, n int) (int, error) { return n, stuck(ctx, n) })
		b := ops.NewCircuitBreaker(hangs).MinRequests(2)
		got, errs := retryOver(t, ops.NewRetry(b, 5).WithTimeout(time.Second), 7)
		if want := (retryOutcome{nil, []any{7}, []int{3}}); !cmp.Equal(want, got) || !errors.Is(errs[0], ops.ErrCircuitOpen) {
			t.Errorf("got %v, %v, want two calls and a refused one", got, errs)
		}
		if s := b.Stats(); s.Failures != 2 || s.State != ops.CircuitOpen {
			t.Errorf("Stats() = %+v, want 2 failures, open", s)
		}

		b = b.WithName("other")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := flow.Of(7).Retry(b, 2).Run(ctx); err == nil {
			t.Error("Run() = nil, want the end of the context")
		}
		if diff := cmp.Diff(ops.CircuitStats{}, b.Stats()); diff != "" {
			t.Errorf("Stats() after a cancel mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestCircuitBreaker_policyTimeout: the time that a policy gives a call is a limit as well.
func TestCircuitBreaker_policyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := ops.NewCall(func(ctx context.Context, n int) (int, error) { return n, stuck(ctx, n) })
		b := ops.NewCircuitBreaker(hangs).MinRequests(2)
		err := flow.Of(7).Then(b).OnError(flow.Retry(3, flow.Constant(ms)).Timeout(time.Second)).Run(t.Context())
		if s := b.Stats(); s.Failures != 2 || s.Rejected != 1 || !errors.Is(err, ops.ErrCircuitOpen) {
			t.Errorf("Run() = %v, Stats() = %+v, want 2 failures and an item refused", err, s)
		}
	})
}

// TestCircuitBreaker_callbackPanic fails its item, and the next one hears of what is left.
func TestCircuitBreaker_callbackPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p := ops.NewCircuitBreaker(ops.NewTryMapper(func(int) (int, error) { return 0, errBoom })).MinRequests(1).
			OnStateChange(func(ops.CircuitState, ops.CircuitState) {
				if calls++; calls == 1 {
					deliberatePanic()
				}
			}).RecoveryTimeout(0)
		var r flow.Report
		err := flow.Of(1, 2).Then(p).OnError(flow.Skip()).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if s := r.Stages[1]; err != nil || s.Failed != 2 || calls != 3 || !r.Balanced() {
			t.Errorf("Run() = %v, %d callbacks, want 3:\n%v", err, calls, r)
		}
	})
}

// TestCircuitBreaker_callbackMayUseIt: nothing is locked while a callback runs.
func TestCircuitBreaker_callbackMayUseIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *ops.CircuitBreaker[int, int]
		var got []error
		b = ops.NewCircuitBreaker(ops.NewTryMapper(func(int) (int, error) { return 0, errBoom })).MinRequests(1).
			OnStateChange(func(ops.CircuitState, ops.CircuitState) {
				_, err := b.Call(t.Context(), 1)
				got = append(got, err)
			})
		_, _ = b.Call(t.Context(), 1)
		if len(got) != 1 || got[0] != ops.ErrCircuitOpen {
			t.Errorf("the callback got %v, want %v", got, ops.ErrCircuitOpen)
		}
	})
}

// TestCircuitBreaker_parallel: the workers are kept. Ten calls run at once; all fail, and
// those behind them are refused.
func TestCircuitBreaker_parallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var calls atomic.Int64
		b := ops.NewCircuitBreaker(ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
			calls.Add(1)
			if err := clock.Sleep(ctx, clock.Real(), time.Second); err != nil {
				return 0, err
			}
			return 0, errBoom
		}).WithWorkers(10)).MinRequests(10)
		var r flow.Report
		_, err := flow.FromSlice(ints(30)).Then(b).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if took := time.Since(start); err != nil || took > 2*time.Second || calls.Load() > 19 {
			t.Errorf("Collect() = %v after %v and %d calls, want at most 19 in two rounds", err, took, calls.Load())
		}
		if s := r.Stages[1]; s.Failed != 30 || !r.Balanced() || b.Stats().Rejected != 30-calls.Load() {
			t.Errorf("%+v, the books are wrong:\n%v", b.Stats(), r)
		}
	})
}

// TestCircuitBreaker_model compares random calls at random times with a breaker that keeps
// everything.
func TestCircuitBreaker_model(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		least, trials, share := 1+r.IntN(6), 1+r.IntN(3), float64(r.IntN(5))/4
		recovery := time.Duration(r.IntN(5)) * 100 * ms
		b := newProbe(func(b *ops.CircuitBreaker[int, int]) *ops.CircuitBreaker[int, int] {
			return b.MinRequests(least).HalfOpenRequests(trials).FailureThreshold(share).RecoveryTimeout(recovery)
		})
		m := circuitModel{least: least, trials: trials, share: share, recovery: recovery}
		start := time.Now() // of the first call, from which the buckets go on
		for range 200 {
			n := r.IntN(5) - 1 - r.IntN(2)
			_, err := b.Call(t.Context(), n)
			want := m.call(time.Since(start), n < 0)
			if got := !errors.Is(err, ops.ErrCircuitOpen); got != want || b.State() != m.state {
				t.Fatalf("%v: tried %t and %v, want %t and %v", time.Since(start), got, b.State(), want, m.state)
			}
			time.Sleep(time.Duration(r.IntN(300)) * ms)
		}
	})
}

// model is a breaker over a window of one second.
type circuitModel struct {
	least, trials   int
	share           float64
	recovery, since time.Duration
	state           ops.CircuitState
	calls           []circuitCall
	good            int
}

type circuitCall struct {
	at     time.Duration
	failed bool
}

// call tells whether the item is tried.
func (m *circuitModel) call(now time.Duration, fails bool) bool {
	if m.state == ops.CircuitOpen && now-m.since < m.recovery {
		return false
	}
	if m.state == ops.CircuitOpen {
		m.state, m.good = ops.CircuitHalfOpen, 0
	}
	if m.state == ops.CircuitHalfOpen {
		m.try(now, fails)
		return true
	}
	m.calls = append(m.calls, circuitCall{now, fails})
	m.calls = slices.DeleteFunc(m.calls, func(c circuitCall) bool { return c.at/(100*ms) <= now/(100*ms)-10 })
	failures := 0
	for _, c := range m.calls {
		if c.failed {
			failures++
		}
	}
	if failures > 0 && len(m.calls) >= m.least && float64(failures)/float64(len(m.calls)) >= m.share {
		m.state, m.since = ops.CircuitOpen, now
	}
	return true
}

func (m *circuitModel) try(now time.Duration, fails bool) {
	if fails {
		m.state, m.since = ops.CircuitOpen, now
		return
	}
	if m.good++; m.good == m.trials {
		m.state, m.calls = ops.CircuitClosed, nil
	}
}
