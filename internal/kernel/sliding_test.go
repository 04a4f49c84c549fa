package kernel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// slideInto attaches a stage in front of down that offers its items to a sliding queue.
func slideInto(seg *kernel.Segment, size int, down kernel.Port[int], lost func(int)) (*kernel.Segment, kernel.Port[int]) {
	seg, down, offer := kernel.Sliding(seg, size, down)
	spec := kernel.Spec[int, int]{Name: "slide", Op: "Slide", Books: kernel.Selected}
	spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
		return kernel.Port[int]{Signal: down.Signal, Push: kernel.Losing(s, offer, lost)}
	}
	return kernel.Attach(seg, kernel.Site{}, spec, down)
}

// TestSliding_signalsKeepTheirPlace sends a random mix, with random pauses on both sides:
// what arrives is what was sent, in order, without the items that were lost.
func TestSliding_signalsKeepTheirPlace(t *testing.T) {
	for size := 1; size <= 5; size++ {
		for seed := range uint64(30) {
			name := fmt.Sprintf("size %d, seed %d", size, seed)
			slide := func(seg *kernel.Segment, down kernel.Port[int], lost func(int)) (*kernel.Segment, kernel.Port[int]) {
				return slideInto(seg, size, down, lost)
			}
			synctest.Test(t, func(t *testing.T) { mixThrough(t, name, seed, slide) })
		}
	}
}

// losing attaches a stage in front of down that tells which items it loses.
type losing func(seg *kernel.Segment, down kernel.Port[int], lost func(int)) (*kernel.Segment, kernel.Port[int])

func mixThrough(t *testing.T, name string, seed uint64, attach losing) {
	produce, consume := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	var sent, got []string
	lost := make(map[string]bool)
	run := newRun(t.Context(), clock.Real())
	seg, down := slowSink(run,
		func(v int) error {
			pause(consume)
			got = append(got, fmt.Sprint(v))
			return nil
		},
		func(sig kernel.Signal) error {
			got = append(got, fmt.Sprint(sig.Kind, " ", sig.ID))
			return nil
		})
	seg, down = attach(seg, down, func(v int) { lost[fmt.Sprint(v)] = true })
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
		barriers := 0
		for i := range 100 {
			pause(produce)
			if produce.IntN(5) == 0 {
				barriers++
				sent = append(sent, fmt.Sprint("barrier ", barriers))
				if err := out.Barrier(func(error) {}); err != nil {
					return err
				}
			}
			sent = append(sent, fmt.Sprint(i))
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		return nil
	})
	execute(t, run, nil)
	want := slices.DeleteFunc(append(sent, "end 0"), func(s string) bool { return lost[s] })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: order mismatch (-want +got):\n%s", name, diff)
	}
	if len(lost) == 0 || lost["99"] {
		t.Errorf("%s: lost %v, want some but the last", name, lost)
	}
}

// TestSliding_boundsItsSignals: items are lost, barriers are not, so that those have to
// wait.
func TestSliding_boundsItsSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, arrived := 0, 0
		stuck, done := make(chan struct{}), make(chan struct{})
		run := newRun(t.Context(), clock.Real())
		seg, down := slowSink(run, func(int) error { <-stuck; return nil }, ignore)
		seg, down = slideInto(seg, 1, down, func(int) {})
		feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
			for i := range 200 {
				if err := out.Emit(i); err != nil {
					return err
				}
				time.Sleep(time.Millisecond)
				if err := out.Barrier(func(err error) {
					if err == nil {
						arrived++
					}
				}); err != nil {
					return err
				}
				sent++
			}
			return nil
		})
		go func() {
			defer close(done)
			execute(t, run, nil)
		}()
		time.Sleep(time.Second)
		synctest.Wait()
		if sent != 64 {
			t.Errorf("%d barriers wait behind one item, want 64", sent)
		}
		close(stuck)
		<-done
		if arrived != 200 {
			t.Errorf("%d of 200 barriers arrived", arrived)
		}
	})
}
