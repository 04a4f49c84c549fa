package flow_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// TestLeakCheck_everyCallback starts a goroutine in each kind of user function and leaves it
// behind.
func TestLeakCheck_everyCallback(t *testing.T) {
	places := map[string]func(leak func()) flow.Job{
		"Map": func(leak func()) flow.Job {
			return flow.Range(0, 1).Map(func(v int) int { leak(); return v }).Named("leaky").Discard()
		},
		"Filter": func(leak func()) flow.Job {
			return flow.Range(0, 1).Filter(func(int) bool { leak(); return true }).Named("leaky").Discard()
		},
		"Scan": func(leak func()) flow.Job {
			return flow.Range(0, 1).Scan(0, func(int, int) int { leak(); return 0 }).Named("leaky").Discard()
		},
		"FlatMap": func(leak func()) flow.Job {
			return flow.Range(0, 1).FlatMap(func(int) iter.Seq[int] { leak(); return func(func(int) bool) {} }).Named("leaky").Discard()
		},
		"Call": func(leak func()) flow.Job {
			return flow.Range(0, 1).Map(identity).Call(func(context.Context, int) (int, error) { leak(); return 0, nil }).Named("leaky").Map(identity).Discard()
		},
		"worker": func(leak func()) flow.Job {
			return flow.Range(0, 1).AsyncMap(2, func(context.Context, int) (int, error) { leak(); return 0, nil }).Named("leaky").Discard()
		},
		"key function": func(leak func()) flow.Job {
			return flow.Range(0, 1).AsyncMapKeyed(2, func(int) int { leak(); return 0 }, func(context.Context, int) (int, error) { return 0, nil }).Named("leaky").Discard()
		},
		"source": func(leak func()) flow.Job {
			return flow.FromFunc(func(_ context.Context, emit func(int) error) error { defer leak(); return emit(1) }).Named("leaky").Map(identity).Discard()
		},
		"sequence": func(leak func()) flow.Job {
			return flow.FromSeq(func(func(int) bool) { leak() }).Named("leaky").Discard()
		},
		"Poll": func(leak func()) flow.Job {
			return flow.Poll(time.Second, func(context.Context) (int, error) { leak(); return 0, flow.ErrStop }).Named("leaky").Discard()
		},
		"handler": func(leak func()) flow.Job {
			return flow.Range(0, 1).TryMap(func(int) (int, error) { return 0, errBoom }).
				OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy { leak(); return flow.Skip() })).Named("leaky").Discard()
		},
		"letter": func(leak func()) flow.Job {
			return flow.Range(0, 1).TryMap(func(int) (int, error) { return 0, errBoom }).
				OnError(flow.DeadLetter(func(context.Context, ops.Letter[any]) error { leak(); return nil })).Named("leaky").Discard()
		},
		"Start": func(leak func()) flow.Job {
			return flow.Range(0, 1).Then(ops.Gather(&gatherPart{deafAt("Start", leak)})).Named("leaky").Discard()
		},
		"Push": func(leak func()) flow.Job {
			return flow.Range(0, 1).Then(ops.Gather(&gatherPart{deafAt("Push", leak)})).Named("leaky").Discard()
		},
		"End": func(leak func()) flow.Job {
			return flow.Range(0, 1).Then(ops.Gather(&gatherPart{deafAt("End", leak)})).Named("leaky").Discard()
		},
		"Close": func(leak func()) flow.Job {
			return flow.Range(0, 1).Then(ops.Gather(&gatherPart{deafAt("Close", leak)})).Named("leaky").Discard()
		},
		"Open": func(leak func()) flow.Job { return flow.Range(0, 1).To(&sinkPart{deafAt("Open", leak)}).Named("leaky") },
		"Put":  func(leak func()) flow.Job { return flow.Range(0, 1).To(&sinkPart{deafAt("Put", leak)}).Named("leaky") },
		"Flush": func(leak func()) flow.Job {
			return flow.Range(0, 1).To(&sinkPart{deafAt("Flush", leak)}).Named("leaky")
		},
		"a sink with workers": func(leak func()) flow.Job {
			return flow.Range(0, 1).AsyncForEach(3, func(context.Context, int) error { leak(); return nil }).Named("leaky")
		},
		"foreign": func(leak func()) flow.Job {
			return flow.Range(0, 1).Then(foreign(func(ctx context.Context, in <-chan int, out chan<- int) { leak() })).Named("leaky").Discard()
		},
		"inside a Restart": func(leak func()) flow.Job {
			return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
				return flow.Range(0, 1).Map(func(v int) int { leak(); return v }).Named("leaky")
			}).Named("r").Discard()
		},
		"build": func(leak func()) flow.Job {
			begun := 0
			return flow.Restart(flow.RestartPolicy{Max: 1, OnEnd: true, If: func(error) bool { return false }}, func() flow.Flow[int] {
				if begun++; begun == 2 {
					leak()
				}
				return flow.Range(0, 1)
			}).Named("leaky").Take(2).Discard()
		},
		"release": func(leak func()) flow.Job {
			return flow.Using(func(context.Context) (int, error) { return 1, nil }, func(int, error) error { leak(); return nil },
				func(int) flow.Flow[int] { return flow.Range(0, 1).Named("inner") }).Named("leaky").Discard()
		},
	}
	for name, job := range places {
		for how, spawn := range map[string]func(func()){
			"child":            func(fn func()) { go fn() },
			"child of a child": func(fn func()) { go func() { go fn() }() },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					free := make(chan struct{})
					defer close(free)
					opt, r := audited(t)
					err := job(func() { spawn(func() { <-free }) }).Run(t.Context(), flow.WithLeakCheck(), opt, quiet)
					found, ok := errors.AsType[*flow.LeakError](err)
					if !ok || len(found.Leaks) != 1 {
						t.Fatalf("got %v", err)
					}
					if l := found.Leaks[0]; !strings.HasSuffix("/"+l.Stage, "/leaky") || l.Count != 1 || !strings.Contains(l.Stack, "TestLeakCheck_everyCallback") {
						t.Errorf("%d of %q:\n%s", l.Count, l.Stage, l.Stack)
					}
					if diff := cmp.Diff(found.Leaks, r.Leaks); diff != "" || r.Cause != err {
						t.Errorf("the report says %v (-error +report):\n%s", r.Cause, diff)
					}
				})
			})
		}
	}
}

