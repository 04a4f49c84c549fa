package flow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// callsIn is the hook of a part that calls fn in one method.
func callsIn(method string, fn func()) func(string) error {
	return func(called string) error {
		if called == method {
			fn()
		}
		return nil
	}
}

func identity(v int) int { return v }

// barriered gives 1, a barrier, 2.
func barriered(done func(error)) flow.Flow[int] {
	return flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
		if err := out.Emit(1); err != nil {
			return err
		}
		if err := out.Barrier(done); err != nil {
			return err
		}
		return out.Emit(2)
	}))
}

func ignore(error) {}

func runsOf(job flow.Job) func(context.Context, ...flow.Option) error { return job.Run }

// broken is a flow one of whose user functions does not return, and the stage that this
// function belongs to.
type broken struct {
	where, stage, op string
	run              func(context.Context, ...flow.Option) error
}

// breaking are flows with one user function that calls fail. Behind the stage of that
// function stands another.
func breaking(fail func(), behind func(flow.Flow[int]) flow.Flow[int]) []broken {
	one := flow.Of(1, 2)
	gatherer := func(method string) func(context.Context, ...flow.Option) error {
		return behind(barriered(ignore).Gather(&gatherPart{part{hook: callsIn(method, fail)}})).Run
	}
	sink := func(method string) func(context.Context, ...flow.Option) error {
		return behind(barriered(ignore)).To(&sinkPart{part{hook: callsIn(method, fail)}}).Run
	}
	fails := one.TryMap(func(int) (int, error) { return 0, errPlanted })
	return []broken{
		{"a source", "source", "From", behind(flow.From(source(func(context.Context, func(int) error) error { fail(); return nil }))).Run},
		{"a source of signals", "source", "FromSignals", behind(flow.FromSignals(signals(func(context.Context, flow.Emitter[int]) error { fail(); return nil }))).Run},
		{"a source after an item", "func", "FromFunc", behind(flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			defer fail()
			return emit(1)
		})).Run},
		{"a sequence", "seq", "FromSeq", behind(flow.FromSeq(func(yield func(int) bool) { yield(1); fail() })).Run},
		{"a sequence with errors", "seq", "FromSeq2", behind(flow.FromSeq2(func(yield func(int, error) bool) { yield(1, nil); fail() })).Run},
		{"the function of Unfold", "unfold", "Unfold", behind(flow.Unfold(0, func(int) (int, int, bool) { fail(); return 0, 0, false })).Run},
		{"a reader", "lines", "Lines", behind(flow.Lines(callingReader{fail}).Map(length)).Run},
		{"a file system", "files", "Files", behind(flow.Files(callingFS{fail}, "*").Map(length)).Run},
		{"the function of Map", "mapper", "Map", behind(one.Map(func(int) int { fail(); return 0 })).Run},
		{"the function of TryMap", "try-mapper", "TryMap", behind(one.TryMap(func(int) (int, error) { fail(); return 0, nil })).Run},
		{"the function of Filter", "filter", "Filter", behind(one.Filter(func(int) bool { fail(); return true })).Run},
		{"the function of Tap", "tap", "Tap", behind(one.Tap(func(int) { fail() })).Run},
		{"the function of Scan", "scan", "Scan", behind(one.Scan(0, func(int, int) int { fail(); return 0 })).Run},
		{"the function of FlatMap", "flat-mapper", "FlatMap", behind(one.FlatMap(func(int) iter.Seq[int] { fail(); return nil })).Run},
		{"the sequence of FlatMap", "flat-mapper", "FlatMap", behind(one.FlatMap(func(v int) iter.Seq[int] {
			return func(yield func(int) bool) { yield(v); fail() }
		})).Run},
		{"Start of a gatherer", "gatherer", "Gather", gatherer("Start")},
		{"Push of a gatherer", "gatherer", "Gather", gatherer("Push")},
		{"Flush of a gatherer", "gatherer", "Gather", gatherer("Flush")},
		{"End of a gatherer", "gatherer", "Gather", gatherer("End")},
		{"Close of a gatherer", "gatherer", "Gather", gatherer("Close")},
		{"the function of ForEach", "for-each", "ForEach", runsOf(behind(one).ForEach(func(context.Context, int) error { fail(); return nil }))},
		{"Open of a sink", "sink", "To", sink("Open")},
		{"Put of a sink", "sink", "To", sink("Put")},
		{"Flush of a sink", "sink", "To", sink("Flush")},
		{"Close of a sink", "sink", "To", sink("Close")},
		{"the function of Reduce", "reduce", "Reduce", func(ctx context.Context, opts ...flow.Option) error {
			_, err := behind(one).Reduce(ctx, 0, func(int, int) int { fail(); return 0 }, opts...)
			return err
		}},
		{"the function of Handle", "try-mapper", "TryMap", behind(fails.OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy {
			fail()
			return flow.Skip()
		}))).Run},
		{"the error handler of a processor", "try-mapper", "TryMap", behind(one.Then(ops.NewTryMapper(func(int) (int, error) { return 0, errPlanted }).
			OnError(func(context.Context, *ops.ItemError) { fail() })).OnError(flow.Skip())).Run},
		{"Process of a processor", "processor-func", "Then", behind(one.Then(ops.ProcessorFunc[int, int](func(context.Context, <-chan int) <-chan int { fail(); return nil }))).Run},
		{"the function of Poll", "poll", "Poll", behind(flow.Poll(time.Hour, func(context.Context) (int, error) { fail(); return 0, nil })).Run},
		{"the function of Call", "call", "Call", behind(one.Call(func(context.Context, int) (int, error) { fail(); return 0, nil })).Run},
		{"a worker", "async-mapper", "AsyncMap", behind(one.AsyncMap(2, func(context.Context, int) (int, error) { fail(); return 0, nil })).Run},
		{"a worker out of order", "async-mapper", "AsyncMapUnordered", behind(one.AsyncMapUnordered(2, func(context.Context, int) (int, error) { fail(); return 0, nil })).Run},
		{"a key function", "async-mapper", "AsyncMapKeyed", behind(one.AsyncMapKeyed(2, func(int) int { fail(); return 0 },
			func(_ context.Context, v int) (int, error) { return v, nil })).Run},
		{"the function of AsyncForEach", "async-for-each", "AsyncForEach", runsOf(behind(one).AsyncForEach(2, func(context.Context, int) error { fail(); return nil }))},
		{"the handler of a Monitor", "monitor", "Monitor", behind(one.Monitor(time.Hour, func(ops.StreamStats) { fail() })).Run},
		{"what hears of dropped items", "dropping-buffer", "DroppingBuffer", behind(flow.Range(0, 1000).Then(ops.NewDroppingBuffer[int](1).
			OnDrop(func(int) { fail() }))).Throttle(1e6).Run},
		{"a dead letter", "try-mapper", "TryMap", behind(fails.OnError(flow.DeadLetter(func(context.Context, flow.Letter[any]) error { fail(); return nil }))).Run},
		{"the If of a Retry", "try-mapper", "TryMap", behind(fails.OnError(flow.Retry(3, flow.Constant(0)).If(func(error) bool { fail(); return true }))).Run},
		{"the done of a barrier", "source", "FromSignals", runsOf(behind(barriered(func(error) { fail() })).
			ForEach(func(context.Context, int) error { return nil }))},
	}
}

