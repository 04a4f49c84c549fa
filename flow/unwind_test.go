package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// unwinding are the ways in which a user function may not return, besides a plain panic and
// a plain Goexit. wants is what the error of the run tells of.
var unwinding = map[string]struct {
	fn    func()
	wants string
	exits bool // its goroutine ends
}{
	"panic(nil)": {fn: func() { panic(nil) }, wants: "panic called with nil argument"},
	"a panic in a deferred function, after another that was recovered": {fn: func() {
		defer func() { panic(fmt.Sprint(recover(), " again")) }()
		panic("first")
	}, wants: "first again"},
	"a panic in a deferred function, during another": {fn: func() {
		defer func() { panic("second") }()
		panic("first")
	}, wants: "second"},
	"a panic during a Goexit": {fn: func() {
		defer func() { panic("at the exit") }()
		runtime.Goexit()
	}, wants: "at the exit", exits: true},
	"a Goexit during a panic": {fn: func() {
		defer runtime.Goexit()
		panic("given up")
	}, wants: "runtime.Goexit", exits: true},
	"a panic whose value has a String that panics": {fn: func() { panic(mute{}) }, wants: "PANIC="},
}

type mute struct{}

func (mute) String() string { panic("no words") }

// TestUnwind_everyWay: the stage is named, and the item counts once.
func TestUnwind_everyWay(t *testing.T) {
	stages := map[string]func(fail func()) flow.Flow[int]{
		"fused": func(fail func()) flow.Flow[int] { return flow.Range(0, 9).Map(failingBy(fail)).Named("subject") },
		"with a policy": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).Map(failingBy(fail)).Named("subject").OnError(flow.Handle(stopsAlways))
		},
		"with a retry": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).Map(failingBy(fail)).Named("subject").OnError(flow.Retry(2, flow.Constant(0)).RetryPanics())
		},
		"on workers with a retry": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).AsyncMap(2, func(_ context.Context, v int) (int, error) { fail(); return v, nil }).
				Named("subject").OnError(flow.Retry(2, flow.Constant(0)).RetryPanics())
		},
		"below user code": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).FlatMap(one).Map(failingBy(fail)).Named("subject")
		},
		"below a policy": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).Map(identity).OnError(flow.Skip()).Map(failingBy(fail)).Named("subject")
		},
		"on workers": func(fail func()) flow.Flow[int] {
			return flow.Range(0, 9).AsyncMap(2, func(_ context.Context, v int) (int, error) { fail(); return v, nil }).Named("subject")
		},
	}
	for name, build := range stages {
		for way, u := range unwinding {
			for _, async := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s, boundary %v", way, name, async), func(t *testing.T) {
					f := build(u.fn)
					if async {
						f = f.Async(1)
					}
					opt, r := audited(t)
					returned := onItsOwn(func() { _ = f.Run(t.Context(), opt, quiet) })
					if returned == (u.exits && !async && !strings.Contains(name, "workers")) {
						t.Errorf("the caller's goroutine went on: %v", returned)
					}
					if failed := stageError(t, r.Cause); failed.Stage != "subject" || !strings.Contains(failed.Error(), u.wants) && !(u.exits && strings.Contains(failed.Error(), "runtime.Goexit")) {
						t.Errorf("Run() = %v, want an error of the stage that tells of %s", r.Cause, u.wants)
					}
				})
			}
		}
	}
}

func failingBy(fail func()) func(int) int { return func(v int) int { fail(); return v } }

func stopsAlways(context.Context, *flow.StageError) flow.Policy { return flow.Stop() }

// TestUnwind_isFollowedByTheNextItem where the policy goes on after a panic.
func TestUnwind_isFollowedByTheNextItem(t *testing.T) {
	for way, u := range unwinding {
		if u.exits {
			continue
		}
		t.Run(way, func(t *testing.T) {
			opt, r := audited(t)
			n, err := flow.Range(0, 9).Map(failingBy(u.fn)).OnError(flow.Skip()).Count(t.Context(), opt, quiet)
			if s := stageReport(t, r, "mapper"); n != 0 || err != nil || s.Failed != 9 {
				t.Errorf("Count() = %d, %v, books %+v", n, err, s)
			}
		})
	}
}

