package ops_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Regressions found by reading and by the tests of this package. Each is named for
// its symptom.

func TestSupervisorIsToldThePanicErrorItself(t *testing.T) {
	sup := new(listener)
	collect(mapper(deliberatePanic).Process(ops.WithSupervisor(t.Context(), sup), feed(1)))
	for _, err := range sup.failures() {
		if _, ok := err.(*ops.PanicError); !ok {
			t.Errorf("Failed() was told a %T, want a *ops.PanicError", err)
		}
	}
}

func TestProcessPanicsWithTheConfigErrorItself(t *testing.T) {
	want := any(&ops.ConfigError{Stage: "mapper", Field: "function", Want: "must not be nil"})
	got := thrown(func() { ops.NewMapper[int, int](nil).Process(t.Context(), make(chan int)) })
	if _, ok := got.(*ops.ConfigError); !ok {
		t.Fatalf("Process() panics with a %T, want a *ops.ConfigError", got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("panic mismatch (-want +got):\n%s", diff)
	}
}

func TestConfigErrorHasTheNameGivenLater(t *testing.T) {
	got := thrown(func() { ops.NewMapper[int, int](nil).WithName("double").Process(t.Context(), make(chan int)) })
	err, _ := got.(error)
	e, ok := errors.AsType[*ops.ConfigError](err)
	if want := "double"; !ok || e.Stage != want {
		t.Errorf("Process() panics with %q, want one of the stage %q", err, want)
	}
}

// A batch whose first item was read after a wait for the receiver has its full time.
func TestBatchAfterBackpressureHasItsFullTime(t *testing.T) {
	bubble(t, "behind a slow sink", func(t *testing.T) {
		src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			for n := range 7 {
				if err := emit(n); err != nil {
					return err
				}
			}
			if err := clock.Sleep(ctx, clock.Real(), 5*time.Second); err != nil {
				return err
			}
			return emit(7)
		})
		var got [][]int
		err := src.Batch(2, time.Second).ForEach(func(ctx context.Context, batch []int) error {
			got = append(got, batch)
			return clock.Sleep(ctx, clock.Real(), 10*time.Second)
		}).Run(t.Context())
		want := [][]int{{0, 1}, {2, 3}, {4, 5}, {6, 7}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// The clock of one processor is not that of its neighbour.
func TestBatcherKeepsTheClockOfTheRunBesideAnotherOne(t *testing.T) {
	bubble(t, "two batchers", func(t *testing.T) {
		start := time.Now()
		src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
			if err := emit(1); err != nil {
				return err
			}
			return clock.Sleep(ctx, clock.Real(), time.Hour)
		})
		var at []time.Duration
		err := src.Then(ops.NewBatcher[int](within(10, time.Second))).
			Tap(func([]int) { at = append(at, time.Since(start)) }).
			Then(ops.NewBatcher[[]int](within(10, time.Second), clock.NewFake())).
			Run(t.Context())
		if diff := cmp.Diff([]time.Duration{time.Second}, at); diff != "" || err != nil {
			t.Errorf("error %v, times of the batches mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// aliased is a clock whose type cannot be compared.
type aliased struct {
	clock.Clock
	_ []string
}

func TestBatchersWithAClockThatCannotBeCompared(t *testing.T) {
	clk := aliased{Clock: clock.Real()}
	first := ops.NewBatcher[int](within(2, time.Hour), clk)
	second := ops.NewBatcher[[]int](within(2, time.Hour), clk)
	var err error
	value := thrown(func() { err = flow.FromSlice(ints(3)).Then(first).Then(second).Run(t.Context()) })
	if value != nil || err != nil {
		t.Errorf("Run() panics with %v, error %v, want neither", value, err)
	}
}

// A policy must not change what is booked when the run is cancelled during a call.
func TestBooksBalanceAfterACancelDuringACallWithAPolicy(t *testing.T) {
	tests := map[string]func(flow.Flow[int], func()) flow.Flow[int]{
		"mapper":      func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(mapper(fn)) },
		"try-mapper":  func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(tryMapper(fn)) },
		"filter":      func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(filter(fn)) },
		"tap":         func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(tap(fn)) },
		"scan":        func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(scan(fn)) },
		"flat-mapper": func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(flatMapper(fn)) },
		"gatherer":    func(f flow.Flow[int], fn func()) flow.Flow[int] { return f.Then(gatherer(fn)) },
	}
	for name, attach := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var r flow.Report
			f := attach(flow.Of(2, 4), func() { cancel(errCause) }).OnError(flow.Skip())
			_, err := f.Collect(ctx, flow.WithReport(&r))
			if err != errCause || !r.Balanced() {
				t.Errorf("Collect() error = %v, want %v\n%v", err, errCause, r)
			}
		})
	}
}