type callingReader struct{ fn func() }

func (r callingReader) Read([]byte) (int, error) { r.fn(); return 0, io.EOF }

type callingFS struct{ fn func() }

func (f callingFS) Open(string) (fs.File, error) { f.fn(); return nil, fs.ErrNotExist }

// surroundings are where the stage that breaks may stand.
var surroundings = map[string]func(flow.Flow[int]) flow.Flow[int]{
	"fused":                func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity) },
	"behind a boundary":    func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1).Map(identity) },
	"in front of a policy": func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).OnError(flow.Skip()) },
	"in a Merge":           func(f flow.Flow[int]) flow.Flow[int] { return flow.Merge(f, flow.Empty[int]()) },
	"in a Concat":          func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(flow.Empty[int](), f, flow.Empty[int]()) },
	"above workers": func(f flow.Flow[int]) flow.Flow[int] {
		return f.AsyncMap(2, func(_ context.Context, v int) (int, error) { return v, nil })
	},
	"above a sub-flow": func(f flow.Flow[int]) flow.Flow[int] {
		return f.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity) }))
	},
}

// surrounded calls test for every flow that breaks, wherever it stands, also in a run that
// somebody looks at.
func surrounded(t *testing.T, fail func(), test func(*testing.T, broken, flow.Option)) {
	looked := flow.WithObserver(flow.ObserverFunc(func(flow.Event) {}))
	for where, behind := range surroundings {
		for _, tt := range breaking(fail, behind) {
			t.Run(tt.where+" "+where, func(t *testing.T) { test(t, tt, flow.Option{}) })
			t.Run(tt.where+" "+where+", live", func(t *testing.T) { test(t, tt, looked) })
		}
	}
}

