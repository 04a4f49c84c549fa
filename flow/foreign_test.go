package flow_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

// foreign makes a processor of a body that gets its output.
func foreign(body func(ctx context.Context, in <-chan int, out chan<- int)) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		out := make(chan int)
		go func() {
			defer close(out)
			body(ctx, in, out)
		}()
		return out
	})
}

// two passes two items on and ends.
func two(ctx context.Context, in <-chan int, out chan<- int) {
	for range 2 {
		select {
		case v := <-in:
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// blind does not look at its context.
func blind(_ context.Context, in <-chan int, out chan<- int) {
	for v := range in {
		out <- v
	}
}

func TestForeign_relaysInOrder(t *testing.T) {
	opt, r := audited(t)
	p := ops.ProcessorFunc[int, int](relay)
	got, err := flow.Range(0, 100).Map(identity).Then(p).Named("mine").Then(p).Collect(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]int, 100)
	for i := range want {
		want[i] = i
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	s := stageReport(t, r, "mine")
	wantReport := flow.StageReport{Name: "mine", Op: "Then", At: s.At, Busy: s.Busy, In: 100, Passed: 100, Out: 100}
	if diff := cmp.Diff(wantReport, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
	if want := (flow.Goroutines{Started: 2, Ended: 2}); r.Goroutines != want {
		t.Errorf("goroutines = %v, want %v", r.Goroutines, want)
	}
}

func TestForeign_thatEndsEarly(t *testing.T) {
	sources := map[string]flow.Flow[int]{
		"an endless source": flow.Repeat(1),
		"a blocked source":  blocked(2),
		"an idle source":    flow.Concat(flow.Of(1, 1), flow.FromChan(make(chan int))),
		"behind a boundary": flow.Repeat(1).Async(1),
		"behind another":    flow.Repeat(1).Then(ops.ProcessorFunc[int, int](relay)),
	}
	for name, f := range sources {
		t.Run(name, func(t *testing.T) {
			book := &journal{}
			got, err := f.Gather(&gatherPart{part{name: "above", book: book}}).Then(foreign(two)).
				Gather(&gatherPart{part{name: "below", book: book}}).Count(t.Context(), audit(t))
			if err != nil || got != 2 {
				t.Errorf("Count() = %d, %v, want 2", got, err)
			}
			want := []string{"above closed: " + flow.ErrStop.Error(), "below closed: <nil>"}
			if diff := cmp.Diff(want, book.all()); diff != "" {
				t.Errorf("closed mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForeign_thatIgnoresItsContext(t *testing.T) {
	t.Run("at the end", func(t *testing.T) {
		if n, err := flow.Range(0, 10).Then(foreign(blind)).Count(t.Context(), audit(t)); n != 10 || err != nil {
			t.Errorf("Count() = %d, %v", n, err)
		}
	})
	t.Run("at an early end below", func(t *testing.T) {
		if n, err := flow.Repeat(1).Then(foreign(blind)).Take(3).Count(t.Context(), audit(t)); n != 3 || err != nil {
			t.Errorf("Count() = %d, %v", n, err)
		}
	})
	t.Run("at a failure below", func(t *testing.T) {
		err := flow.Repeat(1).Then(foreign(blind)).TryMap(func(int) (int, error) { return 0, errPlanted }).Run(t.Context(), audit(t))
		if !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Run("at a failure above", func(t *testing.T) {
		err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).Then(foreign(blind)).Run(t.Context(), audit(t))
		if !errors.Is(err, errPlanted) {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Run("at a cancellation", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if err := cancelled(t, blocked(1).Then(foreign(blind)).Run); err != errEnough {
				t.Errorf("Run() = %v, want %v", err, errEnough)
			}
		})
	})
}

// chatty gives items without looking at its input until its context ends, or gives up.
func chatty(sawEnd *bool) func(ctx context.Context, in <-chan int, out chan<- int) {
	return func(ctx context.Context, _ <-chan int, out chan<- int) {
		for range 100_000 {
			select {
			case out <- 1:
			case <-ctx.Done():
				*sawEnd = true
				return
			}
		}
	}
}

func TestForeign_thatOnlyWatchesItsContextHearsOfAnEarlyEnd(t *testing.T) {
	endings := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"Take":                   func(f flow.Flow[int]) flow.Flow[int] { return f.Take(3) },
		"Take behind a boundary": func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1).Take(3) },
		"Take behind another":    func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)).Take(3) },
		"Take in a branch":       func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f.Take(3), flow.Empty[int]()) },
		"Take of nothing":        func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(flow.Of(1, 1, 1), f.Take(0)) },
	}
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			sawEnd := false
			n, err := end(blocked(0).Then(foreign(chatty(&sawEnd)))).Count(t.Context(), audit(t))
			if n != 3 || err != nil {
				t.Errorf("Count() = %d, %v, want 3", n, err)
			}
			if !sawEnd {
				t.Errorf("its context did not end: a run of an endless processor would never end")
			}
		})
	}
}

