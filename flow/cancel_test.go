package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var errEnough = errors.New("enough")

// tally counts the calls of several functions, also on different goroutines, and after
// an event.
type tally struct {
	ended atomic.Bool
	after map[string]*atomic.Int64
}

func newTally(names ...string) *tally {
	c := &tally{after: map[string]*atomic.Int64{}}
	for _, name := range names {
		c.after[name] = new(atomic.Int64)
	}
	return c
}

func (c *tally) tap(name string) func(int) {
	n := c.after[name]
	return func(int) {
		if c.ended.Load() {
			n.Add(1)
		}
	}
}

func TestCancel_inACallbackEndsEveryStageWithinOneItem(t *testing.T) {
	sources := map[string]func() flow.Flow[int]{
		"a slice":    func() flow.Flow[int] { return flow.FromSlice(make([]int, 10_000)) },
		"a range":    func() flow.Flow[int] { return flow.Range(0, 10_000) },
		"a repeat":   func() flow.Flow[int] { return flow.Repeat(1) },
		"a channel":  func() flow.Flow[int] { return filled(make([]int, 10_000)...) },
		"a sequence": func() flow.Flow[int] { return flow.FromSeq(endless) },
		"a function": func() flow.Flow[int] {
			return flow.FromFunc(func(_ context.Context, emit func(int) error) error {
				for range 10_000 {
					_ = emit(1) // does not look at the error
				}
				return nil
			})
		},
		"an Unfold":             func() flow.Flow[int] { return flow.Unfold(0, func(n int) (int, int, bool) { return n, n + 1, true }) },
		"a FlatMap":             func() flow.Flow[int] { return flow.Of(1).FlatMap(func(int) iter.Seq[int] { return endless }) },
		"batches":               func() flow.Flow[int] { return flow.Unbatch(flow.Of(make([]int, 10_000))) },
		"a Concat":              func() flow.Flow[int] { return flow.Concat(flow.Range(0, 100), flow.Repeat(1)) },
		"a foreign processor":   func() flow.Flow[int] { return flow.Repeat(1).Then(ops.ProcessorFunc[int, int](relay)) },
		"one behind a boundary": func() flow.Flow[int] { return flow.Repeat(1).Async(100) },
	}
	for name, source := range sources {
		for _, async := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, boundaries %v", name, async), func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				count := newTally("above", "below")
				n := 0
				f := source().Tap(count.tap("above"))
				if async {
					f = f.Async(64)
				}
				f = f.Map(func(v int) int {
					if n++; n == 50 {
						cancel(errEnough)
						count.ended.Store(true)
					}
					return v
				})
				if async {
					f = f.Async(64)
				}
				err := f.Tap(count.tap("below")).Run(ctx, audit(t))
				if err != errEnough {
					t.Errorf("Run() = %v, want %v", err, errEnough)
				}
				if n > 51 {
					t.Errorf("the cancelled stage was called %d times, want at most one more than 50", n)
				}
				for stage, after := range count.after {
					if got := after.Load(); got > 1 {
						t.Errorf("the stage %s processed %d items after the end, want at most 1", stage, got)
					}
				}
			})
		}
	}
}

func endless(yield func(int) bool) {
	for yield(1) {
		continue
	}
}

func TestCancel_isReturnedAsItsCause(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := 0
	for name, f := range map[string]flow.Flow[int]{
		"a slice":             flow.Of(1),
		"a channel":           filled(1),
		"a blocked function":  blocked(0),
		"nothing":             flow.Empty[int](),
		"an empty Concat":     flow.Concat[int](),
		"behind a boundary":   flow.Of(1).Async(1),
		"a foreign processor": flow.Of(1).Then(ops.ProcessorFunc[int, int](relay)),
		"a reader":            flow.Lines(strings.NewReader("a\n")).Map(length),
	} {
		t.Run(name, func(t *testing.T) {
			err := f.Tap(func(int) { calls++ }).Run(ctx, audit(t))
			if err != context.Canceled {
				t.Errorf("Run() = %v, want %v", err, context.Canceled)
			}
		})
	}
	if calls != 0 {
		t.Errorf("%d items were processed", calls)
	}
}