func TestPanic_isErrorOfItsStage(t *testing.T) {
	surrounded(t, boom, func(t *testing.T, tt broken, look flow.Option) {
		err := tt.run(t.Context(), audit(t), quiet, look)
		failed := stageError(t, err)
		if want, got := tt.stage+" "+tt.op, failed.Stage+" "+failed.Op; got != want {
			t.Errorf("the stage is %s, want %s", got, want)
		}
		panicked, ok := errors.AsType[*flow.PanicError](err)
		if !ok {
			t.Fatalf("got the error %v, want a *PanicError", err)
		}
		if panicked.Value != any(errBoom) {
			t.Errorf("Value = %v, want %v", panicked.Value, errBoom)
		}
		if !bytes.Contains(panicked.Stack, []byte("flow_test.boom(")) {
			t.Errorf("the stack does not show the function:\n%s", panicked.Stack)
		}
		if !errors.Is(err, errBoom) {
			t.Errorf("errors.Is does not reach the value through %v", err)
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok && !errors.Is(err, errPlanted) && !strings.Contains(tt.op, "Async") { // several may panic at once
			t.Errorf("got %d errors, want one: %v", len(joined.Unwrap()), err)
		}
	})
}

func TestGoexit_isErrorOfItsStage(t *testing.T) {
	surrounded(t, runtime.Goexit, func(t *testing.T, tt broken, look flow.Option) {
		opt, r := audited(t)
		var err error
		returned := onItsOwn(func() { err = tt.run(t.Context(), opt, quiet, look) })
		if returned && err != r.Cause {
			t.Errorf("got the error %v, and in the report %v", err, r.Cause)
		}
		failed := stageError(t, r.Cause)
		if want, got := tt.stage+" "+tt.op, failed.Stage+" "+failed.Op; got != want {
			t.Errorf("the stage is %s, want %s: %v", got, want, r.Cause)
		}
		if want := "runtime.Goexit"; !strings.Contains(r.Cause.Error(), want) {
			t.Errorf("the error %q does not tell of %s", r.Cause, want)
		}
	})
}

func TestPanic_ofHandleKeepsTheFailureItWasAskedAbout(t *testing.T) {
	opt, r := audited(t)
	err := flow.Of(1, 2).TryMap(func(int) (int, error) { return 0, errPlanted }).
		OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { boom(); return flow.Skip() })).
		Run(t.Context(), opt)
	if !errors.Is(err, errPlanted) || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want the failure and the panic", err)
	}
	if want, got := int64(1), stageReport(t, r, "try-mapper").Failed; got != want {
		t.Errorf("Failed = %d, want %d", got, want)
	}
}

// TestPanic_ofHandlerThatIsToldOfPanic: a panic that no policy lets the run survive is told
// where it has unwound the stage already.
func TestPanic_ofHandlerThatIsToldOfPanic(t *testing.T) {
	for _, f := range []flow.Flow[int]{flow.Of(1), flow.Of(1).FlatMap(twiceAndRecovered)} {
		for _, behind := range surroundings {
			job := func(end func()) flow.Flow[int] {
				p := ops.NewTryMapper(func(int) (int, error) { boom(); return 0, nil }).
					OnError(func(context.Context, *ops.ItemError) { end() })
				return behind(f.Then(p))
			}
			err := job(func() { panic(errPlanted) }).Run(t.Context(), audit(t))
			if !errors.Is(err, errBoom) || !errors.Is(err, errPlanted) {
				t.Errorf("Run() = %v, want both panics", err)
			}
			opt, r := audited(t)
			onItsOwn(func() { _ = job(runtime.Goexit).Run(t.Context(), opt) })
			if !errors.Is(r.Cause, errBoom) || !strings.Contains(r.Cause.Error(), "Goexit") {
				t.Errorf("the run ended with %v, want the panic and the Goexit", r.Cause)
			}
		}
	}
}

