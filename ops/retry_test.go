package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

var _ = conforms(
	newSubject("retry", 1, ints(6), referenceMap(double), retrying(func() {}), retrying, randomInts),
	newSubject("retry", 3, ints(6), referenceMap(double), retryingWorkers(func() {}), retryingWorkers, randomInts).with(2),
	newSubject("retry", 1, ints(6), referenceFlatMap(twice), ops.NewRetry(ops.NewFlatMapper(twice), 2), nil, randomInts),
	newSubject("retry", 1, ints(6), referenceFilter(even), ops.NewRetry(ops.NewFilter(even), 2), nil, randomInts),
)

var _ = misused(
	newMisuse("retry of nothing", "retry: processor must not be nil", ops.NewRetry[int, int](nil, 3)),
	newMisuse("retry of a nil pointer", "retry: processor must not be nil", ops.NewRetry((*ops.Mapper[int, int])(nil), 3)),
	newMisuse("retry of an empty stage", "retry: processor must not be nil", ops.NewRetry(stage.Stage[int, int]{}, 3)),
	newMisuse("retry of what cannot run", "retry: function of mapper must not be nil", ops.NewRetry(ops.NewMapper[int, int](nil), 3)),
	newMisuse("retry of what can be called by nobody", "retry: count of take must not be negative, got -1", ops.NewRetry(ops.NewTake[int](-1), 3)),
	newMisuse("retry of a retry of what cannot run", "retry: function of mapper of retry must not be nil", ops.NewRetry(ops.NewRetry(ops.NewMapper[int, int](nil), 3), 3)),
	newMisuse("no attempts", "retry: attempts must be at least 1, got 0", ops.NewRetry(okayMapper, 0)),
	newMisuse("negative attempts", "retry: attempts must be at least 1, got -1", ops.NewRetry(okayMapper, -1)),
	newMisuse("negative base", "retry: base of the backoff must not be negative, got -1ms", ops.NewRetry(okayMapper, 3).WithBackoff(-ms, 2)),
	newMisuse("shrinking backoff", "retry: factor of the backoff must be a number of at least 1, got 0.5", ops.NewRetry(okayMapper, 3).WithBackoff(ms, 0.5)),
	newMisuse("factor that is no number", "retry: factor of the backoff must be a number of at least 1, got NaN", ops.NewRetry(okayMapper, 3).WithBackoff(ms, math.NaN())),
	newMisuse("infinite factor", "retry: factor of the backoff must be a number of at least 1, got +Inf", ops.NewRetry(okayMapper, 3).WithBackoff(ms, math.Inf(1))),
	newMisuse("no largest delay", "retry: largest delay must be positive, got 0s", ops.NewRetry(okayMapper, 3).WithMaxDelay(0)),
	newMisuse("negative timeout of a retry", "retry: timeout must not be negative, got -1ms", ops.NewRetry(okayMapper, 3).WithTimeout(-ms)),
	newMisuse("nil RetryIf", "retry: RetryIf must not be nil", ops.NewRetry(okayMapper, 3).RetryIf(nil)),
	newMisuse("nil FailWhen", "retry: FailWhen must not be nil", ops.NewRetry(okayMapper, 3).FailWhen(nil)),
	newMisuse("nil OnRetry", "retry: OnRetry must not be nil", ops.NewRetry(okayMapper, 3).OnRetry(nil)),
	newMisuse("nil WithNext", "retry: WithNext must not be nil", ops.NewRetry(okayMapper, 3).WithNext(nil)),
	newMisuse("nil WithRandom", "retry: WithRandom must not be nil", ops.NewRetry(okayMapper, 3).WithRandom(nil)),
	newMisuse("retry with a nil handler", "retry: OnError must not be nil", ops.NewRetry(okayMapper, 3).OnError(nil)),
	newMisuse("retry with two clocks", "retry: clock must be given once at most, got 2", ops.NewRetry(okayMapper, 3, nil, nil)),
)

var _ = chained(
	func(n int, before func()) link { return link{"retry", retrying(before), referenceMap(double), false} },
	func(n int, before func()) link {
		return link{fmt.Sprint("retry of workers ", n%3+1), ops.NewRetry(workers(n%3+1, before), 2), referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewRetry(bridged[int, int]{mapper(before)}, 2)
		return link{"retry over channels", p, referenceMap(double), false}
	},
)

var okayMapper = ops.NewMapper(double)

// retrying fails for each item the first time.
func retrying(before func()) *ops.Retry[int, int] {
	var calls atomic.Int64
	return ops.NewRetry(ops.NewTryMapper(func(n int) (int, error) {
		before()
		if calls.Add(1)%2 == 1 && n > 1000 {
			return 0, errBoom
		}
		return double(n), nil
	}), 2).WithBackoff(0, 1)
}

func retryingWorkers(before func()) *ops.Retry[int, int] { return ops.NewRetry(asyncMapper(before), 2) }

// faulty fails for the nth call of all that it is told to, and notes when it is called.
type faultyFunc struct {
	fails []bool
	calls []time.Duration
	start time.Time
}

func (f *faultyFunc) fn(_ context.Context, n int) (int, error) {
	if f.start.IsZero() {
		f.start = time.Now()
	}
	f.calls = append(f.calls, time.Since(f.start))
	if i := len(f.calls) - 1; i < len(f.fails) && f.fails[i] {
		return 0, fmt.Errorf("call %d: %w", i+1, errBoom)
	}
	return double(n), nil
}

func failingTimes(times int) *faultyFunc {
	return &faultyFunc{fails: slices.Repeat([]bool{true}, times)}
}

// outcome is what came of items over channels.
type retryOutcome struct {
	Out      []int
	Failed   []any
	Attempts []int
}

func retryOver(t *testing.T, p ops.Processor[int, int], items ...int) (o retryOutcome, errs []error) {
	t.Helper()
	sup := new(listener)
	o.Out = collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(items...)))
	for _, e := range sup.itemErrors() {
		o.Failed, o.Attempts, errs = append(o.Failed, e.Item), append(o.Attempts, e.Attempts), append(errs, e.Err)
	}
	if failures := sup.failures(); len(failures) > 0 {
		t.Errorf("Failed() was told %v, want nothing", failures)
	}
	return o, errs
}

