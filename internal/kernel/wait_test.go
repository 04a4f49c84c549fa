package kernel_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// pausing attaches a stage that waits for d before it passes an item on, and holds the
// item if the wait is cut short.
func pausing(seg *kernel.Segment, c clock.Clock, d time.Duration, down kernel.Port[int]) (*kernel.Segment, kernel.Port[int]) {
	spec := kernel.Spec[int, int]{Name: "pause", Op: "Pause", Blocks: true, Clock: c, Books: kernel.Mapped}
	spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
		return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
			if err := s.Wait(d); err != nil {
				s.Held++
				return err
			}
			return down.Push(v)
		}}
	}
	return kernel.Attach(seg, kernel.Site{}, spec, down)
}

// burst is a source of n items at once.
func burst(n int) func(context.Context, kernel.Outlet[int]) error {
	return func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range n {
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestWait_paces(t *testing.T) {
	for name, d := range map[string]time.Duration{"no time": 0, "less than no time": -1, "a second": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var got []time.Duration
				run := newRun(t.Context(), clock.Real())
				seg, down := sink(run, func(int) error { got = append(got, time.Since(begin)); return nil }, ignore)
				seg, down = pausing(seg, nil, d, down)
				feed(seg, down, burst(3))
				execute(t, run, nil)
				step := max(d, 0)
				if diff := cmp.Diff([]time.Duration{step, 2 * step, 3 * step}, got); diff != "" {
					t.Errorf("times mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWait_byTheStagesClock: two stages that share a segment wait by a clock each.
func TestWait_byTheStagesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		begin := time.Now()
		var got time.Duration
		run := newRun(t.Context(), clock.Real())
		seg, down := sink(run, func(int) error { got = time.Since(begin); return nil }, ignore)
		seg, down = pausing(seg, nil, time.Minute, down)
		seg, down = pausing(seg, fake, time.Hour, down)
		feed(seg, down, burst(1))
		go func() {
			time.Sleep(time.Second)
			fake.Advance(time.Hour)
		}()
		execute(t, run, nil)
		if want := time.Second + time.Minute; got != want {
			t.Errorf("the item came after %v, want %v", got, want)
		}
	})
}

// TestWait_endsWithTheSegment: the end outranks a wait that is over in the same moment, and
// no timer is left armed.
func TestWait_endsWithTheSegment(t *testing.T) {
	errQuit := errors.New("quit")
	for name, after := range map[string]time.Duration{"before": 0, "in the wait": time.Second, "with the timer": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := clock.NewFake()
				ctx, cancel := context.WithCancelCause(t.Context())
				run := newRun(ctx, fake)
				got := 0
				seg, down := sink(run, func(int) error { got++; return nil }, ignore)
				seg, down = pausing(seg, nil, time.Minute, down)
				feed(seg, down, burst(2))
				go func() {
					if after > 0 {
						synctest.Wait()
						fake.Advance(after - 1)
						cancel(errQuit)
						fake.Advance(1)
					}
				}()
				if after == 0 {
					cancel(errQuit)
				}
				execute(t, run, errQuit)
				if got != 0 {
					t.Errorf("%d items passed, want none", got)
				}
				if n := fake.Waiters(); n != 0 {
					t.Errorf("%d timers are armed, want none", n)
				}
			})
		})
	}
}

// TestWait_allocatesNothing after the first.
func TestWait_allocatesNothing(t *testing.T) {
	run := newRun(t.Context(), clock.Real())
	seg, down := sink(run, func(int) error { return nil }, ignore)
	seg, down = pausing(seg, nil, 1, down)
	var allocs float64
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
		var err error
		allocs = testing.AllocsPerRun(100, func() { err = errors.Join(err, out.Emit(0)) })
		return err
	})
	execute(t, run, nil)
	if allocs != 0 {
		t.Errorf("%v allocations a wait, want none", allocs)
	}
}