func TestCancel_afterTheLastItemIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	closes := func(method string) error {
		if method == "Close" {
			cancel()
		}
		return nil
	}
	if err := flow.Of(1).To(&sinkPart{part{hook: closes}}).Run(ctx, audit(t)); err != nil {
		t.Errorf("Run() = %v, but all items had gone through", err)
	}
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errEnough)
		defer cancel()
		start := time.Now()
		err := blocked(3).Async(1).Map(identity).Run(ctx, audit(t))
		if !errors.Is(err, errEnough) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run() = %v, want %v", err, errEnough)
		}
		if got := time.Since(start); got != time.Hour {
			t.Errorf("the run took %v, want 1h", got)
		}
	})
}

func TestDeadline_withoutCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := blocked(3).Run(ctx, audit(t)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run() = %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// cancelled runs the job in a bubble, ends its context when everything waits, and gives
// what it returned.
func cancelled(t *testing.T, run func(context.Context, ...flow.Option) error) error {
	t.Helper()
	_, err := cancelledAs(t, run)
	return err
}

// cancelledAs is cancelled for a test that looks at the report as well.
func cancelledAs(t *testing.T, run func(context.Context, ...flow.Option) error) (*flow.Report, error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	opt, r := audited(t)
	go func() { result <- run(ctx, opt, quiet) }()
	synctest.Wait()
	select {
	case err := <-result:
		t.Fatalf("the run ended before it was cancelled: %v", err)
	default:
	}
	cancel(errEnough)
	synctest.Wait()
	select {
	case err := <-result:
		return r, err
	default:
		t.Fatal("the run did not end at once")
		return r, nil
	}
}

func TestCancel_whileTheFlowWaits(t *testing.T) {
	idle := func() flow.Flow[int] { return flow.FromChan(make(chan int)) }
	waiting := func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
	wrapping := func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return fmt.Errorf("call failed: %w", ctx.Err())
	}
	causing := func(ctx context.Context, _ int) error { <-ctx.Done(); return context.Cause(ctx) }
	tests := map[string]func() flow.Job{
		"for a channel":                     func() flow.Job { return idle().Discard() },
		"for a channel behind a boundary":   func() flow.Job { return idle().Async(1).Discard() },
		"for a channel, with a batch":       func() flow.Job { return flow.Concat(filled(1), idle()).Batch(10, time.Hour).Discard() },
		"for a call":                        func() flow.Job { return flow.Of(1, 2).ForEach(waiting) },
		"for a call that wraps":             func() flow.Job { return flow.Of(1, 2).ForEach(wrapping) },
		"for a call that gives the cause":   func() flow.Job { return flow.Of(1, 2).ForEach(causing) },
		"for a call with a policy":          func() flow.Job { return flow.Of(1, 2).ForEach(waiting).OnError(flow.Skip()) },
		"for a call behind a full boundary": func() flow.Job { return flow.Repeat(1).Async(2).ForEach(waiting) },
		"for a foreign processor":           func() flow.Job { return idle().Then(ops.ProcessorFunc[int, int](relay)).Discard() },
		"for a call behind a foreign one":   func() flow.Job { return flow.Repeat(1).Then(ops.ProcessorFunc[int, int](relay)).ForEach(waiting) },
		"for a gatherer":                    func() flow.Job { return flow.Of(1).Gather(gatherWaiting{}).Discard() },
		"for a gatherer behind a boundary":  func() flow.Job { return flow.Repeat(1).Async(1).Gather(gatherWaiting{}).Async(1).Discard() },
		"in two segments":                   func() flow.Job { return blocked(1).Async(1).ForEach(waiting) },
		"in a later branch of a Concat":     func() flow.Job { return flow.Concat(flow.Of(1), idle(), flow.Of(2)).Discard() },
		"in a branch behind a boundary":     func() flow.Job { return flow.Concat(idle().Async(1), flow.Of(2).Async(1)).Discard() },
		"in a sub-flow":                     func() flow.Job { return idle().Then(flow.Pipe(mapping)).Discard() },
	}
	for name, job := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := cancelled(t, job().Run); err != errEnough {
					t.Errorf("Run() = %v, want %v", err, errEnough)
				}
			})
		})
	}
}