func TestRetry_pinned(t *testing.T) {
	only := func(attempt int) func(error, int) bool {
		return func(_ error, n int) bool { return n == attempt }
	}
	tests := map[string]struct {
		fails    int
		attempts int
		set      func(*ops.Retry[int, int]) *ops.Retry[int, int]
		want     retryOutcome
		at       []time.Duration
	}{
		"two failures, then success": {fails: 2, attempts: 3, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 100 * ms, 300 * ms}},
		"always failing":             {fails: 9, attempts: 3, want: retryOutcome{nil, []any{7}, []int{3}}, at: []time.Duration{0, 100 * ms, 300 * ms}},
		"one attempt":                {fails: 9, attempts: 1, want: retryOutcome{nil, []any{7}, []int{1}}, at: []time.Duration{0}},
		"worth one more": {fails: 9, attempts: 5, want: retryOutcome{nil, []any{7}, []int{2}}, at: []time.Duration{0, 100 * ms},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.RetryIf(only(1)) }},
		"base 10 ms, success at the fourth": {fails: 3, attempts: 4, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 10 * ms, 30 * ms, 70 * ms},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.WithBackoff(10*ms, 2) }},
		"no wait": {fails: 3, attempts: 4, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 0, 0, 0},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.WithBackoff(0, 2) }},
		"factor 1": {fails: 3, attempts: 4, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 5 * ms, 10 * ms, 15 * ms},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.WithBackoff(5*ms, 1) }},
		"largest delay": {fails: 4, attempts: 5, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 10 * ms, 35 * ms, 60 * ms, 85 * ms},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] {
				return r.WithBackoff(10*ms, 3).WithMaxDelay(25 * ms)
			}},
		"base beyond the largest delay": {fails: 1, attempts: 2, want: retryOutcome{Out: []int{14}}, at: []time.Duration{0, 30 * time.Second},
			set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.WithBackoff(time.Hour, 2) }},
	}
	for name, tt := range tests {
		for way, wrapped := range map[string]func(*faultyFunc) ops.Processor[int, int]{
			"a Caller":      func(f *faultyFunc) ops.Processor[int, int] { return ops.NewCall(f.fn) },
			"workers":       func(f *faultyFunc) ops.Processor[int, int] { return ops.NewAsyncMapper(f.fn).WithWorkers(2) },
			"over channels": func(f *faultyFunc) ops.Processor[int, int] { return bridged[int, int]{ops.NewCall(f.fn)} },
			"a stage":       func(f *faultyFunc) ops.Processor[int, int] { return stage.Call(f.fn).Named("inner") },
		} {
			bubble(t, name+", "+way, func(t *testing.T) {
				f := failingTimes(tt.fails)
				r := ops.NewRetry(wrapped(f), tt.attempts).WithJitter(false)
				if tt.set != nil {
					r = tt.set(r)
				}
				got, errs := retryOver(t, r, 7)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("outcome mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.at, f.calls); diff != "" {
					t.Errorf("times of the calls mismatch (-want +got):\n%s", diff)
				}
				for _, err := range errs {
					if want := fmt.Sprintf("call %d: boom", len(f.calls)); !errors.Is(err, errBoom) || !errorEndsWith(err, want) {
						t.Errorf("error %v, want the last, %s", err, want)
					}
				}
			})
		}
	}
}

func errorEndsWith(err error, text string) bool {
	s := err.Error()
	return len(s) >= len(text) && s[len(s)-len(text):] == text
}

// TestRetryDelayOverflow is a regression test of the defect
// retry-delay-overflow: from some attempt on the delay was negative, so that calls followed
// each other without a wait.
func TestRetryDelayOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := failingTimes(2000)
		retryOver(t, ops.NewRetry(ops.NewCall(f.fn), 2000).WithBackoff(100*ms, 1e9).WithJitter(false), 1)
		for i := 2; i < len(f.calls); i++ {
			if d := f.calls[i] - f.calls[i-1]; d != 30*time.Second {
				t.Fatalf("call %d came %v after the one before, want 30s", i+1, d)
			}
		}
		if len(f.calls) != 2000 {
			t.Errorf("%d calls, want 2000", len(f.calls))
		}
	})
}

