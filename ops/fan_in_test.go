package ops_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(named("FanIn", newSubject("fanin", 1, ints(6), referenceMap(same), oneIn[int]{ops.NewFanIn[int]()}, nil, randomInts)))

func TestFanInGivesTheItemsOfAll(t *testing.T) {
	for inputs := range 5 {
		bubble(t, fmt.Sprint(inputs, " inputs"), func(t *testing.T) {
			var ins []<-chan int
			var want []int
			for i := range inputs {
				items := []int{10 * i, 10*i + 1, 10*i + 2}
				in, _ := offer(t.Context(), items)
				ins, want = append(ins, in), append(want, items...)
			}
			got := collect(ops.NewFanIn[int]().Process(t.Context(), ins...))
			for i := range inputs {
				of := slices.DeleteFunc(slices.Clone(got), func(v int) bool { return v/10 != i })
				if !slices.IsSorted(of) {
					t.Errorf("the items of input %d came as %v", i, of)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("items, sorted, mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFanInWaitsForTheSlowInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, _ := offer(t.Context(), ints(10))
		slow := script[int]{{time.Second, []int{20}}, {time.Second, []int{21}}, {time.Second, []int{22}}}.send(t.Context(), virtualTime())
		if n := len(collect(ops.NewFanIn[int]().Process(t.Context(), fast, slow))); n != 13 {
			t.Errorf("%d items came, want 13", n)
		}
	})
}

// Whoever has waited longest is next.
func TestFanInIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ins []<-chan int
		for i := range 3 {
			in, _ := offer(ctx, slices.Repeat([]int{i}, 1000))
			ins = append(ins, in)
		}
		out := ops.NewFanIn[int]().Process(ctx, ins...)
		counts := make(map[int]int)
		for range 300 {
			counts[wantNext(t, out)]++
		}
		if diff := cmp.Diff(map[int]int{0: 100, 1: 100, 2: 100}, counts); diff != "" {
			t.Errorf("items of the inputs mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestFanInEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewFanIn[int]().Process(ctx, feed[int](), make(chan int), filled(1))
		wantNext(t, out)
		wantOpen(t, out)
		cancel()
		wantClosed(t, out)
	})
}

func TestFanInRegressions(t *testing.T) {
	t.Run("fanin-nil-input", func(t *testing.T) {
		got := thrown(func() { ops.NewFanIn[int]().Process(t.Context(), feed(1), nil) })
		want := any(&ops.ConfigError{Stage: "fanin", Field: "input channel", Want: "must not be nil"})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("panic mismatch (-want +got):\n%s", diff)
		}
	})
}
