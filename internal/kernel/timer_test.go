package kernel_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// timed attaches a stage with timers: wire arms them, and may use them on each item.
func timed(seg *kernel.Segment, c clock.Clock, down kernel.Port[int], start func(s *kernel.Stage, down kernel.Port[int]) func(v int)) (*kernel.Segment, kernel.Port[int]) {
	spec := kernel.Spec[int, int]{Name: "timed", Op: "Timed", Timed: true, Clock: c, Books: kernel.Mapped}
	spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
		on := start(s, down)
		return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
			on(v)
			return down.Push(v)
		}}
	}
	return kernel.Attach(seg, kernel.Site{}, spec, down)
}

// emitEvery is a source of n items, one each period, the first after one period.
func emitEvery(period time.Duration, n int) func(context.Context, kernel.Outlet[int]) error {
	return func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range n {
			time.Sleep(period)
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		time.Sleep(period)
		return nil
	}
}

// TestTimer_firesOnTimeInOrder: timers of one segment share one alarm, and each still
// fires at its own deadline, before an item that is ready at the same moment.
func TestTimer_firesOnTimeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var got []string
		note := func(what string) { got = append(got, fmt.Sprintf("%s at %v", what, time.Since(begin))) }
		run := newRun(t.Context(), clock.Real())
		seg, down := sink(run, func(v int) error { note(fmt.Sprint("item ", v)); return nil }, ignore)
		seg, down = timed(seg, nil, down, func(s *kernel.Stage, _ kernel.Port[int]) func(int) {
			timer := func(name string) *kernel.Timer {
				return s.Timer(func() error { note(name); return nil })
			}
			late, early, never, again := timer("late"), timer("early"), timer("never"), timer("again")
			return func(v int) {
				switch v {
				case 0: // at 10ms
					late.Reset(25 * time.Millisecond)
					never.Reset(5 * time.Millisecond)
					never.Stop()
					early.Reset(10 * time.Millisecond) // with item 1
				case 2: // at 30ms
					again.Reset(time.Millisecond)
					again.Reset(20 * time.Millisecond) // with item 4
				}
			}
		})
		feed(seg, down, emitEvery(10*time.Millisecond, 5))
		execute(t, run, nil)
		want := []string{
			"item 0 at 10ms", "early at 20ms", "item 1 at 20ms", "item 2 at 30ms", "late at 35ms",
			"item 3 at 40ms", "again at 50ms", "item 4 at 50ms",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestTimer_ownClock: two stages that live by clocks of their own do not share a
// segment, and each fires by its own.
func TestTimer_ownClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := clock.NewFake(), clock.NewFake()
		fired := make(chan string, 2)
		run := newRun(t.Context(), clock.Real())
		seg, down := sink(run, func(int) error { return nil }, ignore)
		for name, c := range map[string]clock.Clock{"one": one, "other": other} {
			seg, down = timed(seg, c, down, func(s *kernel.Stage, _ kernel.Port[int]) func(int) {
				timer := s.Timer(func() error { fired <- name; return nil })
				return func(int) { timer.Reset(time.Second) }
			})
		}
		end := make(chan struct{})
		feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
			err := out.Emit(0)
			<-end
			return err
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			execute(t, run, nil)
		}()
		synctest.Wait()
		one.Advance(time.Second)
		if got := <-fired; got != "one" {
			t.Errorf("the timer of %q fired, want that of one", got)
		}
		other.Advance(time.Second)
		if got := <-fired; got != "other" {
			t.Errorf("the timer of %q fired, want that of the other", got)
		}
		close(end)
		<-done
	})
}

