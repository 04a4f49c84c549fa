package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// rule is a sentence of the contract of Process, see the package comment.
type rule string

const (
	atOnce      rule = "1. Process returns at once; constructors start nothing"
	manyRuns    rule = "2. Process may be called many times, also at once; state belongs to the call; options return a changed copy"
	closesOnce  rule = "3. the output is closed by the processor, once"
	neverStuck  rule = "4. no send outlives ctx, and nobody has to read the output after it"
	completion  rule = "5. in closed and ctx alive is completion: what is held is emitted, then the output is closed"
	cancelWins  rule = "5. ctx ended is cancellation, also when in was closed at the same moment: no function is called and nothing is sent"
	boundedHold rule = "6. a processor reads no further ahead than its Holds line says"
	panicsTold  rule = "8. a panic goes to the supervisor as a PanicError"
	failFirst   rule = "9. a failure is recorded before the output is closed"
	misuseTold  rule = "10. a nil context, a nil input and a wrong configuration make Process panic with a ConfigError in the caller's stack"
)

// subject is a processor to be held to the contract. P is its type.
type subject[P processor[P, In, Out], In, Out any] struct {
	name  string // default name
	in    []In   // enough for a few outputs, the first of them soon
	model func([]In) []Out
	build func() P
	takes int                     // items accepted while nobody reads: discarded ones, and those of the Holds line
	calls func(before func()) P   // build with a user function that first calls before; nil if it has none
	items func(r *rand.Rand) []In // a random input
	// workers is how many call the user function at once, 0 if the goroutine does that
	// delivers the results too.
	workers int
	// opens is how many items come before any of the input.
	opens int
	// gathers says that nothing has come out when the function is called for the second time.
	gathers bool
}

// processor is what all processors of the package are.
type processor[P, In, Out any] interface {
	ops.Processor[In, Out]
	WithName(name string) P
}

// conformer hides the types of a subject.
type conformer interface {
	label() string
	typeName() string
	conform(t *testing.T)
	callsUser() bool
	crash(before func())
	failsBeforeClose(t *testing.T)
}

type law struct {
	rule  rule
	name  string
	check func(t *testing.T)
}

func TestConformance(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.label(), s.conform)
	}
}

func (s subject[P, In, Out]) label() string { return s.name }

// typeName is the name of the processor's type without its parameters.
func (s subject[P, In, Out]) typeName() string {
	name, _, _ := strings.Cut(reflect.TypeFor[P]().Elem().Name(), "[")
	return name
}

func (s subject[P, In, Out]) conform(t *testing.T) {
	for _, law := range s.laws() {
		t.Run(law.name, func(t *testing.T) {
			synctest.Test(t, law.check)
			if t.Failed() {
				t.Logf("the rule: %s", law.rule)
			}
		})
	}
}

func (s subject[P, In, Out]) laws() []law {
	all := []law{
		{atOnce, "starts nothing before Process", func(*testing.T) { s.build() }},
		{atOnce, "returns before the first item", s.returnsAtOnce},
		{completion, "gives the same in every way", s.conformsToModel},
		{completion, "random inputs give what the model gives", s.randomInputs},
		{completion, "an empty input gives an empty output", func(t *testing.T) { check(t, s.model(nil), nil, s.any) }},
		{completion, "one item", func(t *testing.T) { check(t, s.model(s.in[:1]), s.in[:1], s.any) }},
		{manyRuns, "two runs one after the other", s.runsAgain},
		{manyRuns, "two runs at once", s.runsAtOnce},
		{manyRuns, "an option returns a changed copy", s.copies},
		{closesOnce, "cancel before the first item", s.cancelIdle},
		{neverStuck, "cancel while a send blocks", s.cancelWhileSending},
		{neverStuck, "cancel and nobody reads", s.cancelUnread},
		{completion, "end while a send blocks", s.endWhileSending},
		{cancelWins, "closed input and ended context", s.closedAndEnded},
		{cancelWins, "input closed while cancelling", s.closedWhileEnding},
		{cancelWins, "context that ended before Process", s.endedBefore},
		{boundedHold, "stuck reader", s.stuckReader},
		{misuseTold, "nil input", s.nilInput},
		{misuseTold, "nil context", s.nilContext},
	}
	if s.callsUser() {
		all = append(all, s.callLaws()...)
	}
	return all
}