// unruly is an error one of whose methods panics.
type unruly struct{ method string }

func (e *unruly) call(method string) {
	if e.method == method {
		boom()
	}
}

func (e *unruly) Error() string  { e.call("Error"); return "unruly" }
func (e *unruly) Is(error) bool  { e.call("Is"); return false }
func (e *unruly) Unwrap() error  { e.call("Unwrap"); return nil }
func (e *unruly) As(any) bool    { e.call("As"); return false }
func (e *unruly) String() string { e.call("String"); return "unruly" }

// TestUnwind_ofAnErrorsMethods: what a user's error does must not escape the run.
func TestUnwind_ofAnErrorsMethods(t *testing.T) {
	for _, method := range []string{"Error", "Is", "Unwrap", "As"} {
		fails := &unruly{method}
		policies := map[string]flow.Policy{
			"Stop": flow.Stop(), "Skip": flow.Skip(), "Budget": flow.Budget(2), "Retry": flow.Retry(2, flow.Constant(0)),
			"DeadLetter": flow.DeadLetter(func(context.Context, flow.Letter[any]) error { return nil }),
		}
		for name, p := range policies {
			for where, s := range subjects() {
				if s.panics || name == "Retry" && (s.emits || s.bridged) {
					continue
				}
				t.Run(fmt.Sprint(method, " under ", name, " of ", where), func(t *testing.T) {
					opt, r := audited(t)
					c := failingFor(map[int]int{3: always})
					c.err = fails
					if err := s.job(flow.Range(0, 9), c, p).Run(t.Context(), opt, quiet); err != nil {
						_ = err.Error()
						_ = r.String()
						if failed := stageError(t, err); failed.Stage != "subject" {
							t.Errorf("Run() = %v", err)
						}
					}
				})
			}
		}
	}
}

// TestUnwind_ofPolicies: the failure that the policy was asked about is not lost.
func TestUnwind_ofPolicies(t *testing.T) {
	unwind := map[string]struct {
		fn  func()
		how string
	}{"panics": {boom, "boom"}, "ends its goroutine": {runtime.Goexit, "runtime.Goexit"}}
	for way, u := range unwind {
		policies := map[string]flow.Policy{
			"the function of Handle": flow.Handle(func(context.Context, *flow.StageError) flow.Policy { u.fn(); return flow.Skip() }),
			"a dead letter":          flow.DeadLetter(func(context.Context, flow.Letter[any]) error { u.fn(); return nil }),
			"If of a Retry":          flow.Retry(3, flow.Constant(0)).If(func(error) bool { u.fn(); return true }),
			"what follows a Budget":  flow.Budget(3).Then(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { u.fn(); return flow.Skip() })),
		}
		for name, p := range policies {
			for where, s := range subjects() {
				if strings.Contains(name, "Retry") && (s.emits || s.bridged || s.panics) {
					continue
				}
				t.Run(fmt.Sprint(name, " ", way, " for ", where), func(t *testing.T) {
					opt, r := audited(t)
					job := s.job(flow.Range(0, 9), failingFor(map[int]int{3: always}), p)
					_ = onItsOwn(func() { _ = job.Run(t.Context(), opt, quiet) })
					if !errors.Is(r.Cause, errPlanted) || !strings.Contains(r.Cause.Error(), u.how) {
						t.Errorf("Run() = %v, want the failure and what the policy did", r.Cause)
					}
					if s := stageReport(t, r, "subject"); s.Failed != 1 {
						t.Errorf("books %+v", s)
					}
				})
			}
		}
	}
}

