package ops_test

import (
	"context"
	"errors"
	"fmt"
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
	newSubject("fallback", 1, []int{1, 60, 2, 70}, referenceMap(orNegative), fallingBack(func() {}), fallingBack, randomInts),
	newSubject("fallback", 3, ints(6), referenceMap(double), ops.NewFallback(asyncMapper(func() {}), noFallback), func(before func()) *ops.Fallback[int, int] {
		return ops.NewFallback(asyncMapper(before), noFallback)
	}, randomInts).with(2),
	newSubject("fallback", 1, ints(6), referenceFlatMap(twice), ops.NewFallback(ops.NewFlatMapper(twice), noFallback), nil, randomInts),
	newSubject("fallback", 1, ints(6), referenceFilter(even), ops.NewFallback(ops.NewFilter(even), noFallback), nil, randomInts),
)

var _ = misused(
	newMisuse("fallback of nothing", "fallback: processor must not be nil", ops.NewFallback(nil, noFallback)),
	newMisuse("fallback without function", "fallback: function must not be nil", ops.NewFallback(okayMapper, nil)),
	newMisuse("fallback of what cannot run", "fallback: function of mapper must not be nil", ops.NewFallback(ops.NewMapper[int, int](nil), noFallback)),
	newMisuse("nil FallbackIf", "fallback: FallbackIf must not be nil", ops.NewFallback(okayMapper, noFallback).FallbackIf(nil)),
	newMisuse("negative timeout of a fallback", "fallback: timeout must not be negative, got -1ms", ops.NewFallback(okayMapper, noFallback).WithTimeout(-ms)),
	newMisuse("nil FailWhen of a fallback", "fallback: FailWhen must not be nil", ops.NewFallback(okayMapper, noFallback).FailWhen(nil)),
	newMisuse("fallback with a nil handler", "fallback: OnError must not be nil", ops.NewFallback(okayMapper, noFallback).OnError(nil)),
)

var _ = chained(
	func(_ int, before func()) link {
		return link{"fallback", fallingBack(before), referenceMap(orNegative), false}
	},
	func(n int, before func()) link {
		p := ops.NewFallback(ops.NewRetry(workers(n%3+1, before), 2), noFallback)
		return link{fmt.Sprint("fallback of a retry of workers ", n%3+1), p, referenceMap(double), false}
	},
)

var errFallback = errors.New("no fallback either")

func noFallback(context.Context, int, error) (int, error) { return 0, errFallback }

// fallingBack doubles numbers below 50, and gives the others negative, by the fallback.
func fallingBack(before func()) *ops.Fallback[int, int] {
	small := ops.NewTryMapper(func(n int) (int, error) {
		before()
		if n >= 50 {
			return 0, errBoom
		}
		return double(n), nil
	})
	return ops.NewFallback(small, func(_ context.Context, n int, err error) (int, error) { return -n, nil })
}

func orNegative(n int) int {
	if n >= 50 {
		return -n
	}
	return double(n)
}

// byNumber fails for odd numbers, and the fallback for those from 5 on; it discards 3.
func byNumber(wrapped func(*ops.TryMapper[int, int]) ops.Processor[int, int]) *ops.Fallback[int, int] {
	evens := ops.NewTryMapper(onlyEven)
	return ops.NewFallback(wrapped(evens), func(_ context.Context, n int, err error) (int, error) {
		switch {
		case !errors.Is(err, errBoom):
			return 0, fmt.Errorf("asked about %w", err)
		case n >= 5:
			return 0, errFallback
		case n == 3:
			return 0, ops.ErrFiltered
		}
		return -n, nil
	})
}