// callLaws are those of processors with a user function.
func (s subject[P, In, Out]) callLaws() []law {
	return []law{
		{atOnce, "no call before the first item", s.noEarlyCall},
		{cancelWins, "cancel while the function runs", s.cancelWhileCalling},
		{cancelWins, "cancel by the function itself", s.cancelByCall},
		{cancelWins, "no call with a context that ended before", s.noCallAfterEnd},
		{cancelWins, "item and cancel at the same moment", s.itemAndCancel},
		{panicsTold, "panic with a supervisor", s.panics},
		{panicsTold, "panic on a later item", s.panicsLater},
		{panicsTold, "goexit with a supervisor", s.exits},
		{panicsTold, "goexit without a supervisor", s.exitsAlone},
	}
}

// atOnce is how many calls may run at the same time.
func (s subject[P, In, Out]) atOnce() int { return max(s.workers, 1) }

func (s subject[P, In, Out]) callsUser() bool { return s.calls != nil }

func (s subject[P, In, Out]) any() ops.Processor[In, Out] { return s.build() }

func (s subject[P, In, Out]) returnsAtOnce(t *testing.T) {
	in := make(chan In)
	out := s.build().Process(t.Context(), in)
	close(in)
	collect(out)
}

func (s subject[P, In, Out]) conformsToModel(t *testing.T) { check(t, s.model(s.in), s.in, s.any) }

func (s subject[P, In, Out]) randomInputs(t *testing.T) {
	for range 10 {
		seed := rand.Uint64()
		in := s.items(rand.New(rand.NewPCG(seed, 0)))
		if check(t, s.model(in), in, s.any); t.Failed() {
			t.Fatalf("failed with rand.NewPCG(%d, 0)", seed)
		}
	}
}

func (s subject[P, In, Out]) runsAgain(t *testing.T) {
	p := s.build()
	check(t, s.model(s.in), s.in, func() ops.Processor[In, Out] { return p })
}

func (s subject[P, In, Out]) runsAtOnce(t *testing.T) {
	p := s.build()
	var wg sync.WaitGroup
	results := make([][]Out, 8)
	for i := range results {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			in, _ := offer(ctx, s.in)
			results[i] = collect(p.Process(ctx, in))
		})
	}
	wg.Wait()
	want := s.model(s.in)
	for i, got := range results {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run %d mismatch (-want +got):\n%s", i, diff)
		}
	}
}

func (s subject[P, In, Out]) copies(t *testing.T) {
	p := s.build()
	q := p.WithName("other")
	want, got := []string{s.name, "other"}, []string{p.Name(), q.Name()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names of receiver and copy mismatch (-want +got):\n%s", diff)
	}
	check(t, s.model(s.in), s.in, func() ops.Processor[In, Out] { return q })
}

func (s subject[P, In, Out]) cancelIdle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := s.build().Process(ctx, make(chan In))
	for range s.opens {
		wantNext(t, out)
	}
	wantOpen(t, out)
	cancel()
	wantClosed(t, out)
}

func (s subject[P, In, Out]) cancelWhileSending(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, s.in)
		out := s.build().Process(ctx, in)
		synctest.Wait()
		cancel()
		if got := collect(out); len(got) > 0 {
			t.Fatalf("%v was sent after the end of ctx", got)
		}
	}
}

func (s subject[P, In, Out]) cancelUnread(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := offer(ctx, s.in)
	_ = s.build().Process(ctx, in)
	synctest.Wait()
	cancel() // the bubble sees what is left
}

func (s subject[P, In, Out]) endWhileSending(t *testing.T) {
	out := s.build().Process(t.Context(), feed(s.in...))
	synctest.Wait()
	if diff := cmp.Diff(s.model(s.in), collect(out)); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

// closedAndEnded makes both ready before the processor looks.
func (s subject[P, In, Out]) closedAndEnded(t *testing.T) {
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := collect(s.build().Process(ctx, feed(s.in...))); len(got) > 0 {
			t.Fatalf("%v was sent after the end of ctx", got)
		}
	}
}

// closedWhileEnding makes both ready while the processor waits for items.
func (s subject[P, In, Out]) closedWhileEnding(t *testing.T) {
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		in := make(chan In)
		out := s.build().Process(ctx, in)
		synctest.Wait()
		received := make(chan []Out)
		go func() { received <- collect(out) }()
		synctest.Wait()
		cancel()
		close(in)
		if got := <-received; len(got) > s.opens {
			t.Fatalf("%v was sent after the end of ctx", got)
		}
	}
}

