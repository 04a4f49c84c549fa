package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("call", 1, ints(6), referenceMap(double), call(func() {}), call, randomInts))

var _ = misused(
	newMisuse("call without function", "call: function must not be nil", ops.NewCall[int, int](nil)),
	newMisuse("call with a nil handler", "call: OnError must not be nil", ops.NewCall(lookup).OnError(nil)),
)

var _ = chained(func(n int, before func()) link { return link{"call", call(before), referenceMap(double), true} })

func call(before func()) *ops.Call[int, int] {
	return ops.NewCall(func(_ context.Context, n int) (int, error) {
		before()
		return double(n), nil
	})
}

// oddCallsFail fails for odd numbers, after a while.
func oddCallsFail(ctx context.Context, n int) (int, error) {
	if err := clock.Sleep(ctx, clock.Real(), time.Duration(n)*ms); err != nil {
		return 0, err
	}
	return oddFails(n)
}

func TestCallModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		got := collect(ops.NewCall(oddCallsFail).OnError(func(context.Context, *ops.ItemError) {}).Process(t.Context(), feed(in...)))
		if diff := cmp.Diff(referenceTryMap(oddFails, in...), got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

type callKey struct{}

// The call is given the context of the run, which carries what the caller's does.
func TestCallGetsTheContextOfTheRun(t *testing.T) {
	ctx := context.WithValue(t.Context(), callKey{}, "value")
	read := ops.NewCall(func(ctx context.Context, _ int) (any, error) { return ctx.Value(callKey{}), nil })
	got, err := flow.Of(1).Then(read).Collect(ctx)
	if diff := cmp.Diff([]any{"value"}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

// sleeps is a Call of items that take an hour each, or as long as their context.
var sleeps = ops.NewCall(func(ctx context.Context, n int) (int, error) {
	return n, clock.Sleep(ctx, clock.Real(), time.Hour)
})

func TestCallEndsWithItsContext(t *testing.T) {
	bubble(t, "cancelled: its item is held, and the cause returned", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(90*time.Minute, func() { cancel(errCause) })
		var r flow.Report
		got, err := flow.FromSlice(ints(5)).Then(sleeps).Collect(ctx, flow.WithReport(&r))
		books, _ := r.Stage("call")
		if err != errCause || len(got) != 1 || books.Held != 1 || books.Failed != 0 || !r.Balanced() {
			t.Errorf("got %v, error %v\n%v", got, err, r)
		}
	})
	bubble(t, "nobody needs more items", func(t *testing.T) {
		start := time.Now()
		var r flow.Report
		got, err := flow.FromSlice(ints(5)).Then(sleeps).Async(1).First(t.Context(), flow.WithReport(&r))
		if took := time.Since(start); got != 1 || err != nil || took != time.Hour || !r.Balanced() {
			t.Errorf("got %v after %v, error %v\n%v", got, took, err, r)
		}
	})
	bubble(t, "over channels: the output closes when the call has returned", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		log := captureLog(t, func() {
			out := sleeps.Process(ctx, feed(1, 2))
			time.AfterFunc(time.Minute, cancel)
			if got := collect(out); len(got) > 0 {
				t.Errorf("got %v, want nothing", got)
			}
		})
		if log != "" {
			t.Errorf("the log has %q, want nothing", log)
		}
	})
}

// A deadline of the function's own is a failure of the item, as the guide's workers
// have it.
func TestCallWithADeadlineOfItsOwn(t *testing.T) {
	bubble(t, "slow items fail, quick ones pass", func(t *testing.T) {
		limited := ops.NewCall(func(ctx context.Context, n int) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, 3*ms+ms/2)
			defer cancel()
			return n, clock.Sleep(ctx, clock.Real(), time.Duration(n)*ms)
		})
		var failed []any
		p := limited.OnError(func(_ context.Context, e *ops.ItemError) {
			if errors.Is(e, context.DeadlineExceeded) {
				failed = append(failed, e.Item)
			}
		})
		got := collect(p.Process(t.Context(), feed(ints(5)...)))
		if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{4, 5}, failed); diff != "" {
			t.Errorf("failed mismatch (-want +got):\n%s", diff)
		}
	})
}

// A Call never holds up the timer of a Batch, on whichever side of it.
func TestCallBesideATimer(t *testing.T) {
	slow := func(d time.Duration) *ops.Call[int, int] {
		return ops.NewCall(func(ctx context.Context, n int) (int, error) { return n, clock.Sleep(ctx, clock.Real(), d) })
	}
	bubble(t, "above", func(t *testing.T) {
		start := time.Now()
		var got []string
		err := flow.Of(1, 2).Then(slow(5*time.Second)).Batch(10, time.Second).
			Tap(func(batch []int) { got = append(got, fmt.Sprint(batch, time.Since(start))) }).Run(t.Context())
		if diff := cmp.Diff([]string{"[1] 6s", "[2] 10s"}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "below", func(t *testing.T) {
		var sizes []int
		busy := ops.NewCall(func(ctx context.Context, batch []int) (int, error) {
			return len(batch), clock.Sleep(ctx, clock.Real(), 10*time.Second)
		})
		every := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			for n := range 6 {
				if err := emit(n); err != nil {
					return err
				}
				if err := clock.Sleep(ctx, clock.Real(), time.Second); err != nil {
					return err
				}
			}
			return nil
		})
		err := every.Batch(10, 1500*ms).Then(busy).Tap(func(n int) { sizes = append(sizes, n) }).Run(t.Context())
		if diff := cmp.Diff([]int{2, 2, 2}, sizes); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

func TestCallInAFlow(t *testing.T) {
	bubble(t, "skip", func(t *testing.T) {
		var r flow.Report
		got, err := flow.FromSlice(ints(4)).Call(oddCallsFail).Named("ask").OnError(flow.Skip()).
			Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		books, _ := r.Stage("ask")
		if diff := cmp.Diff([]int{4, 8}, got); diff != "" || err != nil || books.Failed != 2 || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
	bubble(t, "stop", func(t *testing.T) {
		_, err := flow.FromSlice(ints(4)).Call(oddCallsFail).Named("ask").Collect(t.Context())
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "ask" || e.Op != "Call" || !errors.Is(err, errBoom) {
			t.Errorf("Collect() error = %v, want a StageError of ask", err)
		}
	})
}