func TestForeign_thatWaitsForItsContextAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := func(ctx context.Context, in <-chan int, out chan<- int) {
			out <- <-in
			<-ctx.Done()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		n, err := flow.Repeat(1).Then(foreign(waits)).Take(1).Count(ctx, audit(t))
		if n != 1 || err != nil {
			t.Errorf("Count() = %d, %v", n, err)
		}
		if ctx.Err() != nil {
			t.Errorf("the early end did not end the context of the processor")
		}
	})
}

func TestForeign_thatReturnsNil(t *testing.T) {
	null := ops.ProcessorFunc[int, int](func(context.Context, <-chan int) <-chan int { return nil })
	book := &journal{}
	err := flow.Of(1).Then(ops.ProcessorFunc[int, int](relay)).Then(null).Named("null").
		Then(ops.ProcessorFunc[int, int](relay)).
		To(&sinkPart{part{name: "sink", book: book}}).Run(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Stage != "null" {
		t.Errorf("Run() = %v, want a failure of the stage", err)
	}
	if got := len(book.all()); got != 1 {
		t.Errorf("the sink was closed %d times, want 1", got)
	}
}

// parser is a processor of another's making: it embeds one of ours and has a Process of
// its own, past which it must not be fused.
type parser struct {
	*ops.TryMapper[int, int]
	ran *bool
}

func (p parser) Process(ctx context.Context, in <-chan int) <-chan int {
	*p.ran = true
	return p.TryMapper.Process(ctx, in)
}

func newParser(fn func(int) (int, error)) parser {
	return parser{ops.NewTryMapper(fn).WithName("parser"), new(bool)}
}

func failsOn(bad int) func(int) (int, error) {
	return func(v int) (int, error) {
		if v == bad {
			return 0, errPlanted
		}
		return v, nil
	}
}

func TestForeign_thatEmbedsAProcessorIsNotFusedPastItsProcess(t *testing.T) {
	p := newParser(failsOn(-1))
	if err := flow.Of(1).Then(p).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	if !*p.ran {
		t.Errorf("its Process was not called")
	}
}

func TestForeign_itemFailureStopsTheRun(t *testing.T) {
	f, place := flow.Range(0, 10).Then(newParser(failsOn(3))), at()
	opt, r := audited(t)
	err := f.Run(t.Context(), opt)
	failed := stageError(t, err)
	if failed.Stage != "parser" || failed.Item != 3 || failed.At != place || failed.Attempt != 1 || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %#v, want the failure of item 3 of the stage", failed)
	}
	if want, got := int64(1), stageReport(t, r, "parser").Failed; got != want {
		t.Errorf("Failed = %d, want %d", got, want)
	}
}

func TestForeign_policyDecides(t *testing.T) {
	opt, r := audited(t)
	got, err := flow.Range(0, 5).Then(newParser(failsOn(3))).OnError(flow.Skip()).Collect(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 4}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	s := stageReport(t, r, "parser")
	want := flow.StageReport{Name: "parser", Op: "Then", At: s.At, Busy: s.Busy, In: 5, Passed: 4, Out: 4, Failed: 1}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
	var asked []any
	err = flow.Range(0, 5).Then(newParser(failsOn(3))).OnError(flow.Handle(func(_ context.Context, e *flow.StageError) flow.Policy {
		asked = append(asked, e.Item)
		return flow.Stop()
	})).Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want %v", err, errPlanted)
	}
	if diff := cmp.Diff([]any{3}, asked); diff != "" {
		t.Errorf("asked mismatch (-want +got):\n%s", diff)
	}
}