func (s subject[P, In, Out]) endedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantClosed(t, s.build().Process(ctx, make(chan In)))
}

func (s subject[P, In, Out]) stuckReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var many []In
	for range 50 {
		many = append(many, s.in...)
	}
	in, taken := offer(ctx, many)
	out := s.build().Process(ctx, in)
	synctest.Wait()
	if got := int(taken.Load()); got > s.takes+1 {
		t.Errorf("%d items were taken while nobody read, want at most %d", got, s.takes+1)
	}
	cancel()
	collect(out)
}

func (s subject[P, In, Out]) nilInput(t *testing.T) {
	want := any(&ops.ConfigError{Stage: s.name, Field: "input channel", Want: "must not be nil"})
	got := thrown(func() { s.build().Process(t.Context(), nil) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("panic mismatch (-want +got):\n%s", diff)
	}
}

func (s subject[P, In, Out]) nilContext(t *testing.T) {
	want := any(&ops.ConfigError{Stage: s.name, Field: "context", Want: "must not be nil"})
	var none context.Context
	got := thrown(func() { s.build().Process(none, make(chan In)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("panic mismatch (-want +got):\n%s", diff)
	}
}

func (s subject[P, In, Out]) noEarlyCall(t *testing.T) {
	var calls atomic.Int64
	in := make(chan In)
	out := s.calls(func() { calls.Add(1) }).Process(t.Context(), in)
	synctest.Wait()
	if got := calls.Load(); got > 0 {
		t.Errorf("the function was called %d times without an item", got)
	}
	close(in)
	collect(out)
}

func (s subject[P, In, Out]) cancelWhileCalling(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		release := make(chan struct{})
		p := s.calls(func() {
			calls.Add(1)
			<-release
		})
		out := p.Process(ctx, feed(s.in...))
		synctest.Wait()
		cancel()
		close(release)
		got := collect(out)
		if n := int(calls.Load()); n < 1 || n > s.atOnce() || len(got) > 0 {
			t.Fatalf("%d calls and %v sent, want those up to %d that ran already and nothing", n, got, s.atOnce())
		}
	}
}

func (s subject[P, In, Out]) cancelByCall(t *testing.T) {
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		p := s.calls(func() {
			calls.Add(1)
			cancel()
		})
		got := collect(p.Process(ctx, feed(s.in...)))
		if n := int(calls.Load()); n < 1 || n > s.atOnce() || len(got) > 0 {
			t.Fatalf("%d calls and %v sent, want the one that cancelled, up to %d at its side, and nothing", n, got, s.atOnce()-1)
		}
	}
}

func (s subject[P, In, Out]) noCallAfterEnd(t *testing.T) {
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var calls atomic.Int64
		collect(s.calls(func() { calls.Add(1) }).Process(ctx, feed(s.in...)))
		if got := calls.Load(); got > 0 {
			t.Fatalf("%d calls after the end of ctx", got)
		}
	}
}

// itemAndCancel hands over an item and cancels before the processor can run, as it
// has the only thread. If the scheduler comes in between, the call is legitimate:
// hence the margin.
func (s subject[P, In, Out]) itemAndCancel(t *testing.T) {
	const rounds = 300
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var calls atomic.Int64
	p := s.calls(func() { calls.Add(1) })
	for range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		in := make(chan In)
		out := p.Process(ctx, in)
		synctest.Wait()
		in <- s.in[0]
		cancel()
		collect(out)
	}
	if got := calls.Load(); got > rounds/10 {
		t.Errorf("%d calls in %d rounds whose context ended before the call", got, rounds)
	}
}

// deliberatePanic is what the stack of a PanicError and of a crash has to show.
func deliberatePanic() { panic(errBoom) }

func (s subject[P, In, Out]) panics(t *testing.T) {
	sup := new(listener)
	got := collect(s.calls(deliberatePanic).Process(ops.WithSupervisor(t.Context(), sup), feed(s.in...)))
	if len(got) > 0 {
		t.Errorf("output %v, want none", got)
	}
	s.wantPanic(t, sup)
}

