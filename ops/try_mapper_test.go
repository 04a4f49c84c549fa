package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("try-mapper", 1, ints(6), referenceMap(double), tryMapper(func() {}), tryMapper, randomInts))

var _ = misused(
	newMisuse("try-mapper without function", "try-mapper: function must not be nil", ops.NewTryMapper[int, int](nil)),
	newMisuse("try-mapper with a nil handler", "try-mapper: OnError must not be nil", ops.NewTryMapper(oddFails).OnError(nil)),
)

var _ = chained(func(n int, before func()) link { return link{"try-map", tryMapper(before), referenceMap(double), true} })

// oddFails fails for odd numbers.
func oddFails(n int) (int, error) {
	if n%2 != 0 {
		return 0, errBoom
	}
	return 2 * n, nil
}

func TestTryMapper(t *testing.T) {
	bubble(t, "every call succeeds", func(t *testing.T) {
		check(t, ints(3), []string{"1", "2", "3"}, func() ops.Processor[string, int] { return ops.NewTryMapper(strconv.Atoi) })
	})
	bubble(t, "failed items leave no gap", func(t *testing.T) {
		check(t, []int{4, 8}, ints(5), skippingOdd)
	})
}

func skippingOdd() ops.Processor[int, int] {
	return skipping[int, int]{ops.NewTryMapper(oddFails)}
}

func referenceTryMap[In, Out any](fn func(In) (Out, error), in ...In) (out []Out) {
	for _, v := range in {
		if w, err := fn(v); err == nil {
			out = append(out, w)
		}
	}
	return out
}

func TestTryMapperModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		check(t, referenceTryMap(oddFails, in...), in, skippingOdd)
	})
}

// oddErrors are what oddFails makes of 1, 2, 3 at the current time.
func oddErrors(name string) []ops.ItemError {
	now := time.Now()
	return []ops.ItemError{
		{Processor: name, Item: 1, Err: errBoom, Attempts: 1, Time: now},
		{Processor: name, Item: 3, Err: errBoom, Attempts: 1, Time: now},
	}
}

func TestTryMapperErrorsGoTo(t *testing.T) {
	bubble(t, "the handler and nobody else", func(t *testing.T) {
		sup := new(listener)
		var got []ops.ItemError
		p := ops.NewTryMapper(oddFails).WithName("parse").OnError(func(_ context.Context, e *ops.ItemError) { got = append(got, *e) })
		log := captureLog(t, func() { collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(ints(3)...))) })
		if diff := cmp.Diff(oddErrors("parse"), got, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if log != "" || len(sup.itemErrors())+len(sup.failures()) > 0 {
			t.Errorf("the log has %q, the supervisor %v and %v, want nothing", log, sup.itemErrors(), sup.failures())
		}
	})
	bubble(t, "the supervisor if there is no handler", func(t *testing.T) {
		sup := new(listener)
		p := ops.NewTryMapper(oddFails)
		log := captureLog(t, func() { collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(ints(3)...))) })
		if diff := cmp.Diff(oddErrors("try-mapper"), sup.itemErrors(), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if log != "" || len(sup.failures()) > 0 {
			t.Errorf("the log has %q, Failed() %v, want nothing", log, sup.failures())
		}
	})
	bubble(t, "the log if there is neither", func(t *testing.T) {
		p := ops.NewTryMapper(oddFails).WithName("parse")
		line := `level=WARN msg="item failed" processor=parse error=boom` + "\n"
		want := line + line
		got := captureLog(t, func() { collect(p.Process(t.Context(), feed(ints(3)...))) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log mismatch (-want +got):\n%s", diff)
		}
	})
}

