package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("dead-letters", 1, ints(6), referenceMap(double), lettering(func() {}), lettering, randomInts),
	newSubject("dead-letters", 3, ints(6), referenceMap(double), letteringWorkers(func() {}), letteringWorkers, randomInts).with(2),
	newSubject("dead-letters", 1, ints(6), referenceFlatMap(twice), ops.NewDeadLetterQueue(ops.NewFlatMapper(twice)), nil, randomInts),
	newSubject("dead-letters", 6, ints(6), referenceFilter(even), ops.NewDeadLetterQueue(ops.NewTryMapper(onlyEven)), nil, randomInts),
)

var _ = misused(
	newMisuse("letters of nothing", "dead-letters: processor must not be nil", ops.NewDeadLetterQueue[int, int](nil)),
	newMisuse("letters of what cannot run", "dead-letters: function of mapper must not be nil", ops.NewDeadLetterQueue(ops.NewMapper[int, int](nil))),
	newMisuse("negative retries", "dead-letters: most retries must not be negative, got -1", ops.NewDeadLetterQueue(okayMapper).MaxRetries(-1)),
	newMisuse("negative retry delay", "dead-letters: retry delay must not be negative, got -1ms", ops.NewDeadLetterQueue(okayMapper).RetryDelay(-ms)),
	newMisuse("no room for letters", "dead-letters: failed buffer size must be between 1 and 1<<20, got 0", ops.NewDeadLetterQueue(okayMapper).WithFailedBufferSize(0)),
	newMisuse("negative room for letters", "dead-letters: failed buffer size must be between 1 and 1<<20, got -1", ops.NewDeadLetterQueue(okayMapper).WithFailedBufferSize(-1)),
	newMisuse("nil ShouldRetry", "dead-letters: ShouldRetry must not be nil", ops.NewDeadLetterQueue(okayMapper).ShouldRetry(nil)),
	newMisuse("nil OnRetry of letters", "dead-letters: OnRetry must not be nil", ops.NewDeadLetterQueue(okayMapper).OnRetry(nil)),
	newMisuse("nil OnFailure", "dead-letters: OnFailure must not be nil", ops.NewDeadLetterQueue(okayMapper).OnFailure(nil)),
	newMisuse("nil FailWhen of letters", "dead-letters: FailWhen must not be nil", ops.NewDeadLetterQueue(okayMapper).FailWhen(nil)),
	newMisuse("negative timeout of letters", "dead-letters: timeout must not be negative, got -1ms", ops.NewDeadLetterQueue(okayMapper).WithTimeout(-ms)),
	newMisuse("letters with a nil handler", "dead-letters: OnError must not be nil", ops.NewDeadLetterQueue(okayMapper).OnError(nil)),
	newMisuse("letters with two clocks", "dead-letters: clock must be given once at most, got 2", ops.NewDeadLetterQueue(okayMapper, nil, nil)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{"dead-letters", lettering(before), referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewDeadLetterQueue(workers(n%3+1, before))
		return link{fmt.Sprint("dead-letters of workers ", n%3+1), p, referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewDeadLetterQueue(ops.NewTryMapper(func(n int) (int, error) {
			before()
			return onlyEven(n)
		}))
		return link{"dead-letters of half", p, referenceFilter(even), true}
	},
)

func lettering(before func()) *ops.DeadLetterQueue[int, int] {
	return ops.NewDeadLetterQueue(tryMapper(before))
}

func letteringWorkers(before func()) *ops.DeadLetterQueue[int, int] {
	return ops.NewDeadLetterQueue(asyncMapper(before))
}

func onlyEven(n int) (int, error) {
	if !even(n) {
		return 0, fmt.Errorf("%d: %w", n, errBoom)
	}
	return n, nil
}

// oddAside puts the odd items aside.
func oddAside() *ops.DeadLetterQueue[int, int] {
	return ops.NewDeadLetterQueue(ops.NewTryMapper(onlyEven))
}

func lettersText[T any](letters []ops.Letter[T]) (all []string) {
	for _, l := range letters {
		all = append(all, fmt.Sprint(l.Item, " ", l.Attempts, " ", l.Stage, ": ", l.Err))
	}
	return all
}

func wantLetters[T any](t *testing.T, want []string, got []ops.Letter[T]) {
	t.Helper()
	if diff := cmp.Diff(want, lettersText(got)); diff != "" {
		t.Errorf("letters mismatch (-want +got):\n%s", diff)
	}
}

func TestDeadLetterQueue_pinned(t *testing.T) {
	tests := map[string]struct {
		fails   int // calls
		retries int
		items   []int
		out     []int
		letters []string
		stats   ops.DLQStats
		at      []time.Duration
	}{
		"fails twice": {fails: 2, items: ints(5), out: []int{6, 8, 10},
			letters: []string{"1 1 dead-letters: call 1: boom", "2 1 dead-letters: call 2: boom"},
			stats:   ops.DLQStats{Processed: 5, Succeeded: 3, Failed: 2}, at: make([]time.Duration, 5)},
		"two failures of four calls": {fails: 2, retries: 3, items: ints(1), out: []int{2},
			stats: ops.DLQStats{Processed: 1, Succeeded: 1, Retried: 2}, at: []time.Duration{0, time.Second, 2 * time.Second}},
		"always failing": {fails: 9, retries: 2, items: ints(1),
			letters: []string{"1 3 dead-letters: call 3: boom"},
			stats:   ops.DLQStats{Processed: 1, Failed: 1, Retried: 2}, at: []time.Duration{0, time.Second, 2 * time.Second}},
	}
	for name, tt := range tests {
		for way, wrapped := range map[string]func(*faultyFunc) ops.Processor[int, int]{
			"a Caller":      func(f *faultyFunc) ops.Processor[int, int] { return ops.NewCall(f.fn) },
			"a worker":      func(f *faultyFunc) ops.Processor[int, int] { return ops.NewAsyncMapper(f.fn).WithWorkers(1) },
			"over channels": func(f *faultyFunc) ops.Processor[int, int] { return bridged[int, int]{ops.NewCall(f.fn)} },
		} {
			bubble(t, name+", "+way, func(t *testing.T) {
				f := failingTimes(tt.fails)
				q := ops.NewDeadLetterQueue(wrapped(f)).MaxRetries(tt.retries)
				got, _ := retryOver(t, q, tt.items...)
				if diff := cmp.Diff(retryOutcome{Out: tt.out}, got); diff != "" {
					t.Errorf("outcome mismatch (-want +got):\n%s", diff)
				}
				letters := q.TakeLetters()
				for i, l := range letters {
					if !errors.Is(l.Err, errBoom) || !l.Time.Equal(time.Now()) {
						t.Errorf("letter %d is %v, want the true error and the time of now", i, l)
					}
				}
				var want []string
				for _, l := range tt.letters {
					if way == "over channels" { // which adds who failed
						l = strings.Replace(l, ": call", ": call: call", 1)
					}
					want = append(want, l)
				}
				wantLetters(t, want, letters)
				if diff := cmp.Diff(tt.stats, q.Stats()); diff != "" {
					t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.at, f.calls); diff != "" {
					t.Errorf("times of the calls mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestDLQStats_rates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := ops.NewDeadLetterQueue(ops.NewCall(failingTimes(3).fn))
		if s := q.Stats(); s.SuccessRate() != 0 || s.FailureRate() != 0 {
			t.Errorf("rates of nothing are %v and %v, want 0", s.SuccessRate(), s.FailureRate())
		}
		retryOver(t, q, ints(10)...)
		if s := q.Stats(); s.SuccessRate() != 0.7 || s.FailureRate() != 0.3 {
			t.Errorf("rates are %v and %v, want 0.7 and 0.3", s.SuccessRate(), s.FailureRate())
		}
		var zero ops.DeadLetterQueue[int, int]
		if got := zero.Stats(); got != (ops.DLQStats{}) || zero.TakeLetters() != nil {
			t.Errorf("Stats() of the zero value = %v, want nothing", got)
		}
	})
}

// TestDeadLetterQueue_stopsAtTheFirst: no output after it, and the error goes to the
// supervisor, or ends the flow.
func TestDeadLetterQueue_stopsAtTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sup := new(listener)
		q := oddAside().ContinueOnError(false)
		got := collect(q.Process(ops.WithSupervisor(t.Context(), sup), feed(1, 2, 3, 4)))
		if len(got) > 0 || q.Stats() != (ops.DLQStats{Processed: 1, Failed: 1}) {
			t.Errorf("got %v and %+v, want nothing and one failure", got, q.Stats())
		}
		if f := sup.failures(); len(f) != 1 || !errors.Is(f[0], errBoom) || len(sup.itemErrors()) > 0 {
			t.Errorf("Failed() was told %v, want the error", f)
		}
		wantLetters(t, []string{"1 1 dead-letters: 1: boom"}, q.TakeLetters())

		var r flow.Report
		err := flow.Of(2, 3, 4).Then(q).Run(t.Context(), flow.WithReport(&r))
		if failed, ok := errors.AsType[*flow.StageError](err); !ok || failed.Item != 3 || failed.Stage != "dead-letters" {
			t.Errorf("Run() = %v, want the failure of 3", err)
		}
		if s := r.Stages[1]; s.Passed != 1 || s.Failed != 1 || !r.Balanced() {
			t.Errorf("the books are wrong:\n%v", r)
		}
	})
}

// TestDLQUnreadStall is a regression test of the defect dlq-unread-stall: letters
// that nobody read stopped the stream.
func TestDLQUnreadStall(t *testing.T) {
	for name, ask := range map[string]bool{"nobody asked": false, "somebody asked and does not read": true} {
		bubble(t, name, func(t *testing.T) {
			q := oddAside()
			var failed <-chan ops.Letter[int]
			if ask {
				failed = q.FailedItems()
			}
			var got []int
			log := captureLog(t, func() {
				got = collect(q.Process(t.Context(), feed(ints(2000)...)))
			})
			if len(got) != 1000 {
				t.Errorf("%d items, want 1000", len(got))
			}
			want := ops.DLQStats{Processed: 2000, Succeeded: 1000, Failed: 1000, Lost: 900}
			if diff := cmp.Diff(want, q.Stats()); diff != "" {
				t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
			}
			if n := strings.Count(log, "\n"); n != 3 || !strings.Contains(log, "dead-letters") {
				t.Errorf("%d lines, want those for 1, 10 and 100 letters lost:\n%s", n, log)
			}
			if !ask {
				failed = q.FailedItems()
			}
			letters := collect(failed)
			if len(letters) != 100 || letters[0].Item != 1801 || letters[99].Item != 1999 {
				t.Errorf("%d letters, want the latest 100", len(letters))
			}
		})
	}
}

// TestDLQSecondRun is a regression test of the defect dlq-second-run: the letters
// of a second run arrived nowhere, and two at once could panic.
func TestDLQSecondRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oddAside()
		for range 2 {
			failed := q.FailedItems()
			retryOver(t, q, 1, 2, 3)
			wantLetters(t, []string{"1 1 dead-letters: 1: boom", "3 1 dead-letters: 3: boom"}, collect(failed))
		}
		for range 20 {
			var outs []<-chan int
			for range 8 {
				outs = append(outs, q.Process(t.Context(), feed(1, 2, 3)))
			}
			failed := q.FailedItems()
			for _, out := range outs {
				collect(out)
			}
			if got := collect(failed); len(got) != 16 {
				t.Fatalf("%d letters of 8 runs, want 16", len(got))
			}
		}
	})
}