// panicsLater wants what came before the panic. The panic of a worker may overtake results
// that another goroutine is to deliver, and as many calls as there are workers may come
// before it.
func (s subject[P, In, Out]) panicsLater(t *testing.T) {
	var n atomic.Int64
	sup := new(listener)
	p := s.calls(func() {
		if n.Add(1) == 2 {
			deliberatePanic()
		}
	})
	want := s.model(s.in[:1])
	got := collect(p.Process(ops.WithSupervisor(t.Context(), sup), feed(s.in...)))
	switch {
	case s.workers > 0:
		want = s.model(s.in)[:min(len(got), s.workers)]
	case s.gathers:
		want = nil
	}
	if diff := cmp.Diff(orNil(want), orNil(got)); diff != "" {
		t.Errorf("items before the panic mismatch (-want +got):\n%s", diff)
	}
	s.wantPanic(t, sup)
}

func (s subject[P, In, Out]) wantPanic(t *testing.T, sup *listener) {
	t.Helper()
	failures := sup.failures()
	if len(failures) != 1 {
		t.Fatalf("Failed() was told %v, want one error", failures)
	}
	e, ok := errors.AsType[*ops.PanicError](failures[0])
	if !ok {
		t.Fatalf("Failed() was told a %T, want a *PanicError", failures[0])
	}
	if e.Processor != s.name || e.Value != error(errBoom) || !errors.Is(e, errBoom) {
		t.Errorf("PanicError{%q, %v}, want {%q, %v}", e.Processor, e.Value, s.name, errBoom)
	}
	if !containsFunc(e.Stack, "deliberatePanic") {
		t.Errorf("the stack does not show the function that panicked:\n%s", e.Stack)
	}
	if items := sup.itemErrors(); len(items) > 0 {
		t.Errorf("ItemFailed() was told %v as well", items)
	}
}

// exits is about a function that ends the goroutine, as t.FailNow does.
func (s subject[P, In, Out]) exits(t *testing.T) {
	sup := new(listener)
	got := collect(s.calls(runtime.Goexit).Process(ops.WithSupervisor(t.Context(), sup), feed(s.in...)))
	if len(got) > 0 {
		t.Errorf("output %v, want none", got)
	}
	failures := sup.failures()
	if len(failures) == 0 {
		t.Fatal("Failed() was not told")
	}
	if _, ok := errors.AsType[*ops.PanicError](failures[0]); !ok {
		t.Errorf("Failed() was told a %T, want a *PanicError", failures[0])
	}
}

func (s subject[P, In, Out]) exitsAlone(t *testing.T) {
	log := captureLog(t, func() {
		if got := collect(s.calls(runtime.Goexit).Process(t.Context(), feed(s.in...))); len(got) > 0 {
			t.Errorf("output %v, want none", got)
		}
	})
	if !strings.Contains(log, s.name) {
		t.Errorf("the log has %q, want the failure of %s", log, s.name)
	}
}

// crash is run by a process of its own.
func (s subject[P, In, Out]) crash(before func()) {
	collect(s.calls(before).Process(context.Background(), feed(s.in...)))
}

// failsBeforeClose must be run in a bubble of its own, many times.
func (s subject[P, In, Out]) failsBeforeClose(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var told atomic.Bool
	sup := &listener{onFailed: func(err error) {
		told.Store(true)
		cancel(err)
	}}
	out := s.calls(deliberatePanic).Process(ops.WithSupervisor(ctx, sup), feed(s.in...))
	collect(out)
	if !told.Load() {
		t.Errorf("%s closed its output before its failure was told", s.name)
	}
}

// Without the order "record the failure, then close" a stage below takes the failure
// for a completion, and flushes.
func TestConformanceRegressions(t *testing.T) {
	many := func(t *testing.T, n int, once func(*testing.T)) {
		for range n {
			if synctest.Test(t, once); t.Failed() {
				t.Fatalf("the rule: %s", failFirst)
			}
		}
	}
	t.Run("failure-before-close", func(t *testing.T) {
		for _, s := range subjects {
			if s.callsUser() {
				t.Run(s.label(), func(t *testing.T) { many(t, 300, s.failsBeforeClose) })
			}
		}
		t.Run("a batcher below does not flush", func(t *testing.T) { many(t, 2000, noFlushAfterFailure) })
	})
}

func noFlushAfterFailure(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	ctx = ops.WithSupervisor(ctx, &listener{onFailed: func(err error) { cancel(err) }})
	mapper := ops.NewMapper(func(n int) int {
		if n == 3 {
			deliberatePanic()
		}
		return n
	})
	batcher := ops.NewBatcher[int](ops.BatchConfig{MaxSize: 10})
	if got := collect(batcher.Process(ctx, mapper.Process(ctx, feed(ints(4)...)))); len(got) > 0 {
		t.Errorf("the batcher gave %v after the failure above it, want nothing", got)
	}
}