type gatherWaiting struct{}

func (gatherWaiting) Start(context.Context) (ops.Pusher[int, int], error) {
	return gatherWaiting{}, nil
}
func (gatherWaiting) Push(ctx context.Context, _ int, _ func(int) error) error {
	<-ctx.Done()
	return ctx.Err()
}
func (gatherWaiting) End(context.Context, func(int) error) error { return nil }

func TestCancel_whileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := cancelled(t, flow.Of(1).To(openWaiting{}).Run)
		if err != errEnough {
			t.Errorf("Run() = %v, want %v", err, errEnough)
		}
	})
}

type openWaiting struct{}

func (openWaiting) Open(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (openWaiting) Put(context.Context, int) error { return nil }

func TestCancel_ofARunOverAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := cancelled(t, func(ctx context.Context, opts ...flow.Option) error {
			items, wait := flow.Repeat(1).Chan(ctx, opts...)
			<-items
			return wait()
		})
		if err != errEnough {
			t.Errorf("wait() = %v, want %v", err, errEnough)
		}
	})
}

func TestCancel_interruptsReaders(t *testing.T) {
	t.Run("by their deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _, _ = ours.Close(), theirs.Close() }()
			go func() { _, _ = theirs.Write([]byte("a\nb")) }()
			var got []string
			err := cancelled(t, flow.Lines(ours).ForEach(func(_ context.Context, s string) error {
				got = append(got, s)
				return nil
			}).Run)
			if err != errEnough {
				t.Errorf("Run() = %v, want %v", err, errEnough)
			}
			if diff := cmp.Diff([]string{"a"}, got); diff != "" {
				t.Errorf("lines mismatch (-want +got):\n%s", diff)
			}
			if err := ours.SetReadDeadline(time.Time{}); err != nil {
				t.Errorf("the reader was closed: %v", err)
			}
		})
	})
	readers := map[string]func(io.Reader) flow.Flow[int]{
		"Lines": func(r io.Reader) flow.Flow[int] { return flow.Lines(r).Map(length) },
		"JSON":  flow.JSON[int],
		"CSV":   func(r io.Reader) flow.Flow[int] { return flow.CSV(r).Map(func(s []string) int { return len(s) }) },
	}
	for name, read := range readers {
		t.Run("by closing: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				defer func() { _ = w.Close() }()
				if err := cancelled(t, read(r).Async(1).Run); err != errEnough {
					t.Errorf("Run() = %v, want %v", err, errEnough)
				}
			})
		})
	}
}

func TestEarlyEnd_interruptsAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() { _, _ = w.Write([]byte("a\n")) }()
		got, err := flow.Lines(r).Async(1).First(t.Context(), audit(t))
		if err != nil || got != "a" {
			t.Errorf("First() = %q, %v", got, err)
		}
	})
}

// slowToClose is a reader whose Read panics, and that takes a while to be closed.
type slowToClose struct{ closing, closed atomic.Bool }

func (r *slowToClose) Read([]byte) (int, error) { boom(); return 0, nil }
func (r *slowToClose) Close() error {
	r.closing.Store(true)
	time.Sleep(time.Hour)
	r.closed.Store(true)
	return nil
}

func TestReader_thatPanicsIsLeftAloneAfterTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowToClose{}
		if err := flow.Lines(r).Run(t.Context(), audit(t)); !errors.Is(err, errBoom) {
			t.Errorf("Run() = %v, want %v", err, errBoom)
		}
		before := r.closed.Load()
		synctest.Wait()
		if r.closing.Load() && !before {
			t.Errorf("Run returned while the reader was being closed")
		}
		time.Sleep(2 * time.Hour)
	})
}