// twiceAndRecovered gives an item twice, and recovers from what comes from below.
func twiceAndRecovered(v int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { _ = recover() }()
		for range 2 {
			if !yield(v) {
				return
			}
		}
	}
}

func TestPanic_ofItemFormatDoesNotHideTheFailure(t *testing.T) {
	err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errPlanted }).
		Run(t.Context(), audit(t), flow.WithItemFormat(func(any) string { boom(); return "" }))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want the failure", err)
	}
	if want, got := "boom", err.Error(); !strings.Contains(got, want) {
		t.Errorf("Run() = %q, which does not tell of the panic", got)
	}
}

func TestPanic_inDoneOfBarrierThatNeverArrived(t *testing.T) {
	sent := make(chan struct{})
	stuck := flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
		defer close(sent)
		if err := out.Emit(1); err != nil {
			return err
		}
		return out.Barrier(func(error) { boom() })
	}))
	err := stuck.Async(1).
		ForEach(func(context.Context, int) error { <-sent; return errPlanted }).
		Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want both errors", err)
	}
}

func TestPanic_valueThatIsNoError(t *testing.T) {
	err := flow.Of(1).Map(func(int) int { panic("a text") }).Run(t.Context(), audit(t))
	failed := stageError(t, err)
	if want, got := "mapper: panic: a text", failed.Err.Error(); got != want {
		t.Errorf("the cause is %q, want %q", got, want)
	}
	if want, got := "): panic: a text", failed.Error(); !strings.HasSuffix(got, want) { // names the stage once
		t.Errorf("the error is %q, want one that ends in %q", got, want)
	}
}

func TestPanic_ofRuntimeIsReached(t *testing.T) {
	var none []int
	err := flow.Of(1).Map(func(v int) int { return none[v] }).Run(t.Context(), audit(t))
	if _, ok := errors.AsType[runtime.Error](err); !ok {
		t.Errorf("Run() = %v, want a runtime.Error", err)
	}
}

// swallowers are stages whose user code recovers whatever it can.
var swallowers = map[string]func(below func(flow.Flow[int]) flow.Job) flow.Job{
	"a source": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			defer func() { _ = recover() }()
			_ = emit(1)
			_ = emit(2)
			return nil
		}))
	},
	"a sequence": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.FromSeq(func(yield func(int) bool) {
			defer func() { _ = recover() }()
			_ = yield(1) && yield(2)
		}))
	},
	"a FlatMap": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.Of(1, 2).FlatMap(func(v int) iter.Seq[int] {
			return func(yield func(int) bool) {
				defer func() { _ = recover() }()
				yield(v)
			}
		}))
	},
	"a gatherer": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.Of(1, 2).Gather(ops.NewGatherer(nil, func(_ *int, v int, emit func(int) error) error {
			defer func() { _ = recover() }()
			return emit(v)
		}, nil)))
	},
	"a FlatMap that skips": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.Of(1, 2).FlatMap(one).OnError(flow.Skip()))
	},
	"a Map that skips": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.Of(1, 2).Map(identity).OnError(flow.Skip()))
	},
	"a Filter whose policy is asked": func(below func(flow.Flow[int]) flow.Job) flow.Job {
		return below(flow.Of(1, 2).Filter(func(int) bool { return true }).
			OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return flow.Skip() })))
	},
}

func one(v int) iter.Seq[int] { return func(yield func(int) bool) { yield(v) } }

func TestPanic_isNotSwallowedAbove(t *testing.T) {
	panics := map[string]func(flow.Flow[int]) flow.Job{
		"Map": func(f flow.Flow[int]) flow.Job { return f.Map(func(int) int { boom(); return 0 }).Discard() },
		"Map behind a Map": func(f flow.Flow[int]) flow.Job {
			return f.Map(identity).Map(func(int) int { boom(); return 0 }).Discard()
		},
		"ForEach": func(f flow.Flow[int]) flow.Job {
			return f.ForEach(func(context.Context, int) error { boom(); return nil })
		},
		"Map behind a FlatMap": func(f flow.Flow[int]) flow.Job {
			return f.FlatMap(one).Map(func(int) int { boom(); return 0 }).Discard()
		},
	}
	for above, with := range swallowers {
		for below, job := range panics {
			t.Run(below+" below "+above, func(t *testing.T) {
				calls := 0
				err := with(func(f flow.Flow[int]) flow.Job {
					return job(f.Tap(func(int) { calls++ }))
				}).Run(t.Context(), audit(t), quiet)
				failed := stageError(t, err)
				if !errors.Is(failed, errBoom) || (failed.Op != "Map" && failed.Op != "ForEach") {
					t.Errorf("Run() = %v, want the panic of the stage below", err)
				}
				if calls != 1 {
					t.Errorf("%d items went down, want 1", calls)
				}
			})
		}
	}
}