// TestTimer_mayEndTheStream: what a timer's function returns is treated as a push's.
func TestTimer_mayEndTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		run := newRun(t.Context(), clock.Real())
		seg, down := sink(run, func(int) error { return nil }, ignore)
		seg, down = timed(seg, nil, down, func(s *kernel.Stage, down kernel.Port[int]) func(int) {
			timer := s.Timer(func() error { return s.Enough(down.Signal) })
			return func(int) { timer.Reset(time.Minute) }
		})
		feed(seg, down, func(ctx context.Context, out kernel.Outlet[int]) error {
			if err := out.Emit(0); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})
		execute(t, run, nil)
		if got := time.Since(begin); got != time.Minute {
			t.Errorf("the run ended after %v, want a minute", got)
		}
	})
}

// TestTimer_watch: of the timers of a segment that waits for room, those that watch fire on
// time. The others fire when the wait is over, and are on time again after that.
func TestTimer_watch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var got []string
		note := func(what string) { got = append(got, fmt.Sprintf("%s at %v", what, time.Since(begin))) }
		run := newRun(t.Context(), clock.Real())
		seg, down := slowSink(run, func(int) error { time.Sleep(10 * time.Second); return nil }, ignore)
		seg, down = kernel.Boundary(seg, 1, down)
		seg, down = timed(seg, nil, down, func(s *kernel.Stage, _ kernel.Port[int]) func(int) {
			var look *kernel.Timer
			look = s.Watch(func() error {
				note("look")
				look.Reset(4 * time.Second)
				return nil
			})
			timer := func(name string) *kernel.Timer {
				return s.Timer(func() error { note(name); return nil })
			}
			early, late := timer("early"), timer("late")
			return func(v int) {
				note(fmt.Sprint("item ", v))
				if v == 0 {
					look.Reset(4 * time.Second)
					early.Reset(5 * time.Second)
					late.Reset(15 * time.Second)
				}
			}
		})
		feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
			for i := range 3 {
				if err := out.Emit(i); err != nil {
					return err
				}
			}
			time.Sleep(17 * time.Second)
			return nil
		})
		execute(t, run, nil)
		want := []string{
			"item 0 at 0s", "item 1 at 0s", "item 2 at 0s", "look at 4s", "look at 8s", "early at 10s",
			"look at 12s", "late at 15s", "look at 16s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestTimer_watchKeepsTheMark: a watching timer fires in the midst of another stage's item,
// and a panic after that is still blamed on the stage that panics.
func TestTimer_watchKeepsTheMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		run := newRun(t.Context(), clock.Real())
		seg, down := slowSink(run, func(int) error { time.Sleep(10 * time.Second); return nil }, ignore)
		seg, down = kernel.Boundary(seg, 1, down)
		seg, down = timed(seg, nil, down, func(s *kernel.Stage, _ kernel.Port[int]) func(int) {
			look := s.Watch(func() error { looks++; return nil })
			return func(int) { look.Reset(time.Second) }
		})
		spec := kernel.Spec[int, int]{Name: "late", Op: "Late", Calls: kernel.CallsFunc, Books: kernel.Mapped}
		spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
			mark := s.Mark()
			return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
				mark.Enter()
				if err := down.Push(v); err != nil || v < 2 {
					return err
				}
				panic("after the wait")
			}}
		}
		policy := new(skipping)
		seg, down = kernel.Attach(seg, kernel.Site{Policy: &kernel.Policy{Start: func() kernel.Decider { return policy.decide }}}, spec, down)
		feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
			for i := range 3 {
				if err := out.Emit(i); err != nil {
					return err
				}
			}
			return nil
		})
		_ = run.Execute()
		if looks == 0 {
			t.Error("the timer did not fire in the wait")
		}
		if len(policy.stages) != 1 || policy.stages[0] != "late" {
			t.Errorf("failures of %v, want one of late", policy.stages)
		}
	})
}

// skipping notes whose items fail and goes on.
type skipping struct{ stages []string }

func (p *skipping) decide(_ context.Context, f *kernel.Fault, _ error) kernel.Verdict {
	p.stages = append(p.stages, f.Stage.Name())
	return kernel.Verdict{Action: kernel.Skip}
}