// TestRetryJitter: each wait is between half of it and all of it, and they differ.
func TestRetryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := failingTimes(200)
		retryOver(t, ops.NewRetry(ops.NewCall(f.fn), 200).WithBackoff(time.Second, 1), 1)
		seen := make(map[time.Duration]bool)
		for i := 1; i < len(f.calls); i++ {
			d := f.calls[i] - f.calls[i-1]
			if seen[d] = true; d < 500*ms || d > time.Second {
				t.Errorf("a wait of %v, want between 500ms and 1s", d)
			}
		}
		if len(seen) < 100 {
			t.Errorf("%d different waits of 199, want more", len(seen))
		}
	})
}

func TestRetry_randomIsSeedable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := func() []time.Duration {
			f := failingTimes(20)
			retryOver(t, ops.NewRetry(ops.NewCall(f.fn), 20).WithRandom(rand.New(rand.NewPCG(1, 2)).Float64), 1)
			return f.calls
		}
		if diff := cmp.Diff(run(), run()); diff != "" {
			t.Errorf("two runs from one seed differ:\n%s", diff)
		}
		f := failingTimes(2)
		retryOver(t, ops.NewRetry(ops.NewCall(f.fn), 2).WithRandom(math.NaN), 1)
		if got := f.calls[1]; got != 100*ms {
			t.Errorf("a wait of %v with a random share that is no number, want all of it", got)
		}
	})
}

// TestRetrySlowCall is a regression test of the defect retry-slow-call: a call
// that took longer than a hidden timeout was made again, and nothing came of it.
func TestRetrySlowCall(t *testing.T) {
	var calls atomic.Int64
	slow := ops.NewCall(func(ctx context.Context, n int) (int, error) {
		calls.Add(1)
		return double(n), clock.Sleep(ctx, clock.Real(), time.Hour)
	})
	for name, p := range map[string]ops.Processor[int, int]{"a Caller": slow, "over channels": bridged[int, int]{slow}} {
		bubble(t, name, func(t *testing.T) {
			calls.Store(0)
			got, _ := retryOver(t, ops.NewRetry(p, 3), 1, 2)
			if diff := cmp.Diff(retryOutcome{Out: []int{2, 4}}, got); diff != "" || calls.Load() != 2 {
				t.Errorf("%d calls, want 2, outcome mismatch (-want +got):\n%s", calls.Load(), diff)
			}
		})
	}
}

// TestRetryManyResults is a regression test of the defect retry-many-results: of
// several results for an item the first was delivered.
func TestRetryManyResults(t *testing.T) {
	fails := true
	p := ops.NewGatherer(nil, func(_ *struct{}, n int, emit func(int) error) error {
		for i := range n {
			if err := emit(10*n + i); err != nil {
				return err
			}
		}
		if fails = !fails; !fails && n == 2 {
			return errBoom
		}
		return nil
	}, nil)
	for name, build := range map[string]func(ops.Processor[int, int]) ops.Processor[int, int]{
		"a retry": func(p ops.Processor[int, int]) ops.Processor[int, int] { return ops.NewRetry(p, 3).EmptyOK(true) },
		"a retry in a retry": func(p ops.Processor[int, int]) ops.Processor[int, int] {
			return ops.NewRetry(ops.NewRetry(p, 3), 3).EmptyOK(true)
		},
		"a retry over a stage": func(p ops.Processor[int, int]) ops.Processor[int, int] {
			return ops.NewRetry(stage.Of(p), 3).EmptyOK(true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, _ := retryOver(t, build(ops.Gather(p)), 3, 2, 0, 1, 2)
				if diff := cmp.Diff(retryOutcome{Out: []int{30, 31, 32, 20, 21, 10, 20, 21}}, got); diff != "" {
					t.Errorf("outcome mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRetry_emptyOutput: nothing is a failure unless it is said to be none.
func TestRetry_emptyOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
			return ops.NewFilter(func(n int) bool { return n%2 == 1 }).Process(ctx, in)
		})
		retry := ops.NewRetry(odd, 3).WithBackoff(0, 1)
		got, errs := retryOver(t, retry, 1, 2, 3)
		if diff := cmp.Diff(retryOutcome{[]int{1, 3}, []any{2}, []int{3}}, got); diff != "" || !errors.Is(errs[0], ops.ErrNoOutput) {
			t.Errorf("errors %v, outcome mismatch (-want +got):\n%s", errs, diff)
		}
		var r flow.Report
		all, err := flow.Of(1, 2, 3).Then(retry.EmptyOK(true)).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 3}, all); diff != "" || err != nil {
			t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
		}
		if s := r.Stages[1]; s.Filtered != 1 || s.Passed != 2 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestRetry_parallel: the workers of the AsyncMapper inside are kept, and the order.
func TestRetry_parallel(t *testing.T) {
	build := func() *ops.AsyncMapper[int, int] {
		var failed [50]atomic.Bool
		return ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
			err := clock.Sleep(ctx, clock.Real(), 50*ms)
			if n%5 == 0 && !failed[n].Swap(true) {
				return 0, errBoom
			}
			return double(n), err
		}).WithWorkers(5)
	}
	for name, run := range map[string]func(t *testing.T, p ops.Processor[int, int]) []int{
		"over channels": func(t *testing.T, p ops.Processor[int, int]) []int {
			got, _ := retryOver(t, p, ints(20)...)
			return got.Out
		},
		"in a flow": func(t *testing.T, p ops.Processor[int, int]) []int {
			var r flow.Report
			got, err := flow.FromSlice(ints(20)).Then(p).Collect(t.Context(), flow.WithReport(&r))
			if s := r.Stages[1]; err != nil || s.Retried != 4 || !r.Balanced() {
				t.Errorf("error %v, want none and 4 calls repeated:\n%v", err, r)
			}
			return got
		},
	} {
		bubble(t, name, func(t *testing.T) {
			start := time.Now()
			retry := ops.NewRetry(build(), 3).WithBackoff(50*ms, 1).WithJitter(false)
			if diff := cmp.Diff(referenceMap(double)(ints(20)...), run(t, retry)); diff != "" {
				t.Errorf("items mismatch (-want +got):\n%s", diff)
			}
			// 24 calls and 4 waits of 50 ms by five workers.
			if took := time.Since(start); took > 350*ms {
				t.Errorf("it took %v, want at most 350ms", took)
			}
		})
	}
}