// TestDeadLetterQueue_failedItems: it may be called at any time.
func TestDeadLetterQueue_failedItems(t *testing.T) {
	one := []string{"1 1 dead-letters: 1: boom"}
	two := append(one, "3 1 dead-letters: 3: boom")
	bubble(t, "before a run", func(t *testing.T) {
		q := oddAside()
		failed := q.FailedItems()
		wantOpen(t, failed)
		collect(q.Process(t.Context(), feed(1)))
		wantLetters(t, one, collect(failed))
	})
	bubble(t, "while it goes on", func(t *testing.T) {
		q, in := oddAside(), make(chan int)
		out := q.Process(t.Context(), in)
		in <- 1
		synctest.Wait()
		failed := q.FailedItems()
		if again := q.FailedItems(); again != failed {
			t.Error("asked again it gives another channel")
		}
		in <- 3
		close(in)
		collect(out)
		wantLetters(t, two, collect(failed))
	})
	bubble(t, "after it", func(t *testing.T) {
		q := oddAside()
		collect(q.Process(t.Context(), feed(1)))
		wantLetters(t, one, collect(q.FailedItems()))
		next := q.FailedItems() // of a run to come
		wantOpen(t, next)
		collect(q.Process(t.Context(), feed(1)))
		wantLetters(t, one, collect(next))
	})
	bubble(t, "after two", func(t *testing.T) {
		q := oddAside()
		collect(q.Process(t.Context(), feed(1)))
		collect(q.Process(t.Context(), feed(3)))
		wantLetters(t, two, collect(q.FailedItems()))
	})
	bubble(t, "while another run goes on", func(t *testing.T) {
		q, in := oddAside(), make(chan int)
		out := q.Process(t.Context(), in)
		failed := q.FailedItems()
		collect(q.Process(t.Context(), feed(1)))
		if l := wantNext(t, failed); l.Item != 1 {
			t.Errorf("got %v, want the letter of 1", l)
		}
		wantOpen(t, failed)
		close(in)
		collect(out)
		wantClosed(t, failed)
	})
	bubble(t, "of a run whose context had ended", func(t *testing.T) {
		q := oddAside()
		failed := q.FailedItems()
		collect(q.Process(ended(t.Context()), feed(1)))
		wantClosed(t, failed)
	})
	bubble(t, "of a run that is not executed", func(t *testing.T) {
		q := oddAside()
		failed := q.FailedItems()
		if _, err := flow.Of(1).Then(q).Map[int](nil).Collect(t.Context()); err == nil {
			t.Error("Collect() = nil, want a configuration error")
		}
		flow.Of(1).Then(q).Discard().Plan()
		wantOpen(t, failed)
		collect(q.Process(t.Context(), feed(1)))
		wantLetters(t, one, collect(failed))
	})
	bubble(t, "in a flow", func(t *testing.T) {
		q := oddAside()
		failed := q.FailedItems()
		for range 2 {
			job := flow.Of(1, 2).Then(q).Discard()
			if err := job.Run(t.Context()); err != nil {
				t.Error(err)
			}
			wantLetters(t, one, collect(failed))
			failed = q.FailedItems()
		}
	})
	bubble(t, "of a copy", func(t *testing.T) {
		q := oddAside()
		collect(q.Process(t.Context(), feed(1)))
		if got := q.WithName("other").TakeLetters(); len(got) > 0 {
			t.Errorf("a copy has the letters %v, want none", got)
		}
	})
}

