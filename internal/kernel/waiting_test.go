package kernel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// retractInto attaches a stage in front of down that takes back what it can before each item.
func retractInto(seg *kernel.Segment, down kernel.Port[int], lost func(int)) (*kernel.Segment, kernel.Port[int]) {
	seg, down, retract := kernel.Retracting(seg, down)
	spec := kernel.Spec[int, int]{Name: "retract", Op: "Retract", Books: kernel.Selected}
	spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
		last := 0
		return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
			s.In++
			if retract() {
				s.Passed--
				s.Dropped++
				lost(last)
			}
			s.Passed++
			last = v
			return down.Push(v)
		}}
	}
	return kernel.Attach(seg, kernel.Site{}, spec, down)
}

// TestRetracting_signalsKeepTheirPlace: what arrives is what was sent, in order, without the
// items that were taken back.
func TestRetracting_signalsKeepTheirPlace(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) { mixThrough(t, fmt.Sprint("seed ", seed), seed, retractInto) })
	}
}

// TestCombining_signalsComeBehind: when a barrier arrives, what was made of all items before
// it has, and nothing is lost.
func TestCombining_signalsComeBehind(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) { combineMix(t, seed) })
	}
}

func combineMix(t *testing.T, seed uint64) {
	produce, consume := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	const items = 100
	var got []int
	before := make([]int, items) // how many items were sent before each barrier
	sent, pushes, arrived := 0, 0, 0
	run := newRun(t.Context(), clock.Real())
	seg, down := slowSink(run,
		func(v int) error {
			pause(consume)
			pushes++
			for len(got) < v { // an item is the number of the last one in it
				got = append(got, len(got)+1)
			}
			return nil
		},
		func(sig kernel.Signal) error {
			if sig.Kind == kernel.Barrier {
				if len(got) < before[arrived] {
					t.Errorf("seed %d: barrier %d came behind %d items, want %d", seed, arrived, len(got), before[arrived])
				}
				arrived++
			}
			return nil
		})
	seg, down, combine := kernel.Combining(seg, down)
	spec := kernel.Spec[int, int]{Name: "combine", Op: "Combine"}
	spec.Start = func(s *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
		return kernel.Port[int]{Signal: down.Signal, Push: func(v int) error {
			s.In++
			s.Passed++
			if !combine(v, func(acc, next int) int { pause(produce); return max(acc, next) }) {
				s.Out++
			}
			return nil
		}}
	}
	seg, down = kernel.Attach(seg, kernel.Site{}, spec, down)
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range items {
			pause(produce)
			if produce.IntN(5) == 0 {
				before[sent] = i
				sent++
				if err := out.Barrier(func(error) {}); err != nil {
					return err
				}
			}
			if err := out.Emit(i + 1); err != nil {
				return err
			}
		}
		return nil
	})
	execute(t, run, nil)
	if diff := cmp.Diff([]int{items, sent}, []int{len(got), arrived}); diff != "" {
		t.Errorf("seed %d: items and barriers mismatch (-want +got):\n%s", seed, diff)
	}
	if pushes == items {
		t.Errorf("seed %d: no item was merged", seed)
	}
}