// TestUnwind_ofItemFormat: the failure that could not be described is not lost, and its item
// counts once.
func TestUnwind_ofItemFormat(t *testing.T) {
	policies := map[string]flow.Policy{"Stop": flow.Stop(), "Skip": flow.Skip(), "Retry": flow.Retry(3, flow.Constant(0))}
	for name, p := range policies {
		for where, s := range subjects() {
			if name == "Retry" && (s.emits || s.bridged) || name == "Stop" && s.panics {
				continue // an item is out of reach of the format
			}
			t.Run(name+" of "+where, func(t *testing.T) {
				opt, r := audited(t)
				job := s.job(flow.Range(0, 9), failingFor(map[int]int{3: always}), p)
				format := flow.WithItemFormat(func(any) string { runtime.Goexit(); return "" })
				_ = onItsOwn(func() { _ = job.Run(t.Context(), opt, quiet, format) })
				if !errors.Is(r.Cause, errPlanted) || !strings.Contains(r.Cause.Error(), "runtime.Goexit") {
					t.Errorf("Run() = %v, want the failure and the Goexit", r.Cause)
				}
				if s := stageReport(t, r, "subject"); s.Failed != 1 {
					t.Errorf("books %+v", s)
				}
			})
		}
	}
}

// TestEmit_errorIsNoNews: what a source or a gatherer makes of the error that emit gave it.
func TestEmit_errorIsNoNews(t *testing.T) {
	errOwn := errors.New("its own")
	manners := map[string]func(error) error{
		"returns it":  func(err error) error { return err },
		"wraps it":    func(err error) error { return fmt.Errorf("wrapped: %w", err) },
		"rewrites it": func(err error) error { return errors.New(err.Error()) },
		"swallows it": func(error) error { return nil },
		"replaces it": func(error) error { return errOwn },
		"joins it":    func(err error) error { return errors.Join(errOwn, err) },
		"has enough":  func(error) error { return flow.ErrStop },
		"goes on":     nil,
	}
	for manner, result := range manners {
		emits := func(emit func(int) error, v int) error {
			err := emit(v)
			if result == nil {
				_ = emit(v)
				return nil
			}
			if err == nil {
				return nil
			}
			return result(err)
		}
		flows := map[string]flow.Flow[int]{
			"a function": flow.FromFunc(func(_ context.Context, emit func(int) error) error { return emits(emit, 1) }),
			"a source":   flow.From(source(func(_ context.Context, emit func(int) error) error { return emits(emit, 1) })),
			"a source of signals": flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
				return emits(out.Emit, 1)
			})),
			"a gatherer": flow.Of(1, 2).Gather(ops.NewGatherer(nil, func(_ *int, v int, emit func(int) error) error { return emits(emit, v) }, nil)),
			"the end of a gatherer": flow.Of(1, 2).Gather(ops.NewGatherer(nil, func(*int, int, func(int) error) error { return nil },
				func(_ *int, emit func(int) error) error { return emits(emit, 1) })),
		}
		for name, f := range flows {
			t.Run(name+" "+manner, func(t *testing.T) {
				err := f.TryMap(failsOn(1)).Run(t.Context(), audit(t))
				if failed := stageError(t, err); failed.Op != "TryMap" || err != error(failed) {
					t.Errorf("Run() = %v, want the failure of the stage below alone", err)
				}
			})
		}
	}
}

// TestEmit_afterItsFunctionHasReturned does nothing, and says so. Here it is called on the
// goroutine of its segment, which is the only one where that can be told for sure.
func TestEmit_afterItsFunctionHasReturned(t *testing.T) {
	var late func(int) error
	keep := func(_ context.Context, emit func(int) error) error {
		late = emit
		return emit(1)
	}
	signals := signals(func(ctx context.Context, out flow.Emitter[int]) error { return keep(ctx, out.Emit) })
	gatherer := ops.NewGatherer(nil, func(_ *int, v int, emit func(int) error) error { late = emit; return emit(v) }, nil)
	for name, f := range map[string]flow.Flow[int]{
		"a function":          flow.FromFunc(keep),
		"a source":            flow.From(source(keep)),
		"a source of signals": flow.FromSignals(signals),
		"a gatherer":          flow.Concat(flow.Of(1).Gather(gatherer)),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			got, failed := flow.Concat(f, flow.FromFunc(func(_ context.Context, emit func(int) error) error {
				err = late(2)
				return emit(3)
			})).Collect(t.Context(), audit(t))
			if diff := cmp.Diff([]int{1, 3}, got); failed != nil || diff != "" {
				t.Errorf("Collect() = %v, mismatch (-want +got):\n%s", failed, diff)
			}
			if err == nil || !strings.Contains(err.Error(), "after its function had returned") {
				t.Errorf("emit() = %v, want an error that says what was wrong", err)
			}
		})
	}
}