// captureLog gives what fn writes to the default logger, without the time.
func captureLog(t *testing.T, fn func()) string {
	t.Helper()
	var buf bytes.Buffer
	defer restoreLog(slog.Default(), log.Writer(), log.Flags())
	slog.SetDefault(slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	fn()
	return buf.String()
}

// restoreLog also gives package log its output back, which SetDefault took.
func restoreLog(logger *slog.Logger, w io.Writer, flags int) {
	slog.SetDefault(logger)
	log.SetOutput(w)
	log.SetFlags(flags)
}

func TestTryMapperHandlerRunsOnTheProcessorsGoroutine(t *testing.T) {
	bubble(t, "between the calls, in order", func(t *testing.T) {
		where := make(map[string]bool)
		var events []string
		p := ops.NewTryMapper(func(n int) (int, error) {
			where[goroutine()] = true
			events = append(events, fmt.Sprint("call ", n))
			return oddFails(n)
		}).OnError(func(_ context.Context, e *ops.ItemError) {
			where[goroutine()] = true
			events = append(events, fmt.Sprint("told ", e.Item))
		})
		collect(p.Process(t.Context(), feed(ints(3)...)))
		want := []string{"call 1", "told 1", "call 2", "call 3", "told 3"}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if len(where) != 1 {
			t.Errorf("called on %v, want one goroutine", where)
		}
	})
}

func TestTryMapperEchoOfCancel(t *testing.T) {
	other, end := context.WithCancel(context.Background())
	end()
	tests := []struct {
		name   string
		cancel bool
		err    func(ctx context.Context) error
		want   int // errors reported
	}{
		{"the error of the ended context is an echo", true, context.Context.Err, 0},
		{"so is its cause", true, context.Cause, 0},
		{"and what wraps it", true, func(ctx context.Context) error { return fmt.Errorf("call: %w", ctx.Err()) }, 0},
		{"another error is a failure even then", true, func(context.Context) error { return errBoom }, 1},
		{"the end of another context is a failure", false, func(context.Context) error { return other.Err() }, 1},
		{"a deadline of the function's own is a failure", false, func(context.Context) error { return context.DeadlineExceeded }, 1},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			told := 0
			p := ops.NewTryMapper(func(int) (int, error) {
				if tt.cancel {
					cancel(errCause)
				}
				return 0, tt.err(ctx)
			}).OnError(func(context.Context, *ops.ItemError) { told++ })
			collect(p.Process(ctx, feed(1)))
			if told != tt.want {
				t.Errorf("%d errors were told, want %d", told, tt.want)
			}
			cancel(nil)
		})
	}
}

func TestTryMapperOnErrorLeavesItsReceiverAlone(t *testing.T) {
	bubble(t, "two handlers", func(t *testing.T) {
		count := func(n *int) func(context.Context, *ops.ItemError) {
			return func(context.Context, *ops.ItemError) { *n++ }
		}
		var first, second int
		p := ops.NewTryMapper(oddFails).OnError(count(&first))
		_ = p.OnError(count(&second))
		collect(p.Process(t.Context(), feed(1)))
		if first != 1 || second != 0 {
			t.Errorf("told %d and %d times, want 1 and 0", first, second)
		}
	})
}

// In a flow the policy decides, and the handler is told.
func TestTryMapperInAFlow(t *testing.T) {
	var told []any
	p := ops.NewTryMapper(oddFails).OnError(func(_ context.Context, e *ops.ItemError) { told = append(told, e.Item) })
	t.Run("stop", func(t *testing.T) {
		told = nil
		var r flow.Report
		got, err := flow.FromSlice(ints(4)).Then(p).Collect(t.Context(), flow.WithReport(&r))
		e, ok := errors.AsType[*flow.StageError](err)
		if !ok || e.Stage != "try-mapper" || e.Item != 1 || !errors.Is(err, errBoom) || len(got) > 0 || !r.Balanced() {
			t.Errorf("got %v, error %v\n%v", got, err, r)
		}
		if diff := cmp.Diff([]any{1}, told); diff != "" {
			t.Errorf("told mismatch (-want +got):\n%s", diff)
		}
	})
	t.Run("skip", func(t *testing.T) {
		told = nil
		var r flow.Report
		got, err := flow.FromSlice(ints(4)).Then(p).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{4, 8}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		if diff := cmp.Diff([]any{1, 3}, told); diff != "" {
			t.Errorf("told mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestItemErrorHidesTheItem(t *testing.T) {
	err := &ops.ItemError{Processor: "parse", Item: "secret", Err: errBoom}
	if want, got := "parse: boom", err.Error(); got != want || strings.Contains(got, "secret") {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !errors.Is(err, errBoom) {
		t.Error("errors.Is() does not reach the cause")
	}
}