func TestForeign_policyOfASubFlowDecides(t *testing.T) {
	p := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(newParser(failsOn(3))) })
	n, err := flow.Range(0, 5).Then(p).OnError(flow.Skip()).Count(t.Context(), audit(t), quiet)
	if n != 4 || err != nil {
		t.Errorf("Count() = %d, %v, want 4", n, err)
	}
}

func TestForeign_panicOfOursInsideIsAnErrorOfTheStage(t *testing.T) {
	p := newParser(func(int) (int, error) { boom(); return 0, nil })
	err := flow.Of(1).Then(p).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
	if failed := stageError(t, err); failed.Stage != "parser" || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want the panic as an error of the stage", err)
	}
	if _, ok := errors.AsType[*flow.PanicError](err); !ok {
		t.Errorf("Run() = %v, want a *PanicError", err)
	}
}

func TestForeign_reportsAFailureOfItsOwn(t *testing.T) {
	reports := func(ctx context.Context, in <-chan int, out chan<- int) {
		out <- <-in
		sup, ok := ops.SupervisorFrom(ctx)
		if !ok {
			out <- -1
			return
		}
		sup.Failed(errPlanted)
	}
	err := flow.Repeat(1).Then(foreign(reports)).Named("mine").Run(t.Context(), audit(t))
	if failed := stageError(t, err); failed.Stage != "mine" || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the failure of the stage", err)
	}
}

func TestForeign_flatMapOverAnEndlessSequence(t *testing.T) {
	type expander struct {
		ops.Processor[int, int]
	}
	p := expander{ops.NewFlatMapper(func(int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for n := 0; n < 100_000 && yield(n); n++ {
				continue
			}
		}
	})}
	opt, r := audited(t)
	n, err := flow.Repeat(1).Then(p).Take(3).Count(t.Context(), opt)
	if n != 3 || err != nil {
		t.Errorf("Count() = %d, %v", n, err)
	}
	if got := stageReport(t, r, "flat-mapper").Out; got > 10 {
		t.Errorf("it gave %d items, want it to be ended early", got)
	}
}

func TestForeign_timesOfABatchBehindItAreExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []time.Duration
		err := blocked(3).Then(ops.ProcessorFunc[int, int](relay)).Batch(10, time.Second).
			ForEach(func(_ context.Context, _ []int) error {
				got = append(got, time.Since(start))
				return flow.ErrStop
			}).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{time.Second}, got); diff != "" {
			t.Errorf("times mismatch (-want +got):\n%s", diff)
		}
	})
}

// boxed has a processor and a Process of its own.
type boxed[In, Out any] struct{ ops.Processor[In, Out] }

func TestForeign_insideTakesTheClockOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		inside := boxed[int, []int]{ops.NewBatcher[int](ops.BatchConfig{MaxLatency: time.Hour})}
		batches, wait := blocked(2).Then(inside).Chan(ctx, audit(t), flow.WithClock(fake))
		synctest.Wait()
		fake.Advance(time.Hour)
		synctest.Wait()
		select {
		case got := <-batches:
			if diff := cmp.Diff([]int{0, 1}, got); diff != "" {
				t.Errorf("batch mismatch (-want +got):\n%s", diff)
			}
		default:
			t.Errorf("the processor does not know of the clock's hour")
		}
		cancel()
		drain(batches)
		if err := wait(); err != context.Canceled {
			t.Errorf("wait() = %v, want %v", err, context.Canceled)
		}
	})
}

func TestForeign_thatReturnsItsInput(t *testing.T) {
	same := ops.ProcessorFunc[int, int](func(_ context.Context, in <-chan int) <-chan int { return in })
	if n, err := flow.Range(0, 10).Then(same).Count(t.Context(), audit(t)); n != 10 || err != nil {
		t.Errorf("Count() = %d, %v, want 10", n, err)
	}
	if n, err := flow.Repeat(1).Then(same).Take(2).Count(t.Context(), audit(t)); n != 2 || err != nil {
		t.Errorf("Count() = %d, %v, want 2", n, err)
	}
}