// TestPanicError_stack begins where the panic was, and has all that led there.
func TestPanicError_stack(t *testing.T) {
	where := map[string]struct {
		fn    func()
		first string
	}{
		"a call of panic":       {boom, "flow_test.boom("},
		"nil":                   {func() { _ = *(*int)(nil) }, "flow_test.TestPanicError_stack.func"},
		"an index out of range": {func() { var s []int; _ = s[len(s)] }, "flow_test.TestPanicError_stack.func"},
		"a second panic":        {again, "flow_test.again.func"},
		"panic(nil)":            {func() { panic(nil) }, "flow_test.TestPanicError_stack.func"},
	}
	flows := map[string]func(func()) flow.Flow[int]{
		"fused":         func(fn func()) flow.Flow[int] { return flow.Of(1).Map(failingBy(fn)) },
		"with a policy": func(fn func()) flow.Flow[int] { return flow.Of(1).Map(failingBy(fn)).OnError(flow.Handle(stopsAlways)) },
		"below a fence": func(fn func()) flow.Flow[int] { return flow.Of(1).FlatMap(one).Map(failingBy(fn)) },
		"on a worker": func(fn func()) flow.Flow[int] {
			return flow.Of(1).AsyncMap(1, func(_ context.Context, v int) (int, error) { fn(); return v, nil })
		},
		"a source": func(fn func()) flow.Flow[int] {
			return flow.FromFunc(func(context.Context, func(int) error) error { fn(); return nil })
		},
		"Close": func(fn func()) flow.Flow[int] {
			return flow.Of(1).Gather(&gatherPart{part{hook: callsIn("Close", fn)}})
		},
		"done of a barrier": func(fn func()) flow.Flow[int] { return barriered(func(error) { fn() }) },
	}
	for name, w := range where {
		for how, f := range flows {
			t.Run(name+" "+how, func(t *testing.T) {
				err := f(w.fn).Run(t.Context(), audit(t))
				p, ok := errors.AsType[*flow.PanicError](err)
				if !ok {
					t.Fatalf("Run() = %v, want a *PanicError", err)
				}
				lines := strings.Split(string(p.Stack), "\n")
				if !strings.HasPrefix(lines[0], "goroutine ") || !strings.Contains(lines[1], w.first) {
					t.Errorf("the stack does not begin with %s:\n%s", w.first, p.Stack)
				}
				if !strings.Contains(string(p.Stack), "flow_test.TestPanicError_stack") && how != "done of a barrier" || len(lines)%2 != 0 { // a head, pairs, and the end
					t.Errorf("the stack is not whole:\n%s", p.Stack)
				}
				if name == "a second panic" && !strings.Contains(string(p.Stack), "flow_test.boom(") {
					t.Errorf("the stack does not show the first panic:\n%s", p.Stack)
				}
			})
		}
	}
}

// again panics while it panics.
func again() {
	defer func() { panic(fmt.Sprint("again after ", recover())) }()
	boom()
}

func TestGoexit_keepsWhatEndedTheRunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := flow.FromFunc(func(context.Context, func(int) error) error {
			cancel(errBoom)
			runtime.Goexit()
			return nil
		}).Discard().Start(ctx).Wait()
		if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "Goexit") {
			t.Errorf("Wait() = %v, want the cause of the context and the Goexit", err)
		}
	})
}