// TestRetry_unordered and by key: the order is that of the AsyncMapper inside.
func TestRetry_orderOfTheWorkers(t *testing.T) {
	sleepy := func(ctx context.Context, n int) (int, error) {
		return n, clock.Sleep(ctx, clock.Real(), time.Duration(10-n)*ms)
	}
	synctest.Test(t, func(t *testing.T) {
		free := ops.NewAsyncMapper(sleepy).WithWorkers(9).WithOrdered(false)
		got, _ := retryOver(t, ops.NewRetry(ops.NewRetry(free, 2), 2), ints(9)...)
		want := ints(9)
		slices.Reverse(want)
		if diff := cmp.Diff(want, got.Out); diff != "" {
			t.Errorf("unordered: items mismatch (-want +got):\n%s", diff)
		}
		keyed := ops.NewAsyncMapperKeyed(even, sleepy).WithWorkers(2)
		got, _ = retryOver(t, ops.NewRetry(keyed, 2), ints(9)...)
		for _, want := range [][]int{{1, 3, 5, 7, 9}, {2, 4, 6, 8}} {
			of := referenceFilter(func(n int) bool { return even(n) == even(want[0]) })(got.Out...)
			if diff := cmp.Diff(want, of); diff != "" {
				t.Errorf("keyed: items of one key mismatch (-want +got):\n%s", diff)
			}
		}
	})
}

// TestRetry_cancelInAWait: the calls stop, and the item is no failure.
func TestRetry_cancelInAWait(t *testing.T) {
	for name, p := range map[string]func(*faultyFunc) ops.Processor[int, int]{
		"a Caller":      func(f *faultyFunc) ops.Processor[int, int] { return ops.NewCall(f.fn) },
		"workers":       func(f *faultyFunc) ops.Processor[int, int] { return ops.NewAsyncMapper(f.fn).WithWorkers(1) },
		"over channels": func(f *faultyFunc) ops.Processor[int, int] { return bridged[int, int]{ops.NewCall(f.fn)} },
		"nested": func(f *faultyFunc) ops.Processor[int, int] {
			return ops.NewRetry(ops.NewCall(f.fn), 5).WithJitter(false)
		},
	} {
		bubble(t, name, func(t *testing.T) {
			f := failingTimes(9)
			ctx, cancel := context.WithTimeoutCause(t.Context(), 250*ms, errCause)
			defer cancel()
			var r flow.Report
			start := time.Now()
			err := flow.Of(1, 2).Then(ops.NewRetry(p(f), 5).WithJitter(false)).Run(ctx, flow.WithReport(&r))
			if !errors.Is(err, errCause) || errors.Is(err, errBoom) || time.Since(start) != 250*ms {
				t.Errorf("Run() = %v after %v, want the end of the context alone", err, time.Since(start))
			}
			if diff := cmp.Diff([]time.Duration{0, 100 * ms}, f.calls); diff != "" {
				t.Errorf("calls mismatch (-want +got):\n%s", diff)
			}
			if s := r.Stages[1]; s.Failed != 0 || s.Held < 1 || !r.Balanced() {
				t.Errorf("the books are wrong:\n%v", r)
			}
		})
	}
}

// TestRetry_deadlineNamesTheWait: who was cut off by the deadline of the caller is told.
func TestRetry_deadlineInAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*ms)
		defer cancel()
		err := flow.Of(1).Then(ops.NewRetry(ops.NewCall(failingTimes(9).fn), 5).WithJitter(false)).Run(ctx)
		late, ok := errors.AsType[*flow.DeadlineError](err)
		if !ok || len(late.Working) != 1 || late.Working[0].Name != "retry" || late.Working[0].State != "waiting for time" {
			t.Errorf("Run() = %v, want a DeadlineError that names the retry once", err)
		}
	})
}