func TestFallback_results(t *testing.T) {
	for name, wrapped := range map[string]func(*ops.TryMapper[int, int]) ops.Processor[int, int]{
		"a Caller":      func(p *ops.TryMapper[int, int]) ops.Processor[int, int] { return p },
		"over channels": func(p *ops.TryMapper[int, int]) ops.Processor[int, int] { return bridged[int, int]{p} },
		"workers": func(p *ops.TryMapper[int, int]) ops.Processor[int, int] {
			return ops.NewAsyncMapper(p.Call).WithWorkers(3)
		},
	} {
		bubble(t, name, func(t *testing.T) {
			f := byNumber(wrapped)
			got, errs := retryOver(t, f, ints(6)...)
			if diff := cmp.Diff(retryOutcome{[]int{-1, 2, 4, 6}, []any{5}, []int{1}}, got); diff != "" {
				t.Errorf("outcome mismatch (-want +got):\n%s", diff)
			}
			if len(errs) != 1 || !errors.Is(errs[0], errBoom) || !errors.Is(errs[0], errFallback) {
				t.Errorf("errors %v, want one with both", errs)
			}
			if got, want := f.Stats(), (ops.FallbackStats{Replaced: 2, Failed: 1}); got != want {
				t.Errorf("Stats() = %+v, want %+v", got, want)
			}
			if got := f.WithName("other").Stats(); got != (ops.FallbackStats{}) {
				t.Errorf("a copy has the numbers %+v, want its own", got)
			}
		})
	}
}

// TestFallback_sameError: a function that gives back what it was asked about adds nothing.
func TestFallback_sameError(t *testing.T) {
	f := ops.NewFallback(ops.NewTryMapper(onlyEven), func(_ context.Context, n int, err error) (int, error) { return 0, err })
	_, want := onlyEven(3)
	if _, err := f.Call(t.Context(), 3); err == nil || err.Error() != want.Error() {
		t.Errorf("Call() = %v, want %v", err, want)
	}
}

func TestFallback_notAsked(t *testing.T) {
	asked := 0
	count := func(context.Context, int, error) (int, error) {
		asked++
		return 99, nil
	}
	fails := ops.NewTryMapper(func(n int) (int, error) { return 0, errBoom })
	bubble(t, "about what FallbackIf refuses", func(t *testing.T) {
		f := ops.NewFallback(fails, count).FallbackIf(func(err error) bool { return !errors.Is(err, errBoom) })
		if _, err := f.Call(t.Context(), 1); err != errBoom || asked != 0 {
			t.Errorf("Call() = %v, asked %d times, want the error itself", err, asked)
		}
	})
	bubble(t, "about filtered items", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Of(1, 2).Fallback(ops.NewFilter(even), count).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{2}, got); diff != "" || err != nil || asked != 0 || r.Stages[1].Filtered != 1 {
			t.Errorf("error %v, asked %d times, items mismatch (-want +got):\n%s\n%v", err, asked, diff, r)
		}
	})
	bubble(t, "about the end of the context", func(t *testing.T) {
		slow := ops.NewCall(func(ctx context.Context, n int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		got, row := cutInCall(t, ops.NewFallback(slow, count), 1)
		if len(got) != 0 || row.Held != 1 || asked != 0 {
			t.Errorf("got %v, asked %d times, want one item held: %+v", got, asked, row)
		}
	})
	bubble(t, "after the end of the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := ops.NewFallback(ops.NewCall(func(context.Context, int) (int, error) {
			cancel()
			return 0, errBoom
		}), count)
		if _, err := f.Call(ctx, 1); err != errBoom || asked != 0 {
			t.Errorf("Call() = %v, asked %d times, want the error itself", err, asked)
		}
	})
	bubble(t, "about a panic", func(t *testing.T) {
		f := ops.NewFallback(ops.NewTryMapper(func(int) (int, error) {
			deliberatePanic()
			return 0, nil
		}), count)
		_, err := flow.Of(1).Then(f).Collect(t.Context())
		if _, ok := errors.AsType[*ops.PanicError](err); !ok || asked != 0 {
			t.Errorf("Collect() = %v, asked %d times, want the panic", err, asked)
		}
	})
}

// cutInCall runs the processor in a flow that is cancelled after 100 ms, and gives what has come
// out and its row of the report.
func cutInCall(t *testing.T, p ops.Processor[int, int], items ...int) (got []int, row flow.StageReport) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	time.AfterFunc(100*ms, func() { cancel(errCause) })
	var r flow.Report
	got, err := flow.FromSlice(items).Then(p).Collect(ctx, flow.WithReport(&r))
	if !errors.Is(err, errCause) || !r.Balanced() {
		t.Errorf("Collect() error = %v, want %v and balanced books:\n%v", err, errCause, r)
	}
	return got, r.Stages[1]
}

// TestFallback_cutOff: a function that the end of the context interrupts leaves the item held.
func TestFallback_cutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ops.NewFallback(ops.NewTryMapper(onlyEven), func(ctx context.Context, _ int, _ error) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if got, row := cutInCall(t, f, 1); len(got) != 0 || row.Held != 1 || row.Failed != 0 || f.Stats().Failed != 0 {
			t.Errorf("got %v, stats %+v, want the item held: %+v", got, f.Stats(), row)
		}
	})
}