// TestDeadLetterQueue_letters are kept until they are taken.
func TestDeadLetterQueue_letters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oddAside().WithFailedBufferSize(2)
		captureLog(t, func() { collect(q.Process(t.Context(), feed(1, 3, 5))) })
		want := []string{"3 1 dead-letters: 3: boom", "5 1 dead-letters: 5: boom"}
		for range 2 {
			wantLetters(t, want, slices.Collect(q.Letters()))
		}
		for l := range q.Letters() {
			if l.Item != 3 {
				t.Errorf("the first is %v, want 3", l)
			}
			break
		}
		wantLetters(t, want, q.TakeLetters())
		wantLetters(t, nil, slices.Collect(q.Letters()))
		if got := q.Stats().Lost; got != 1 {
			t.Errorf("%d lost, want 1", got)
		}
	})
}

// TestDeadLetterQueue_onFailure is told of one letter at a time, also by workers, and of the
// run's clock.
func TestDeadLetterQueue_onFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		var got, told []string
		broken := ops.NewAsyncMapper(func(context.Context, int) (int, error) { return 0, errBoom }).WithWorkers(8)
		q := ops.NewDeadLetterQueue(broken, fake).WithFailedBufferSize(1).OnFailure(func(_ context.Context, l ops.Letter[int]) {
			got = append(got, fmt.Sprint(l.Item, l.Time.Equal(fake.Now())))
			time.Sleep(ms)
		}).OnError(func(_ context.Context, e *ops.ItemError) { told = append(told, fmt.Sprint(e.Item, true)) })
		log := captureLog(t, func() { collect(q.Process(t.Context(), feed(ints(20)...))) })
		if diff := cmp.Diff(got, told); diff != "" || len(got) != 20 || !strings.HasSuffix(got[0], "true") {
			t.Errorf("%d letters, want 20 with the time of the clock, and the handler told (-letters +handler):\n%s", len(got), diff)
		}
		if log != "" {
			t.Errorf("the log has %q, want nothing: the letters were handed over", log)
		}
	})
}