func TestLeakCheck_nothingLeft(t *testing.T) {
	for name, job := range shapes() {
		t.Run(name, func(t *testing.T) {
			if err := job().Run(t.Context(), flow.WithLeakCheck(), audit(t), quiet); err != nil && name != "nested" {
				t.Error(err)
			}
		})
	}
}

// TestLeakCheck_soonEnough has goroutines that end a moment after their run.
func TestLeakCheck_soonEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := flow.Range(0, 3).Tap(func(int) { go time.Sleep(50 * time.Millisecond) }).Run(t.Context(), flow.WithLeakCheck(), audit(t))
		if err != nil {
			t.Error(err)
		}
	})
}

func TestLeakCheck_besideAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		defer close(free)
		err := flow.Range(0, 3).TryMap(func(int) (int, error) { go func() { <-free }(); return 0, errBoom }).Run(t.Context(), flow.WithLeakCheck(), audit(t))
		if _, ok := errors.AsType[*flow.LeakError](err); !ok || !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		if failed, ok := err.(interface{ Unwrap() []error }); !ok || !errors.Is(failed.Unwrap()[0], errBoom) {
			t.Errorf("the failure is not the first: %v", err)
		}
	})
}

// TestLeakCheck_tellsRunsApart runs two flows at once, of which one leaks.
func TestLeakCheck_tellsRunsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		defer close(free)
		leaky := flow.Range(0, 3).Tap(func(int) { go func() { <-free }() }).Named("leaky").Discard().Start(t.Context(), flow.WithLeakCheck(), audit(t))
		clean := flow.Range(0, 3).Call(func(context.Context, int) (int, error) { time.Sleep(time.Second); return 0, nil }).Discard().Start(t.Context(), flow.WithLeakCheck(), audit(t))
		if found, ok := errors.AsType[*flow.LeakError](leaky.Wait()); !ok || len(found.Leaks) != 1 || found.Leaks[0].Count != 3 {
			t.Errorf("the one that leaks: %v", leaky.Wait())
		}
		if err := clean.Wait(); err != nil {
			t.Errorf("the other: %v", err)
		}
	})
}

// TestLeakCheck_runInside has a whole run in a user function: its goroutines are none of the
// outer run's.
func TestLeakCheck_runInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := flow.Range(0, 3).Call(func(ctx context.Context, n int) (int, error) {
			got, err := flow.Range(0, n).AsyncMap(3, func(_ context.Context, v int) (int, error) { return v, nil }).Count(ctx, flow.WithLeakCheck())
			return int(got), err
		}).Run(t.Context(), flow.WithLeakCheck(), audit(t))
		if err != nil {
			t.Error(err)
		}
	})
}

func TestLeakError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		defer close(free)
		err := flow.Range(0, 3).Tap(func(int) { go func() { <-free }() }).Named("leaky").Run(t.Context(), flow.WithLeakCheck())
		if text := err.Error(); !strings.HasPrefix(text, "goroutines left behind: 3 of leaky in flow_test.TestLeakError.") || !strings.Contains(text, "flow/leak_test.go:") {
			t.Error(text)
		}
	})
}