func TestPanic_afterPartialEmission(t *testing.T) {
	opt, r := audited(t)
	got, err := flow.Of(1, 2, 3).
		FlatMap(func(v int) iter.Seq[int] {
			return func(yield func(int) bool) {
				if !yield(10*v) || v != 2 {
					return
				}
				boom()
			}
		}).OnError(flow.Skip()).
		Collect(t.Context(), opt, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{10, 20, 30}, got); diff != "" {
		t.Errorf("Collect() mismatch (-want +got):\n%s", diff)
	}
	s := stageReport(t, r, "flat-mapper")
	want := flow.StageReport{Name: "flat-mapper", Op: "FlatMap", At: s.At, Busy: s.Busy, In: 3, Passed: 2, Out: 3, Failed: 1}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
}

// A gatherer that has enough says so by a signal, in its push. What the stages below do then is
// no failure of its item.
func TestPanic_belowAnEarlyEndUnderAPolicy(t *testing.T) {
	enough := ops.NewGatherer(nil, func(_ *struct{}, n int, emit func(int) error) error {
		if n == 3 {
			return ops.ErrStop
		}
		return emit(n)
	}, nil)
	f := flow.Range(0, 10).Gather(enough).OnError(flow.Skip()).Batch(10, 0).Map(func([]int) int {
		boom()
		return 0
	})
	err := f.Run(t.Context(), quiet, audit(t))
	if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "mapper" || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, want the panic of the mapper", err)
	}
}

func TestGatherer_thatDealsBadlyWithEmitsError(t *testing.T) {
	errOwn := errors.New("its own")
	tests := map[string]func(err error) error{
		"wraps it":              func(err error) error { return fmt.Errorf("wrapped: %w", err) },
		"rewrites it":           func(err error) error { return errors.New(err.Error()) },
		"ignores it":            func(error) error { return nil },
		"has one of its own":    func(error) error { return errOwn },
		"panics":                func(error) error { panic(errOwn) },
		"asks for an early end": func(error) error { return flow.ErrStop },
	}
	for manner, result := range tests {
		for _, policy := range []flow.Policy{flow.Stop(), flow.Skip()} {
			t.Run(manner, func(t *testing.T) {
				push := func(_ *int, v int, emit func(int) error) error {
					_ = emit(v)
					return result(emit(v))
				}
				err := flow.Of(1, 2).Gather(ops.NewGatherer(nil, push, nil)).OnError(policy).
					TryMap(func(int) (int, error) { return 0, errPlanted }).
					Run(t.Context(), audit(t), quiet)
				failed := stageError(t, err)
				if want, got := "try-mapper", failed.Stage; got != want {
					t.Errorf("stage = %q, want %q: %v", got, want, err)
				}
				if err != error(failed) && manner != "panics" {
					t.Errorf("Run() = %v, want the failure of the stage below alone", err)
				}
			})
		}
	}
}

// onItsOwn runs fn on a goroutine that fn may end, and tells whether it returned.
func onItsOwn(fn func()) (returned bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
		returned = true
	}()
	<-done
	return returned
}