func TestForeign_failuresOnManyGoroutinesAreHandledOneAtATime(t *testing.T) {
	workers := func(ctx context.Context, in <-chan int, _ chan<- int) {
		boss, _ := ops.SupervisorFrom(ctx)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for v := range in {
					boss.ItemFailed(ctx, &ops.ItemError{Item: v, Err: errPlanted, Attempts: 3})
				}
			})
		}
		wg.Wait()
	}
	asked := 0 // the race detector looks on
	opt, r := audited(t)
	err := flow.Range(0, 100).Then(foreign(workers)).
		OnError(flow.Handle(func(_ context.Context, e *flow.StageError) flow.Policy {
			asked++
			if e.Attempt != 3 {
				t.Errorf("Attempt = %d, want 3", e.Attempt)
			}
			return flow.Skip()
		})).Run(t.Context(), opt)
	if err != nil || asked != 100 {
		t.Errorf("Run() = %v after %d questions, want 100", err, asked)
	}
	if got := stageReport(t, r, "processor-func").Failed; got != 100 {
		t.Errorf("Failed = %d, want 100", got)
	}
}

func TestForeign_reportsMoreFailuresThanItems(t *testing.T) {
	twice := func(ctx context.Context, in <-chan int, _ chan<- int) {
		boss, _ := ops.SupervisorFrom(ctx)
		for v := range in {
			boss.ItemFailed(ctx, &ops.ItemError{Item: v, Err: errPlanted})
			boss.ItemFailed(ctx, &ops.ItemError{Item: v, Err: errPlanted})
		}
	}
	if err := flow.Of(1, 2).Then(foreign(twice)).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet); err != nil {
		t.Errorf("Run() = %v", err)
	}
}

func TestForeign_boxedSubFlow(t *testing.T) {
	inner := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(failsOn(2)).Named("inner") })
	f := flow.Range(0, 5).Then(boxed[int, int]{inner}).Named("box")
	err := f.Run(t.Context(), audit(t))
	failed := stageError(t, err)
	within, ok := errors.AsType[*flow.StageError](failed.Err)
	if failed.Stage != "box" || !ok || within.Stage != "inner" || !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the failure of inner in that of box", err)
	}
	if n, err := flow.Repeat(1).Then(boxed[int, int]{inner}).Take(3).Count(t.Context(), audit(t)); n != 3 || err != nil {
		t.Errorf("Count() = %d, %v, want 3", n, err)
	}
}

// reporter passes its items on, and reports the one that is 1 as failed with err, which it
// asks for then.
func reporter(err func(context.Context) error) ops.Processor[int, int] {
	return foreign(func(ctx context.Context, in <-chan int, out chan<- int) {
		boss, _ := ops.SupervisorFrom(ctx)
		for v := range in {
			if v == 1 {
				boss.ItemFailed(ctx, &ops.ItemError{Item: v, Err: err(ctx), Attempts: 1})
				continue
			}
			select {
			case out <- v:
			case <-ctx.Done():
			}
		}
	})
}

// TestForeign_policyThatUnwinds on the processor's own goroutine does not end the program.
func TestForeign_policyThatUnwinds(t *testing.T) {
	fails := reporter(func(context.Context) error { return errPlanted })
	for way, unwind := range map[string]func(){"boom": boom, "runtime.Goexit": runtime.Goexit} {
		for name, p := range map[string]flow.Policy{
			"Handle":     flow.Handle(func(context.Context, *flow.StageError) flow.Policy { unwind(); return flow.Skip() }),
			"DeadLetter": flow.DeadLetter(func(context.Context, flow.Letter[any]) error { unwind(); return nil }),
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				opt, r := audited(t)
				var heard []string
				hear := flow.WithObserver(flow.ObserverFunc(func(e flow.Event) {
					if e, ok := e.(flow.ItemFailed); ok {
						heard = append(heard, e.Action+": "+e.Err.Error())
					}
				}))
				err := flow.Range(0, 9).Then(fails).Named("mine").OnError(p).Run(t.Context(), opt, hear)
				joined, ok := err.(interface{ Unwrap() []error })
				if !ok || len(joined.Unwrap()) != 2 || !errors.Is(joined.Unwrap()[0], errPlanted) {
					t.Fatalf("Run() = %v, want the failure and what the policy did", err)
				}
				if second := stageError(t, joined.Unwrap()[1]); second.Stage != "mine" || !strings.Contains(second.Error(), way) {
					t.Errorf("Run() = %v, want the second of the stage, and to tell of %s", err, way)
				}
				if s := stageReport(t, r, "mine"); s.Failed != 1 {
					t.Errorf("books %+v", s)
				}
				if len(heard) != 1 || !strings.HasPrefix(heard[0], "stop: mine") || !strings.Contains(heard[0], way) {
					t.Errorf("an observer heard %q", heard)
				}
			})
		}
	}
}