func TestRetry_stopsAt(t *testing.T) {
	tests := map[string]struct {
		err  error
		set  func(*ops.Retry[int, int]) *ops.Retry[int, int]
		want int
	}{
		"a permanent error":            {err: ops.Permanent(errBoom), want: 1},
		"a permanent error, if wanted": {err: ops.Permanent(errBoom), want: 1, set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.RetryIf(alwaysWorth) }},
		"a wrapped permanent error":    {err: fmt.Errorf("wrapped: %w", ops.Permanent(errBoom)), want: 1},
		"an open circuit":              {err: fmt.Errorf("wrapped: %w", errors.Join(ops.ErrCircuitOpen, errBoom)), want: 1},
		"an open circuit, if wanted":   {err: errors.Join(ops.ErrCircuitOpen, errBoom), want: 3, set: func(r *ops.Retry[int, int]) *ops.Retry[int, int] { return r.RetryIf(alwaysWorth) }},
		"the last attempt":             {err: errBoom, want: 3},
		"an error of another context":  {err: errors.Join(context.Canceled, errBoom), want: 3},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			calls := 0
			r := ops.NewRetry(ops.NewCall(func(context.Context, int) (int, error) {
				calls++
				return 0, tt.err
			}), 3)
			if tt.set != nil {
				r = tt.set(r)
			}
			got, errs := retryOver(t, r, 7)
			if diff := cmp.Diff(retryOutcome{nil, []any{7}, []int{tt.want}}, got); diff != "" || calls != tt.want {
				t.Errorf("%d calls, want %d, outcome mismatch (-want +got):\n%s", calls, tt.want, diff)
			}
			if len(errs) != 1 || !errors.Is(errs[0], errBoom) || errs[0].Error() != tt.err.Error() {
				t.Errorf("errors %v, want %v", errs, tt.err)
			}
		})
	}
	if ops.Permanent(nil) != nil {
		t.Error("Permanent(nil) is an error")
	}
}

func alwaysWorth(error, int) bool { return true }

// TestRetry_errorsAreKept: the last ten are reached, and its text is that of the last.
func TestRetry_errorsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []error
		p := ops.NewTryMapper(func(int) (int, error) {
			all = append(all, fmt.Errorf("error %d", len(all)+1))
			return 0, all[len(all)-1]
		})
		_, errs := retryOver(t, ops.NewRetry(p, 12).WithBackoff(0, 1), 1)
		if want := "error 12"; len(errs) != 1 || errs[0].Error() != want {
			t.Fatalf("errors %v, want %s", errs, want)
		}
		for i, err := range all {
			if got, want := errors.Is(errs[0], err), i >= 2; got != want {
				t.Errorf("errors.Is finds %v: %t, want %t", err, got, want)
			}
		}
	})
}