func TestGoexit_onCallersGoroutineGoesOnAfterTheRun(t *testing.T) {
	for name, goexit := range map[string]func(int) int{
		"in an item": func(int) int { runtime.Goexit(); return 0 },
	} {
		for _, build := range map[string]func(flow.Flow[int]) flow.Flow[int]{
			"fused":                 func(f flow.Flow[int]) flow.Flow[int] { return f.Map(goexit) },
			"behind a boundary":     func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1).Map(goexit) },
			"below user code":       func(f flow.Flow[int]) flow.Flow[int] { return f.FlatMap(one).Map(goexit) },
			"with a policy":         func(f flow.Flow[int]) flow.Flow[int] { return f.Map(goexit).OnError(flow.Skip()) },
			"below one with policy": func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).OnError(flow.Skip()).Map(goexit) },
		} {
			t.Run(name, func(t *testing.T) {
				book := &journal{}
				opt, r := audited(t)
				returned := onItsOwn(func() {
					_ = build(flow.Of(1, 2)).To(&sinkPart{part{name: "sink", book: book}}).Run(t.Context(), opt)
				})
				if returned {
					t.Errorf("the goroutine went on")
				}
				if want, got := 1, len(book.all()); got != want {
					t.Errorf("the sink was closed %d times, want %d: %v", got, want, book)
				}
				if failed := stageError(t, r.Cause); failed.Op != "Map" {
					t.Errorf("the report names %v", r.Cause)
				}
			})
		}
	}
}

func TestGoexit_onAnotherSegmentIsErrorOfStage(t *testing.T) {
	var err error
	returned := onItsOwn(func() {
		err = flow.Of(1, 2).Map(func(int) int { runtime.Goexit(); return 0 }).Named("leaver").Async(1).
			Run(t.Context(), audit(t))
	})
	if !returned {
		t.Fatal("the caller's goroutine ended")
	}
	if want, got := "leaver", stageError(t, err).Stage; got != want {
		t.Errorf("the stage is %q, want %q: %v", got, want, err)
	}
}

func TestGoexit_inClose(t *testing.T) {
	book := &journal{}
	opt, _ := audited(t)
	exit := func(method string) error {
		if method == "Close" {
			runtime.Goexit()
		}
		return nil
	}
	returned := onItsOwn(func() {
		_ = flow.Of(1).
			Gather(&gatherPart{part{name: "first", book: book, hook: exit}}).
			Gather(&gatherPart{part{name: "second", book: book}}).
			To(&sinkPart{part{name: "sink", book: book}}).
			Run(t.Context(), opt)
	})
	if returned {
		t.Errorf("the goroutine went on")
	}
	want := []string{"first closed: <nil>", "second closed: <nil>", "sink closed: <nil>"}
	if diff := cmp.Diff(want, book.all()); diff != "" {
		t.Errorf("closed mismatch (-want +got):\n%s", diff)
	}
}

func TestAll_bodyPanics(t *testing.T) {
	book := &journal{}
	opt, _ := audited(t)
	func() {
		defer func() {
			if got := recover(); got != any(errBoom) {
				t.Errorf("recovered %v, want %v", got, errBoom)
			}
			if want, got := "gatherer closed: streamz: no more items are needed", book.String(); got != want {
				t.Errorf("before the panic went on: %q, want %q", got, want)
			}
		}()
		above := flow.Range(0, 1000).Gather(&gatherPart{part{name: "gatherer", book: book}}).Async(2)
		for range above.FlatMap(swallow).All(t.Context(), opt) {
			boom()
		}
	}()
}

// swallow is user code above the loop that tries to keep the body's panic.
func swallow(v int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { _ = recover() }()
		yield(v)
	}
}

func TestAll_bodyReturnsOrBreaks(t *testing.T) {
	opt, r := audited(t)
	first := func() int {
		for v, err := range flow.Range(7, 1000).Async(1).Map(identity).All(t.Context(), opt) {
			if err != nil {
				t.Error(err)
			}
			return v
		}
		return 0
	}()
	if want := 7; first != want {
		t.Errorf("got %d, want %d", first, want)
	}
	if r.Cause != nil {
		t.Errorf("the run ended with %v", r.Cause)
	}

	opt, r = audited(t)
	n := 0
	for range flow.Range(0, 1000).All(t.Context(), opt) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 || stageReport(t, r, "all").In != 3 {
		t.Errorf("%d rounds, want 3:\n%v", n, r)
	}
}

func TestAll_bodyEndsItsGoroutine(t *testing.T) {
	opt, r := audited(t)
	returned := onItsOwn(func() {
		for range flow.Range(0, 1000).Async(1).All(t.Context(), opt) {
			runtime.Goexit()
		}
	})
	if returned {
		t.Errorf("the goroutine went on")
	}
	if got := len(r.Stages); got != 2 {
		t.Errorf("the report has %d stages, want 2", got)
	}
}