// TestDeadLetterQueue_inAFlow: the policy is not asked about an item, and the books say what
// became of it.
func TestDeadLetterQueue_inAFlow(t *testing.T) {
	broken := func(_ context.Context, n int) (int, error) { return onlyEven(n) }
	for name, p := range map[string]ops.Processor[int, int]{
		"a Caller": ops.NewCall(broken), "workers": ops.NewAsyncMapper(broken).WithWorkers(3), "over channels": bridged[int, int]{ops.NewCall(broken)},
	} {
		for policy, run := range map[string]func(flow.Flow[int]) flow.Flow[int]{
			"Stop": func(f flow.Flow[int]) flow.Flow[int] { return f },
			"Retry": func(f flow.Flow[int]) flow.Flow[int] {
				return f.OnError(flow.Retry(5, flow.Constant(time.Hour)).Then(flow.Handle(func(context.Context, *flow.StageError) flow.Policy {
					t.Error("the policy was asked")
					return flow.Stop()
				})))
			},
			"Budget": func(f flow.Flow[int]) flow.Flow[int] { return f.OnError(flow.Budget(1)) },
		} {
			bubble(t, name+" under "+policy, func(t *testing.T) {
				var r flow.Report
				q := ops.NewDeadLetterQueue(p).MaxRetries(1)
				got, err := run(flow.FromSlice(ints(6)).Then(q)).Collect(t.Context(), flow.WithReport(&r))
				if diff := cmp.Diff([]int{2, 4, 6}, got); diff != "" || err != nil {
					t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
				}
				if s := r.Stages[1]; s.DeadLettered != 3 || s.Passed != 3 || s.Retried != 3 || !r.Balanced() {
					t.Errorf("the books are wrong:\n%v", r)
				}
			})
		}
	}
}