// TestRetry_timeout: a call that takes too long has failed, and is waited for.
func TestRetry_timeout(t *testing.T) {
	type call struct{ from, to time.Duration }
	for name, wrapped := range map[string]func(ops.Processor[int, int]) ops.Processor[int, int]{
		"a Caller":      func(p ops.Processor[int, int]) ops.Processor[int, int] { return p },
		"over channels": func(p ops.Processor[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
		"nested":        func(p ops.Processor[int, int]) ops.Processor[int, int] { return ops.NewRetry(p, 1) },
	} {
		bubble(t, name, func(t *testing.T) {
			start := time.Now()
			var calls []call
			slow := ops.NewCall(func(ctx context.Context, n int) (int, error) {
				from := time.Since(start)
				<-ctx.Done()
				time.Sleep(10 * ms) // to tidy up
				calls = append(calls, call{from, time.Since(start)})
				return 0, ctx.Err()
			})
			retry := ops.NewRetry(wrapped(slow), 2).WithBackoff(100*ms, 1).WithJitter(false).WithTimeout(50 * ms)
			got, errs := retryOver(t, retry, 7)
			if diff := cmp.Diff(retryOutcome{nil, []any{7}, []int{2}}, got); diff != "" {
				t.Errorf("outcome mismatch (-want +got):\n%s", diff)
			}
			if len(errs) != 1 || !errors.Is(errs[0], context.DeadlineExceeded) || errs[0].Error() != "no result within 50ms: context deadline exceeded" {
				t.Errorf("errors %v, want the end of the call's time", errs)
			}
			want := []call{{0, 60 * ms}, {160 * ms, 220 * ms}}
			if diff := cmp.Diff(want, calls, cmp.AllowUnexported(call{})); diff != "" {
				t.Errorf("calls mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRetry_timeoutOnItsClock: the time is that of the clock that the Retry was given.
func TestRetry_timeoutOnItsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		calls := 0
		p := ops.NewCall(func(ctx context.Context, n int) (int, error) {
			if calls++; calls == 2 {
				return n, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})
		out := ops.NewRetry(p, 2, fake).WithTimeout(time.Minute).WithJitter(false).WithBackoff(time.Hour, 1).WithMaxDelay(time.Hour).
			Process(t.Context(), feed(7))
		for _, d := range []time.Duration{time.Minute, time.Hour - 1} {
			wantOpen(t, out)
			fake.Advance(d)
		}
		wantOpen(t, out)
		fake.Advance(1)
		if got := wantNext(t, out); got != 7 {
			t.Errorf("got %d, want 7", got)
		}
		collect(out)
		if n := fake.Waiters(); n != 0 {
			t.Errorf("%d timers are armed, want none", n)
		}
	})
}

// TestRetry_failWhen makes a result a failure.
func TestRetry_failWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p := ops.NewMapper(func(n int) int {
			calls++
			return calls
		})
		few := func(n int) error {
			if n < 3 {
				return errBoom
			}
			return nil
		}
		got, _ := retryOver(t, ops.NewRetry(p, 3).FailWhen(few), 7)
		if diff := cmp.Diff(retryOutcome{Out: []int{3}}, got); diff != "" {
			t.Errorf("outcome mismatch (-want +got):\n%s", diff)
		}
		last := func(n int) error {
			if n < 0 && calls < 6 {
				calls++
				return errBoom
			}
			return nil
		}
		got, _ = retryOver(t, ops.NewRetry(ops.NewFlatMapper(twice), 5).FailWhen(last), 7)
		if diff := cmp.Diff(retryOutcome{Out: []int{7, -7}}, got); diff != "" || calls != 6 {
			t.Errorf("%d calls, want 6, outcome of several results mismatch (-want +got):\n%s", calls, diff)
		}
	})
}

func TestRetry_onRetry(t *testing.T) {
	type told struct {
		Item, Attempt int
		Err           string
		At            time.Duration
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []told
		f := &faultyFunc{fails: []bool{true, true, false, true}}
		retryOver(t, ops.NewRetry(ops.NewCall(f.fn), 3).WithJitter(false).OnRetry(func(n, attempt int, err error) {
			got = append(got, told{n, attempt, err.Error(), time.Since(start)})
		}), 7, 8)
		want := []told{{7, 1, "call 1: boom", 0}, {7, 2, "call 2: boom", 100 * ms}, {8, 1, "call 4: boom", 300 * ms}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestRetry_withNext: each call is given what is made of the one before, and who is told of a
// failure for good is told of the item as it came.
func TestRetry_withNext(t *testing.T) {
	next := func(n, attempt int, err error) int {
		if !errors.Is(err, errBoom) {
			return -1
		}
		return n + 100*attempt
	}
	for name, wrapped := range map[string]func(*ops.Call[int, int]) ops.Processor[int, int]{
		"a Caller":      func(p *ops.Call[int, int]) ops.Processor[int, int] { return p },
		"over channels": func(p *ops.Call[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
		"workers": func(p *ops.Call[int, int]) ops.Processor[int, int] {
			return ops.NewAsyncMapper(p.Call).WithWorkers(1)
		},
	} {
		bubble(t, name, func(t *testing.T) {
			start := time.Now()
			var given []int
			var told []string
			p := wrapped(ops.NewCall(func(_ context.Context, n int) (int, error) {
				if given = append(given, n); n%1000 == 307 || n%1000 == 8 {
					return n, nil
				}
				return 0, errBoom
			}))
			retry := ops.NewRetry(p, 3).WithJitter(false).WithNext(func(n, attempt int, err error) int {
				told = append(told, fmt.Sprint("next of ", n, " at ", time.Since(start)))
				return next(n, attempt, err)
			}).OnRetry(func(n, attempt int, _ error) { told = append(told, fmt.Sprint(n, " failed ", attempt, " times")) })
			got, _ := retryOver(t, retry, 7, 8, 1000)
			if diff := cmp.Diff(retryOutcome{[]int{307, 8}, []any{1000}, []int{3}}, got); diff != "" {
				t.Errorf("outcome mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int{7, 107, 307, 8, 1000, 1100, 1300}, given); diff != "" {
				t.Errorf("items of the calls mismatch (-want +got):\n%s", diff)
			}
			want := []string{
				"7 failed 1 times", "next of 7 at 100ms", "107 failed 2 times", "next of 107 at 300ms",
				"1000 failed 1 times", "next of 1000 at 400ms", "1100 failed 2 times", "next of 1100 at 600ms",
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("told mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRetry_withNextInAFlow: letters and events have the item as it came, a policy begins with
// it again, and a panic of the function is one of the item.
func TestRetry_withNextInAFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given, told []string
		broken := ops.NewTryMapper(func(n int) (int, error) {
			given = append(given, fmt.Sprint(n))
			return 0, errBoom
		})
		retry := ops.NewRetry(broken, 2).WithBackoff(0, 1).WithNext(func(n, _ int, _ error) int {
			if n == 2 {
				deliberatePanic()
			}
			return 10 * n
		})
		watch := flow.WithObserver(flow.ObserverFunc(func(e flow.Event) {
			if e, ok := e.(flow.ItemFailed); ok {
				told = append(told, fmt.Sprint(e.Err.Item, " ", e.Err.Attempt))
			}
		}))
		var letters []int
		var r flow.Report
		err := flow.Of(1, 2).Then(retry).OnError(flow.Retry(2, flow.Constant(ms)).Then(flow.DeadLetters(
			func(_ context.Context, l flow.Letter[int]) error {
				letters = append(letters, l.Item)
				return nil
			}))).Run(t.Context(), watch, flow.WithReport(&r), flow.WithLogger(discard))
		want := [][]string{{"1", "10", "1", "10", "2"}, {"1 1", "1 2", "1 3", "1 4", "2 1", "2 1"}}
		if diff := cmp.Diff(want, [][]string{given, told}); diff != "" || err != nil {
			t.Errorf("error %v, items of calls and events mismatch (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff([]int{1, 2}, letters); diff != "" || !r.Balanced() {
			t.Errorf("letters mismatch (-want +got):\n%s\n%v", diff, r)
		}
	})
}

// TestRetry_withNextCutOff: after the end nothing is made.
func TestRetry_withNextCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := failingTimes(9)
		retry := ops.NewRetry(ops.NewCall(f.fn), 9).WithBackoff(time.Hour, 1).WithNext(func(n, _ int, _ error) int {
			t.Error("an item was made after the end")
			return n
		})
		if _, row := cutInCall(t, retry, 7); row.Held != 1 {
			t.Errorf("%+v, want the item held", row)
		}
	})
}

// TestRetry_inAFlow: the policy decides about an item that the Retry gave up, the handler is
// told after, and all say how often the item was tried, also where the policy repeats it.
func TestRetry_inAFlow(t *testing.T) {
	broken := func(context.Context, int) (int, error) { return 0, errBoom }
	for name, p := range map[string]ops.Processor[int, int]{
		"a Caller": ops.NewCall(broken), "workers": ops.NewAsyncMapper(broken).WithWorkers(3), "over channels": bridged[int, int]{ops.NewCall(broken)},
	} {
		bubble(t, name, func(t *testing.T) {
			var letters, told []string
			retry := ops.NewRetry(p, 3).OnError(func(_ context.Context, e *ops.ItemError) {
				told = append(told, fmt.Sprint(e.Item, " ", e.Attempts))
			})
			var r flow.Report
			err := flow.Of(7, 8).Then(retry).OnError(
				flow.Retry(2, flow.Constant(ms)).Then(flow.DeadLetters(func(_ context.Context, l flow.Letter[int]) error {
					letters = append(letters, fmt.Sprint(l.Item, " ", l.Attempts))
					return nil
				}))).Run(t.Context(), flow.WithReport(&r))
			slices.Sort(letters)
			slices.Sort(told)
			if diff := cmp.Diff([][]string{{"7 6", "8 6"}, {"7 6", "8 6"}}, [][]string{letters, told}); diff != "" || err != nil {
				t.Errorf("error %v, letters and told mismatch (-want +got):\n%s", err, diff)
			}
			if s := r.Stages[1]; s.In != 2 || s.DeadLettered != 2 || s.Retried != 10 || !r.Balanced() {
				t.Errorf("the books are wrong:\n%v", r)
			}

			failed, ok := errors.AsType[*flow.StageError](flow.Of(7).Retry(p, 4).Run(t.Context()))
			if !ok || failed.Stage != "retry" || failed.Attempt != 4 || failed.Item != 7 || !errors.Is(failed, errBoom) {
				t.Errorf("Run() = %v, want the failure of the retry at its fourth call", failed)
			}
		})
	}
}

// TestRetry_observed: who looks at a run hears of each call that is repeated.
func TestRetry_observed(t *testing.T) {
	broken := func(context.Context, int) (int, error) { return 0, errBoom }
	for name, p := range map[string]ops.Processor[int, int]{"a Caller": ops.NewCall(broken), "workers": ops.NewAsyncMapper(broken).WithWorkers(3)} {
		bubble(t, name, func(t *testing.T) {
			heard := make(map[string]int)
			watch := flow.WithObserver(flow.ObserverFunc(func(e flow.Event) {
				if e, ok := e.(flow.ItemFailed); ok {
					heard[fmt.Sprint(e.Err.Item, " ", e.Err.Attempt, " ", e.Action, " ", e.Err.Err)]++
				}
			}))
			err := flow.Of(7, 8).Retry(p, 3).OnError(flow.Skip()).Run(t.Context(), watch, flow.WithLogger(discard))
			want := map[string]int{
				"7 1 retry boom": 1, "7 2 retry boom": 1, "7 3 skip boom": 1,
				"8 1 retry boom": 1, "8 2 retry boom": 1, "8 3 skip boom": 1,
			}
			if diff := cmp.Diff(want, heard); diff != "" || err != nil {
				t.Errorf("Run() = %v, events mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestRetry_panics are not repeated, and tell which call it was.
func TestRetry_panics(t *testing.T) {
	for name, wrapped := range map[string]func(ops.Processor[int, int]) ops.Processor[int, int]{
		"a Caller":      func(p ops.Processor[int, int]) ops.Processor[int, int] { return p },
		"over channels": func(p ops.Processor[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
	} {
		bubble(t, name, func(t *testing.T) {
			calls := 0
			p := ops.NewTryMapper(func(int) (int, error) {
				if calls++; calls == 2 {
					deliberatePanic()
				}
				return 0, errBoom
			})
			var r flow.Report
			err := flow.Of(7).Retry(wrapped(p), 5).Run(t.Context(), flow.WithReport(&r))
			failed, _ := errors.AsType[*flow.StageError](err)
			thrown, ok := errors.AsType[*ops.PanicError](err)
			if !ok || failed.Attempt != 2 || thrown.Value != error(errBoom) || !containsFunc(thrown.Stack, "deliberatePanic") {
				t.Errorf("Run() = %v, want the panic of the second call with its stack", err)
			}
			if calls != 2 || !r.Balanced() {
				t.Errorf("%d calls, want 2:\n%v", calls, r)
			}
		})
	}
}

// embedding has a Process of its own: nothing may go past it.
type mapperAround struct{ *ops.Mapper[int, int] }

func (mapperAround) Process(ctx context.Context, in <-chan int) <-chan int {
	return ops.NewMapper(func(n int) int { return -n }).Process(ctx, in)
}

// negating is a Caller of the user's own.
type negatingCaller struct{ ops.Processor[int, int] }

func (negatingCaller) Call(_ context.Context, n int) (int, error) {
	if n == 3 {
		return 0, ops.ErrFiltered
	}
	return -n, nil
}

func TestRetry_whatItCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, p := range map[string]ops.Processor[int, int]{
			"a struct around one of ours": mapperAround{ops.NewMapper(double)},
			"a caller of the user's":      negatingCaller{ops.NewMapper(double)},
		} {
			got, _ := retryOver(t, ops.NewRetry(p, 1), 1, 2)
			if diff := cmp.Diff(retryOutcome{Out: []int{-1, -2}}, got); diff != "" {
				t.Errorf("%s: outcome mismatch (-want +got):\n%s", name, diff)
			}
		}
		got, _ := retryOver(t, ops.NewRetry(negatingCaller{okayMapper}, 3), 2, 3, 4)
		if diff := cmp.Diff(retryOutcome{Out: []int{-2, -4}}, got); diff != "" {
			t.Errorf("filtered: outcome mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestRetry_filteredByWorkers: an item that a worker discards leaves no gap, and the books say so.
func TestRetry_filteredByWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r flow.Report
		p := ops.NewAsyncMapper(func(_ context.Context, n int) (int, error) {
			if n%3 == 0 {
				return 0, ops.ErrFiltered
			}
			return n, nil
		}).WithWorkers(3)
		got, err := flow.FromSlice(ints(10)).Retry(p, 2).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{1, 2, 4, 5, 7, 8, 10}, got); diff != "" || err != nil {
			t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
		}
		if s := r.Stages[1]; s.Filtered != 3 || s.Passed != 7 || s.Out != 7 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestRetry_model: random failures against a plain function.
func TestRetry_model(t *testing.T) {
	trials(t, 50, func(t *testing.T, r *rand.Rand) {
		items, attempts := randomInts(r), 1+r.IntN(4)
		fails := make([]int, 100)
		for i := range fails {
			fails[i] = r.IntN(5)
		}
		var want []int
		for _, n := range items {
			if fails[n] < attempts {
				want = append(want, double(n))
			}
		}
		build := func() ops.Processor[int, int] {
			seen := make(map[int]int) // of the item in work
			return skipping[int, int]{ops.NewRetry(ops.NewTryMapper(func(n int) (int, error) {
				if seen[n]++; seen[n] <= fails[n] {
					if seen[n] == attempts {
						seen[n] = 0
					}
					return 0, errBoom
				}
				seen[n] = 0
				return double(n), nil
			}), attempts).WithBackoff(0, 1)}
		}
		check(t, want, items, build)
	})
}

// TestCaller_call: each processor of one result an item can be called.
func TestCaller_call(t *testing.T) {
	ctx := context.Background()
	fails := func(context.Context, int) (int, error) { return 0, errBoom }
	tests := map[string]struct {
		c    ops.Caller[int, int]
		want int
		err  error
	}{
		"Mapper":             {ops.NewMapper(double), 14, nil},
		"Mapper of nil":      {ops.NewMapper[int, int](nil), 0, new(ops.ConfigError)},
		"TryMapper":          {ops.NewTryMapper(func(int) (int, error) { return 3, errBoom }), 3, errBoom},
		"TryMapper of nil":   {ops.NewTryMapper[int, int](nil), 0, new(ops.ConfigError)},
		"Call":               {ops.NewCall(fails), 0, errBoom},
		"Call of nil":        {ops.NewCall[int, int](nil), 0, new(ops.ConfigError)},
		"AsyncMapper":        {ops.NewAsyncMapper(fails), 0, errBoom},
		"AsyncMapper of nil": {ops.NewAsyncMapper[int, int](nil), 0, new(ops.ConfigError)},
		"Filter":             {ops.NewFilter(func(int) bool { return true }), 7, nil},
		"Filter of nil":      {ops.NewFilter[int](nil), 0, new(ops.ConfigError)},
		"Filter that drops":  {ops.NewFilter(even), 0, ops.ErrFiltered},
		"Retry":              {ops.NewRetry(ops.NewTryMapper(func(n int) (int, error) { return strconv.Atoi(fmt.Sprint(n)) }), 2), 7, nil},
		"Retry that fails":   {ops.NewRetry(ops.NewCall(fails), 2).WithBackoff(0, 1), 0, errBoom},
		"Retry of nil":       {ops.NewRetry[int, int](nil, 2), 0, new(ops.ConfigError)},
		"Fallback":           {ops.NewFallback(ops.NewCall(fails), func(context.Context, int, error) (int, error) { return 9, nil }), 9, nil},
		"Fallback of nil":    {ops.NewFallback[int, int](nil, nil), 0, new(ops.ConfigError)},
		"Bulkhead":           {ops.NewBulkhead(okayMapper, 1), 14, nil},
		"Bulkhead of nil":    {ops.NewBulkhead[int, int](nil, 0), 0, new(ops.ConfigError)},
		"Hedge":              {ops.NewHedge(okayMapper, time.Hour), 14, nil},
		"Hedge that fails":   {ops.NewHedge(ops.NewCall(fails), time.Hour), 0, errBoom},
		"Hedge of nil":       {ops.NewHedge[int, int](nil, 0), 0, new(ops.ConfigError)},
		"Retry that drops":   {ops.NewRetry(ops.NewFilter(even), 2), 0, ops.ErrFiltered},
	}
	for name, tt := range tests {
		got, err := tt.c.Call(ctx, 7)
		_, config := errors.AsType[*ops.ConfigError](tt.err)
		_, isConfig := errors.AsType[*ops.ConfigError](err)
		if got != tt.want || config != isConfig || !config && !errors.Is(err, tt.err) {
			t.Errorf("%s: Call() = %d, %v, want %d, %v", name, got, err, tt.want, tt.err)
		}
	}
	if _, err := ops.NewRetry(ops.NewFlatMapper(twice), 1).Call(ctx, 7); err == nil {
		t.Error("Call() of two results is no error")
	}
}