// badEnd is a reader that waits, and whose way of being interrupted does not return.
type badEnd struct {
	io.Reader
	end func()
}

func (r badEnd) Close() error { r.end(); return nil }

// TestReader_whoseCloseUnwinds when it is interrupted, which no stage's goroutine does.
func TestReader_whoseCloseUnwinds(t *testing.T) {
	for wants, end := range map[string]func(){"panic: boom": boom, "runtime.Goexit": runtime.Goexit} {
		t.Run(wants, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				closing := badEnd{r, func() {
					_ = w.Close()
					end()
				}}
				err := cancelled(t, flow.Lines(closing).Async(1).Run)
				joined, ok := err.(interface{ Unwrap() []error })
				if !ok || len(joined.Unwrap()) != 2 || joined.Unwrap()[0] != errEnough {
					t.Fatalf("Run() = %v, want the cause and a failure", err)
				}
				failed := stageError(t, err)
				if failed.Stage != "lines" || !strings.Contains(err.Error(), wants) {
					t.Errorf("Run() = %v, want a failure of the source that tells of %s", err, wants)
				}
				if p, ok := failed.Err.(*flow.PanicError); ok && !strings.Contains(string(p.Stack), "flow_test.boom(") {
					t.Errorf("the stack does not show the function:\n%s", p.Stack)
				}
			})
		})
	}
}

func TestError_ofAnotherContextIsAFailure(t *testing.T) {
	other, cancel := context.WithCancel(context.Background())
	cancel()
	err := flow.Of(1).ForEach(func(context.Context, int) error {
		return fmt.Errorf("call failed: %w", other.Err())
	}).Run(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Stage != "for-each" || !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, want the failure of the sink", err)
	}
	n, err := flow.Of(1, 2).TryMap(func(v int) (int, error) { return v, other.Err() }).OnError(flow.Skip()).
		Count(t.Context(), audit(t), quiet)
	if n != 0 || err != nil {
		t.Errorf("Count() = %d, %v, want the policy to be asked", n, err)
	}
}

func TestError_becauseTheContextEndedIsNone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	opt, r := audited(t)
	err := flow.Of(1).ForEach(func(ctx context.Context, _ int) error {
		cancel(errEnough)
		return fmt.Errorf("call failed: %w", ctx.Err())
	}).OnError(flow.Skip()).Run(ctx, opt)
	if err != errEnough {
		t.Errorf("Run() = %v, want %v", err, errEnough)
	}
	s := stageReport(t, r, "for-each")
	want := flow.StageReport{Name: "for-each", Op: "ForEach", At: s.At, Busy: s.Busy, In: 1, Held: 1}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
}

func TestError_genuineAfterTheCancelIsJoined(t *testing.T) {
	tests := map[string]func(flow.Flow[int], context.CancelCauseFunc) flow.Job{
		"of an item": func(f flow.Flow[int], cancel context.CancelCauseFunc) flow.Job {
			return f.ForEach(func(context.Context, int) error { cancel(errEnough); return errPlanted })
		},
		"of an item behind a boundary": func(f flow.Flow[int], cancel context.CancelCauseFunc) flow.Job {
			return f.Async(1).ForEach(func(context.Context, int) error { cancel(errEnough); return errPlanted })
		},
		"of closing": func(f flow.Flow[int], cancel context.CancelCauseFunc) flow.Job {
			return f.To(&sinkPart{part{hook: func(method string) error {
				switch method {
				case "Put":
					cancel(errEnough)
				case "Close":
					return errPlanted
				}
				return nil
			}}})
		},
		"of another segment": func(f flow.Flow[int], cancel context.CancelCauseFunc) flow.Job {
			return f.TryMap(func(v int) (int, error) { cancel(errEnough); return v, errPlanted }).Async(1).Discard()
		},
		"as a panic": func(f flow.Flow[int], cancel context.CancelCauseFunc) flow.Job {
			return f.Map(func(int) int { cancel(errEnough); panic(errPlanted) }).Discard()
		},
	}
	for name, job := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			err := job(flow.Of(1, 2), cancel).Run(ctx, audit(t))
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok || len(joined.Unwrap()) != 2 {
				t.Fatalf("Run() = %v, want two errors", err)
			}
			if first := joined.Unwrap()[0]; first != errEnough {
				t.Errorf("the first is %v, want %v", first, errEnough)
			}
			if second := joined.Unwrap()[1]; !errors.Is(stageError(t, second), errPlanted) {
				t.Errorf("the second is %v, want %v", second, errPlanted)
			}
		})
	}
}