// A function that ends its goroutine is one failure of one stage.
func TestGoexitIsBookedAndToldOnce(t *testing.T) {
	t.Run("over channels", func(t *testing.T) {
		sup := new(listener)
		collect(mapper(runtime.Goexit).Process(ops.WithSupervisor(t.Context(), sup), feed(1)))
		got := leaves(errors.Join(sup.failures()...))
		if len(got) != 1 {
			t.Errorf("Failed() was told %q, want one error", got)
		}
	})
	t.Run("in a flow with a policy", func(t *testing.T) {
		var r flow.Report
		_, err := flow.Of(1, 2).Then(mapper(runtime.Goexit)).OnError(flow.Skip()).Async(1).Collect(t.Context(), flow.WithReport(&r))
		if got := leaves(err); len(got) != 1 || !r.Balanced() {
			t.Errorf("Collect() error = %q, want one error\n%v", got, r)
		}
	})
	t.Run("below a stage with a policy", func(t *testing.T) {
		var r flow.Report
		f := flow.Of(1, 2).Then(mapper(func() {})).OnError(flow.Skip()).Then(tap(runtime.Goexit)).Async(1)
		_, err := f.Collect(t.Context(), flow.WithReport(&r))
		e, ok := errors.AsType[*flow.StageError](err)
		if got := leaves(err); len(got) != 1 || !ok || e.Stage != "tap" || !r.Balanced() {
			t.Errorf("Collect() error = %q, want one error of tap\n%v", got, r)
		}
	})
}

// After the end of ctx no user function is called.
func TestGathererIsNotStartedWithAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := new(probe)
	collect(ops.Gather(g).Process(ctx, feed(1)))
	if slices.Contains(g.diary, "start") {
		t.Errorf("the diary is %q, want no start", g.diary)
	}
}

// Close gets what ended the run, so that it can tell whether to commit.
func TestGathererCloseHearsOfAFailedEnd(t *testing.T) {
	tests := []struct {
		name string
		end  func(func(int) error) error
	}{
		{"error", func(func(int) error) error { return errBoom }},
		{"panic", func(func(int) error) error { panic(errBoom) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := &probe{end: tt.end}
			if err := alone(t, g); !errors.Is(err, errBoom) {
				t.Errorf("Collect() error = %v, want %v", err, errBoom)
			}
			if slices.Contains(g.diary, "close <nil>") {
				t.Errorf("the diary is %q, want a close with the failure", g.diary)
			}
		})
	}
}

// A processor of the user's own that emits until its context ends is ended by a Take
// behind it.
func TestTakeEndsAnEndlessProcessorThatKnowsOnlyChannels(t *testing.T) {
	const limit = 100_000 // where the processor gives up, so that the test ends
	sent := 0
	endless := ops.ProcessorFunc[int, int](func(ctx context.Context, _ <-chan int) <-chan int {
		out := make(chan int)
		go func() {
			defer close(out)
			for ; sent < limit; sent++ {
				select {
				case out <- sent:
				case <-ctx.Done():
					return
				}
			}
		}()
		return out
	})
	got, err := flow.Of(1).Then(endless).Take(3).Collect(t.Context())
	if diff := cmp.Diff([]int{0, 1, 2}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
	if sent == limit {
		t.Errorf("the processor sent all of %d items behind a Take of 3", sent)
	}
}

// A panic of an OnError handler is a panic of a user function like any other.
func TestPanicInAHandlerGoesToTheSupervisor(t *testing.T) {
	code, stderr := runProgram(t, handlerPanics)
	if code != 0 {
		t.Errorf("exit code %d, want 0: the supervisor is there to be told\n%s", code, stderr)
	}
}

func TestPanicInAHandlerIsAFailureOfTheFlow(t *testing.T) {
	p := ops.NewTryMapper(oddFails).OnError(func(context.Context, *ops.ItemError) { deliberatePanic() })
	var r flow.Report
	var err error
	value := thrown(func() { _, err = flow.Of(1).Then(p).Collect(t.Context(), flow.WithReport(&r)) })
	if _, ok := errors.AsType[*flow.PanicError](err); !ok || value != nil || !r.Balanced() {
		t.Errorf("Collect() error = %v, panics with %v, want a PanicError\n%v", err, value, r)
	}
}

// A panic over channels goes to the supervisor alone, also from the workers of an AsyncMapper.
func TestOnErrorHandlerIsNotToldOfPanicsOverChannels(t *testing.T) {
	type call = func(context.Context, int) (int, error)
	var panics call = func(context.Context, int) (int, error) { panic(errBoom) }
	type handler = func(context.Context, *ops.ItemError)
	for name, build := range map[string]func(call, handler) ops.Processor[int, int]{
		"call":         func(fn call, h handler) ops.Processor[int, int] { return ops.NewCall(fn).OnError(h) },
		"async mapper": func(fn call, h handler) ops.Processor[int, int] { return ops.NewAsyncMapper(fn).OnError(h) },
	} {
		bubble(t, name, func(t *testing.T) {
			told, sup := 0, new(listener)
			p := build(panics, func(context.Context, *ops.ItemError) { told++ })
			collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(1)))
			if n := len(sup.failures()); told != 0 || n != 1 {
				t.Errorf("the handler was told %d times and the supervisor %d times, want 0 and 1", told, n)
			}
		})
	}
}