// TestDeadLetterQueue_panics are no letters: the policy decides.
func TestDeadLetterQueue_panics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ops.NewMapper(func(n int) int {
			if n == 2 {
				deliberatePanic()
			}
			return n
		})
		q := ops.NewDeadLetterQueue(p)
		if err := flow.Of(1, 2, 3).Then(q).Run(t.Context()); !errors.Is(err, errBoom) {
			t.Errorf("Run() = %v, want the panic", err)
		}
		got, err := flow.Of(1, 2, 3).Then(q).OnError(flow.Skip()).Collect(t.Context(), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{1, 3}, got); diff != "" || err != nil || q.Stats().Failed != 0 {
			t.Errorf("error %v, %+v, items mismatch (-want +got):\n%s", err, q.Stats(), diff)
		}
	})
}

// TestDeadLetterQueue_callbackFails: the letter was kept, and the failure that it is about is
// told as well.
func TestDeadLetterQueue_callbackFails(t *testing.T) {
	for name, end := range map[string]func(){"a panic": deliberatePanic, "Goexit": runtime.Goexit} {
		bubble(t, name, func(t *testing.T) {
			q := oddAside().OnFailure(func(context.Context, ops.Letter[int]) { end() })
			var r flow.Report
			err := errors.New("unwound")
			done := make(chan struct{})
			go func() {
				defer close(done)
				err = flow.Of(1, 2).Then(q).Run(t.Context(), flow.WithReport(&r))
			}()
			<-done
			if len(q.TakeLetters()) != 1 || !r.Balanced() || err == nil {
				t.Errorf("Run() = %v, want a failure and a letter:\n%v", err, r)
			}
			if cause := r.Cause; !errors.Is(cause, errBoom) || !strings.Contains(cause.Error(), "1: boom") {
				t.Errorf("the cause is %v, want the failure of the item first", cause)
			}
		})
	}
}

// TestDeadLetterQueue_cancelled: an item that was cut off is no letter and no failure.
func TestDeadLetterQueue_cancelled(t *testing.T) {
	hangs := func(ctx context.Context, n int) (int, error) {
		if n == 1 {
			return n, errBoom
		}
		return n, stuck(ctx, n)
	}
	for name, items := range map[string][]int{"in a call": {2}, "in a wait": {1}} {
		for way, p := range map[string]ops.Processor[int, int]{
			"a Caller": ops.NewCall(hangs), "workers": ops.NewAsyncMapper(hangs).WithWorkers(2), "over channels": bridged[int, int]{ops.NewCall(hangs)},
		} {
			bubble(t, name+", "+way, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(500*ms, func() { cancel(errCause) })
				var r flow.Report
				q := ops.NewDeadLetterQueue(p).MaxRetries(3)
				if err := flow.FromSlice(items).Then(q).Run(ctx, flow.WithReport(&r)); err != errCause {
					t.Errorf("Run() = %v, want %v", err, errCause)
				}
				if q.Stats() != (ops.DLQStats{}) || len(q.TakeLetters()) > 0 {
					t.Errorf("Stats() = %+v, want nothing", q.Stats())
				}
				if s := r.Stages[1]; s.Held != 1 || !r.Balanced() {
					t.Errorf("the books are wrong:\n%v", r)
				}
			})
		}
	}
}