// TestFallback_timeout: it limits the call and not the function.
func TestFallback_timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		slow := ops.NewCall(func(ctx context.Context, n int) (int, error) { return n, clock.Sleep(ctx, clock.Real(), time.Hour) })
		f := ops.NewFallback(slow, func(ctx context.Context, n int, err error) (int, error) {
			if !errors.Is(err, context.DeadlineExceeded) {
				return 0, err
			}
			return -n, clock.Sleep(ctx, clock.Real(), 50*ms)
		}).WithTimeout(10 * ms)
		got, _ := retryOver(t, f, 7)
		if diff := cmp.Diff(retryOutcome{Out: []int{-7}}, got); diff != "" || time.Since(start) != 60*ms {
			t.Errorf("after %v, want 60ms, outcome mismatch (-want +got):\n%s", time.Since(start), diff)
		}
	})
}

// TestFallback_judges: a result can be a failure, and nothing can be none.
func TestFallback_judges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		negative := func(_ context.Context, n int, _ error) (int, error) { return -n, nil }
		f := ops.NewFallback(okayMapper, negative).FailWhen(func(n int) error {
			if n != 4 {
				return errBoom
			}
			return nil
		})
		got, _ := retryOver(t, f, 1, 2, 3)
		if diff := cmp.Diff(retryOutcome{Out: []int{-1, 4, -3}}, got); diff != "" {
			t.Errorf("outcome mismatch (-want +got):\n%s", diff)
		}
		empty := ops.NewFallback[int, int](bridged[int, int]{ops.NewFilter(even)}, negative)
		got, _ = retryOver(t, empty, 1, 2)
		again, _ := retryOver(t, empty.EmptyOK(true), 1, 2)
		if diff := cmp.Diff([]retryOutcome{{Out: []int{-1, 2}}, {Out: []int{2}}}, []retryOutcome{got, again}); diff != "" {
			t.Errorf("outcome of nothing mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestFallback_inAFlow: the policy decides about what failed twice, and repeats both.
func TestFallback_inAFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, asked atomic.Int64
		p := ops.NewAsyncMapper(func(context.Context, int) (int, error) {
			calls.Add(1)
			return 0, errBoom
		}).WithWorkers(2)
		f := ops.NewFallback(p, func(context.Context, int, error) (int, error) {
			asked.Add(1)
			return 0, errFallback
		})
		var r flow.Report
		got, err := flow.Of(7, 8).Then(f).OnError(flow.Retry(3, flow.Constant(ms)).Then(flow.Skip())).
			Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if len(got) != 0 || err != nil || calls.Load() != 6 || asked.Load() != 6 {
			t.Errorf("Collect() = %v, %v after %d calls and %d questions, want 6 of each", got, err, calls.Load(), asked.Load())
		}
		if s := r.Stages[1]; s.Failed != 2 || s.Retried != 4 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestFallback_functionPanics: that is a failure of the item under the policy.
func TestFallback_functionPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ops.NewFallback(ops.NewTryMapper(onlyEven), func(_ context.Context, n int, _ error) (int, error) {
			if n == 1 {
				deliberatePanic()
			}
			return -n, nil
		})
		got, err := flow.Of(1, 2, 3).Then(f).OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{2, -3}, got); diff != "" || err != nil {
			t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
		}
	})
}

func TestFallback_model(t *testing.T) {
	trials(t, 50, func(t *testing.T, r *rand.Rand) {
		items, limit := randomInts(r), r.IntN(100)
		small := ops.NewTryMapper(func(n int) (int, error) {
			if n >= limit {
				return 0, errBoom
			}
			return double(n), nil
		})
		f := ops.NewFallback(small, func(_ context.Context, n int, _ error) (int, error) {
			if n%3 == 0 {
				return 0, errFallback
			}
			return -n, nil
		})
		var want []int
		for n := range slices.Values(items) {
			switch {
			case n < limit:
				want = append(want, double(n))
			case n%3 != 0:
				want = append(want, -n)
			}
		}
		check(t, want, items, func() ops.Processor[int, int] { return skipping[int, int]{f} })
	})
}