func TestCancel_closesEverythingWithTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := &journal{}
		job := blocked(1).
			Gather(&gatherPart{part{name: "a", book: book}}).Async(1).
			Gather(&gatherPart{part{name: "b", book: book}}).
			To(&sinkPart{part{name: "sink", book: book}})
		if err := cancelled(t, job.Run); err != errEnough {
			t.Errorf("Run() = %v, want %v", err, errEnough)
		}
		want := []string{"a closed: enough", "b closed: enough", "sink closed: enough"}
		if diff := cmp.Diff(want, book.all()); diff != "" {
			t.Errorf("closed mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestCancel_inTheBodyOfALoop(t *testing.T) {
	for _, async := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		t.Cleanup(func() { cancel(nil) })
		f := flow.Repeat(1)
		if async {
			f = f.Async(64)
		}
		items, errs := 0, 0
		for _, err := range f.All(ctx, audit(t)) {
			switch {
			case err == nil:
				if items++; items == 3 {
					cancel(errEnough)
				}
			case err == errEnough:
				errs++
			default:
				t.Errorf("the loop got %v, want %v", err, errEnough)
			}
		}
		if items != 3 || errs != 1 {
			t.Errorf("boundary %v: %d items and %d errors, want 3 and 1", async, items, errs)
		}
	}
}

func TestCancel_keepsTheResultSoFar(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	endsAt := func(n int) func(int) {
		return func(v int) {
			if v == n {
				cancel(errEnough)
			}
		}
	}
	got, err := flow.Range(0, 1000).Tap(endsAt(2)).Collect(ctx, audit(t))
	if err != errEnough {
		t.Errorf("Collect() = %v, want %v", err, errEnough)
	}
	if diff := cmp.Diff([]int{0, 1, 2}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
}

// TestCancel_duringACallPassesNothing: nothing is called for an item whose call ended after
// the context did.
func TestCancel_duringACallPassesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	later := 0
	opt, r := audited(t)
	err := flow.Range(0, 5).
		Call(func(_ context.Context, n int) (int, error) {
			if n == 2 {
				cancel(errPlanted)
			}
			return n, nil
		}).
		Map(func(n int) int { later++; return n }).
		Run(ctx, opt)
	if !errors.Is(err, errPlanted) || later != 2 {
		t.Errorf("Run() = %v with %d items behind the call, want %v with 2", err, later, errPlanted)
	}
	if s := stageReport(t, r, "call"); s.In != 3 || s.Passed != 2 || s.Held != 1 {
		t.Errorf("books of the call %+v", s)
	}
}

// TestClose_errorOfContextAfterCleanEnd: the context of a stage ends when those below have
// taken all, and an error that tells of that is no echo of a cancelled run.
func TestClose_errorOfContextAfterCleanEnd(t *testing.T) {
	want := fmt.Errorf("commit: %w", context.Canceled)
	g := &gatherPart{hook: func(method string) error {
		if method == "Close" {
			return want
		}
		return nil
	}}
	for name, f := range map[string]flow.Flow[int]{
		"fused": flow.Of(1, 2).Gather(g),
		"apart": flow.Of(1, 2).Gather(g).Async(1),
	} {
		if err := f.Run(t.Context(), audit(t)); !errors.Is(err, want) {
			t.Errorf("%s: Run() = %v, want %v", name, err, want)
		}
	}
}
