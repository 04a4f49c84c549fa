package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// sampler is a function as an Observer that wants every call timed.
type sampler func(flow.Event)

func (s sampler) Observe(e flow.Event) { s(e) }
func (s sampler) Every() int           { return 1 }

// eventful is a job that has everything happen that observers hear of, if it is drained for
// a second after half a minute.
func eventful() flow.Job {
	begun := 0
	fails := func(v int) (int, error) {
		if v == 1 && begun == 1 {
			return 0, errBoom
		}
		return v, nil
	}
	return flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 1}, func() flow.Flow[int] {
		begun++
		return flow.Range(0, 20).TryMap(fails).Named("first")
	}).Async(2).ForEach(func(ctx context.Context, v int) error {
		if v == 5 {
			<-ctx.Done()
		}
		return ctx.Err()
	}).Named("store")
}

// play runs the eventful job to its end and gives what Wait does.
func play(t *testing.T, opts ...flow.Option) error {
	running := eventful().Start(t.Context(), append(opts, quiet, flow.WithWatchdog(10*time.Second))...)
	time.Sleep(30 * time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() { _ = running.Drain(ctx) }() // an observer may end the goroutine
	select {
	case <-running.Done():
		return running.Wait()
	case <-time.After(time.Hour):
		running.Stop(nil)
		return errors.New("the run does not end")
	}
}

func TestObserver_hearsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events journal
		err := play(t, flow.WithObserver(sampler(func(e flow.Event) { events.note("%T", e) })))
		var kinds []string
		for _, kind := range events.all() {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
		want := []string{
			"flow.RunStarted", "flow.CallTimed", "flow.ItemFailed", "flow.Restarted", "flow.Stalled", "flow.PhaseChanged",
			"flow.DrainMissed", "flow.RunEnded",
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if _, ok := errors.AsType[*flow.DrainError](err); !ok {
			t.Errorf("Wait: %v", err)
		}
	})
}

func TestObserver_thatFailsEndsTheRun(t *testing.T) {
	for _, kind := range []string{"RunStarted", "CallTimed", "ItemFailed", "Restarted", "Stalled", "PhaseChanged", "DrainMissed", "RunEnded"} {
		for how, fail := range map[string]func(){"panic": boom, "Goexit": runtime.Goexit} {
			t.Run(kind+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					opt, _ := audited(t)
					err := play(t, opt, flow.WithObserver(sampler(func(e flow.Event) {
						if fmt.Sprintf("%T", e) == "flow."+kind {
							fail()
						}
					})))
					if failed := observerError(err); failed == nil || errors.Is(failed, errBoom) != (how == "panic") {
						t.Errorf("Wait: %v", err)
					}
					if kind == "DrainMissed" && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Wait: %v, want the end of the drain's context too", err)
					}
				})
			})
		}
	}
}

// observerError finds the error of the observer among those that were joined.
func observerError(err error) error {
	switch e := err.(type) {
	case *flow.StageError:
		if e.Stage == "observer" {
			return e
		}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			if found := observerError(err); found != nil {
				return found
			}
		}
	case interface{ Unwrap() error }:
		return observerError(e.Unwrap())
	}
	return nil
}

func TestPhaseChanged_notBackwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var phases []flow.Phase
		hear := flow.ObserverFunc(func(e flow.Event) {
			if e, ok := e.(flow.PhaseChanged); ok {
				phases = append(phases, e.Phase)
			}
		})
		release := make(chan struct{})
		running := counting().ForEach(func(context.Context, int) error {
			<-release
			return nil
		}).Start(t.Context(), flow.WithObserver(hear))
		running.Pause()
		running.Resume()
		time.Sleep(time.Minute)
		go func() { _ = running.Drain(t.Context()) }()
		synctest.Wait()
		running.Pause() // too late
		running.Resume()
		close(release)
		if err := running.Wait(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]flow.Phase{flow.Paused, flow.Active, flow.Draining}, phases); diff != "" {
			t.Errorf("phases (-want +got):\n%s", diff)
		}
	})
}