// The output must stay open until the program has crashed: who sees it close takes the
// panic for a completion.
func TestPanicOutsideItemsCrashesBeforeTheOutputCloses(t *testing.T) {
	for _, name := range []string{startPanics, closePanics} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 3 {
				if code, stderr := runProgram(t, name); code != 2 {
					t.Fatalf("exit code %d, want 2: the program went on\n%s", code, stderr)
				}
			}
		})
	}
}

// A function over channels in a flow may return the cause of its context's end when
// nobody needs more items: that is no failure.
func TestCauseOfAnEarlyStopIsNoFailure(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		p := ops.NewCall(func(ctx context.Context, n int) (int, error) {
			if n > 1 {
				<-ctx.Done()
			}
			return n, context.Cause(ctx)
		})
		got, err := flow.FromSlice(ints(9)).Then(bridged[int, int]{p}).Take(1).Collect(t.Context())
		if diff := cmp.Diff(ints(1), got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// async-unbounded-run-ahead: an item that is stuck does not let the others run ahead
// without limit.
func TestAsyncUnboundedRunAhead(t *testing.T) {
	for workers, want := range map[int]int64{1: 16, 3: 16, 8: 32} {
		bubble(t, "behind a stuck item", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, taken := offer(ctx, ints(100_000))
			out := ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
				if n == 1 {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				time.Sleep(ms)
				return n, ctx.Err()
			}).WithWorkers(workers).Process(ctx, in)
			time.Sleep(time.Hour)
			if got := taken.Load(); got != want+1 { // one more waits to be accepted
				t.Errorf("%d workers took %d items, want %d", workers, got, want+1)
			}
			cancel()
			wantClosed(t, out)
		})
	}
}

// async-leak-on-cancel: nothing is left of a cancelled run, whatever it was doing. The
// bubble sees what is.
func TestAsyncLeakOnCancel(t *testing.T) {
	for name, calls := range map[string]func(before func()) *ops.AsyncMapper[int, int]{
		"ordered": asyncMapper, "unordered": func(before func()) *ops.AsyncMapper[int, int] {
			return asyncMapper(before).WithOrdered(false)
		}, "keyed": keyedMapper,
	} {
		bubble(t, name, func(t *testing.T) {
			for after := range 40 {
				ctx, cancel := context.WithCancel(t.Context())
				in, _ := offer(ctx, ints(1000))
				out := calls(func() { time.Sleep(2 * ms) }).Process(ctx, in)
				for range after {
					<-out
				}
				time.Sleep(time.Duration(after%3) * ms)
				cancel() // nobody reads any more
			}
			time.Sleep(time.Second) // for the calls to return
		})
	}
}

// lateContext has ended, but those derived from it hear of that only when done is closed:
// as it is for a moment wherever a context ends that has several of them.
type lateContext struct {
	context.Context
	done chan struct{}
}

func (c lateContext) Done() <-chan struct{} { return c.done }
func (c lateContext) Err() error            { return context.Canceled }

// TestClosedInputIsNoEndWhereTheContextHasEnded: the processor above may have heard of the
// end earlier and closed its output.
func TestClosedInputIsNoEndWhereTheContextHasEnded(t *testing.T) {
	for name, wrap := range map[string]func(ops.Processor[int, []int]) ops.Processor[int, []int]{
		"over channels": func(p ops.Processor[int, []int]) ops.Processor[int, []int] { return p },
		"as a sub-flow": func(p ops.Processor[int, []int]) ops.Processor[int, []int] {
			return flow.Pipe(func(f flow.Flow[int]) flow.Flow[[]int] { return f.Then(p) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := lateContext{t.Context(), make(chan struct{})}
				in := make(chan int)
				out := wrap(ops.NewBatcher[int](ops.BatchConfig{MaxSize: 3})).Process(ctx, in)
				in <- 1
				close(in)
				synctest.Wait()
				close(ctx.done)
				if got := collect(out); len(got) != 0 {
					t.Errorf("the partial batch %v was sent after the end of the context", got)
				}
			})
		})
	}
}

// A supervisor that ends its goroutine, as by t.FailNow, leaves no reader behind.
func TestSupervisorThatGoexitsClosesTheOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boss := &listener{onFailed: func(error) { runtime.Goexit() }}
		ctx := ops.WithSupervisor(t.Context(), boss)
		out := ops.NewMapper(func(int) int { panic("boom") }).Process(ctx, feed(1, 2))
		synctest.Wait()
		select {
		case _, ok := <-out:
			if ok {
				t.Errorf("got an item")
			}
		default:
			t.Errorf("the output is open")
		}
	})
}