// TestForeign_holdsWhatTheEndOfTheContextKept: no failure is made of that.
func TestForeign_holdsWhatTheEndOfTheContextKept(t *testing.T) {
	waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, f := range map[string]flow.Flow[int]{
		"a letter that is cut off": flow.Of(1).Then(reporter(func(context.Context) error { return errPlanted })).
			OnError(flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error { return waits(ctx) })),
		"a call that is cut off": flow.Of(1).Then(reporter(waits)),
		"one with a policy":      flow.Of(1).Then(reporter(waits)).OnError(flow.Skip()),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := cancelledAs(t, f.Run)
				if err != errEnough {
					t.Errorf("Run() = %v, want %v", err, errEnough)
				}
				if s := stageReport(t, r, "processor-func"); s.Held != 1 || s.Failed != 0 {
					t.Errorf("books %+v", s)
				}
			})
		})
	}
}

// nameless is a processor whose methods panic: its own Name, or that of a nil one within.
type nameless struct{ *ops.TryMapper[int, int] }

func TestForeign_whoseNamePanics(t *testing.T) {
	named := func(name func() string) ops.Processor[int, int] { return &withName{name} }
	for where, f := range map[string]flow.Flow[int]{
		"Name":                flow.Of(1).Then(named(func() string { boom(); return "" })),
		"one within":          flow.Of(1).Then(nameless{}),
		"Name in a stage":     flow.Of(1).Then(stage.Of(named(func() string { boom(); return "" })).Then(stage.Map(identity))),
		"Name in a second":    flow.Of(1).Then(stage.Map(identity).Then(named(func() string { boom(); return "" }))),
		"Name in a sub-flow":  flow.Of(1).Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(nameless{}) })),
		"Name beside another": flow.Of(1).Then(nameless{}).Take(-1),
	} {
		t.Run(where, func(t *testing.T) {
			place := "foreign_test.go"
			errs := configErrors(t, f.Run(t.Context()))
			if e := errs[0]; e.Field != "Name" || !strings.Contains(e.At, place) || !strings.Contains(e.Error(), "panic: ") {
				t.Errorf("Run() = %v", e)
			}
			if want := 1 + strings.Count(where, "beside"); len(errs) != want {
				t.Errorf("got %d errors, want %d", len(errs), want)
			}
		})
	}
}

type withName struct{ name func() string }

func (p *withName) Name() string { return p.name() }
func (p *withName) Process(ctx context.Context, in <-chan int) <-chan int {
	return relay(ctx, in)
}

// TestForeign_whoseErrorPanics: what the error of an item, or of the processor, does on the
// processor's own goroutine is a failure of the stage.
func TestForeign_whoseErrorPanics(t *testing.T) {
	failed := func(ctx context.Context, in <-chan int, _ chan<- int) {
		boss, _ := ops.SupervisorFrom(ctx)
		<-in
		boss.Failed(&unruly{"Is"})
	}
	for name, p := range map[string]ops.Processor[int, int]{
		"of an item": reporter(func(context.Context) error { return &unruly{"Is"} }), "of its own": foreign(failed),
	} {
		err := flow.Range(0, 3).Then(p).Named("mine").Run(t.Context(), audit(t))
		if failed := stageError(t, err); failed.Stage != "mine" || !errors.Is(failed, errBoom) {
			t.Errorf("%s: Run() = %v, want the panic of its method", name, err)
		}
	}
}
