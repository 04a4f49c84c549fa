package flow_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// TestLeakCheck_everyCallback starts a goroutine in each kind of user function and leaves it
// behind.
func TestLeakCheck_everyCallback(t *testing.T) {
	places := func(leak func()) map[string]flow.Job {
		jobs, begun := callbacks(1, leak), 0
		jobs["barrier"] = barriered(func(error) {
			if leak != nil {
				leak()
			}
		}).Named("acts").Async(1).Tap(func(int) {}).Discard()
		jobs["build"] = flow.Restart(flow.RestartPolicy{Max: 1, OnEnd: true, If: func(error) bool { return false }}, func() flow.Flow[int] {
			if begun++; begun == 2 {
				leak()
			}
			return flow.Range(0, 1)
		}).Named("acts").Take(2).Discard()
		return jobs
	}
	for name := range places(nil) {
		for how, spawn := range map[string]func(func()){
			"child":            func(fn func()) { go fn() },
			"child of a child": func(fn func()) { go func() { go fn() }() },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					free := make(chan struct{})
					defer close(free)
					opt, r := audited(t)
					job := places(func() { spawn(func() { <-free }) })[name]
					err := job.Run(t.Context(), flow.WithLeakCheck(), opt, quiet)
					found, ok := errors.AsType[*flow.LeakError](err)
					if !ok || len(found.Leaks) != 1 {
						t.Fatalf("got %v", err)
					}
					if l := found.Leaks[0]; !strings.HasSuffix("/"+l.Stage, "/acts") || l.Count != 1 || !strings.Contains(l.Stack, "TestLeakCheck_everyCallback") {
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