// TestDeadLetterQueue_call writes the letter, and is filtered to what is around.
func TestDeadLetterQueue_call(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oddAside().MaxRetries(2)
		if got, err := q.Call(t.Context(), 2); got != 2 || err != nil {
			t.Errorf("Call(2) = %d, %v", got, err)
		}
		if _, err := q.Call(t.Context(), 1); !errors.Is(err, ops.ErrFiltered) || !errors.Is(err, errBoom) {
			t.Errorf("Call(1) = %v, want both errors", err)
		}
		wantLetters(t, []string{"1 3 dead-letters: 1: boom"}, q.TakeLetters())
		if _, err := q.ContinueOnError(false).Call(t.Context(), 1); errors.Is(err, ops.ErrFiltered) || !errors.Is(err, errBoom) {
			t.Errorf("Call(1) of one that stops = %v, want the error", err)
		}
		q = oddAside()
		got, _ := retryOver(t, ops.NewRetry(q, 3), ints(4)...)
		if diff := cmp.Diff(retryOutcome{Out: []int{2, 4}}, got); diff != "" || q.Stats().Failed != 2 {
			t.Errorf("%+v, outcome of a Retry around it mismatch (-want +got):\n%s", q.Stats(), diff)
		}
		if _, err := ops.NewDeadLetterQueue[int, int](nil).Call(t.Context(), 1); err == nil {
			t.Error("Call() of one that cannot run = nil")
		}
	})
}

func TestDeadLetterQueue_options(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var retried []string
		q := ops.NewDeadLetterQueue(ops.NewTryMapper(onlyEven)).MaxRetries(2).RetryDelay(ms).
			ShouldRetry(func(err error) bool { return strings.HasPrefix(err.Error(), "1") }).
			OnRetry(func(n, attempt int, err error) { retried = append(retried, fmt.Sprint(n, " ", attempt, " ", err)) }).
			FailWhen(func(n int) error {
				if n == 4 {
					return errCause
				}
				return nil
			})
		start := time.Now()
		got, _ := retryOver(t, q, ints(4)...)
		if diff := cmp.Diff(retryOutcome{Out: []int{2}}, got); diff != "" || time.Since(start) != 2*ms {
			t.Errorf("after %v, outcome mismatch (-want +got):\n%s", time.Since(start), diff)
		}
		if diff := cmp.Diff([]string{"1 1 1: boom", "1 2 1: boom"}, retried); diff != "" {
			t.Errorf("OnRetry mismatch (-want +got):\n%s", diff)
		}
		wantLetters(t, []string{
			"1 3 dead-letters: 1: boom", "3 1 dead-letters: 3: boom", "4 1 dead-letters: " + errCause.Error(),
		}, q.TakeLetters())
	})
}

// TestDeadLetterQueue_nilItem: an interface that is nil becomes a letter too.
func TestDeadLetterQueue_nilItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := ops.NewDeadLetterQueue(ops.NewTryMapper(func(error) (int, error) { return 0, errBoom }))
		collect(q.Process(t.Context(), feed[error](nil)))
		wantLetters(t, []string{"<nil> 1 dead-letters: boom"}, q.TakeLetters())
	})
}

// TestDeadLetterQueue_model: random failures against a plain function.
func TestDeadLetterQueue_model(t *testing.T) {
	trials(t, 50, func(t *testing.T, r *rand.Rand) {
		items, bad := randomInts(r), 1+r.IntN(5)
		fails := func(n int) bool { return n%bad == 0 }
		want := referenceFilter(func(n int) bool { return !fails(n) })(items...)
		letters := referenceFilter(fails)(items...)
		check(t, want, items, func() ops.Processor[int, int] {
			return ops.NewDeadLetterQueue(ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
				if fails(n) {
					return 0, errBoom
				}
				return n, nil
			}).WithWorkers(3)).OnFailure(func(_ context.Context, l ops.Letter[int]) {
				if !slices.Contains(letters, l.Item) {
					t.Errorf("%v became a letter", l.Item)
				}
			})
		})
	})
}
