package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("take", 1, ints(6), referenceTake[int](3), ops.NewTake[int](3), nil, randomInts))

var _ = misused(newMisuse("negative take", "take: count must not be negative, got -1", ops.NewTake[int](-1)))

var _ = chained(
	func(n int, before func()) link {
		return link{fmt.Sprint("take ", n), ops.NewTake[int](n), referenceTake[int](n), false}
	},
	func(n int, before func()) link {
		return link{fmt.Sprint("take and drain ", n), ops.NewTake[int](n).WithDrain(), referenceTake[int](n), false}
	},
)

func TestTake(t *testing.T) {
	tests := []struct {
		name  string
		count int
		want  []int
	}{
		{"fewer than there are", 3, ints(3)},
		{"as many as there are", 10, ints(10)},
		{"more than there are", 11, ints(10)},
		{"one", 1, ints(1)},
		{"nothing", 0, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, ints(10), func() ops.Processor[int, int] { return ops.NewTake[int](tt.count) })
		})
		bubble(t, tt.name+", draining", func(t *testing.T) {
			check(t, tt.want, ints(10), func() ops.Processor[int, int] { return ops.NewTake[int](tt.count).WithDrain() })
		})
	}
}

func TestTakeModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), r.IntN(45)
		check(t, referenceTake[int](n)(in...), in, func() ops.Processor[int, int] { return ops.NewTake[int](n) })
	})
}

func TestTakeRegressions(t *testing.T) {
	bubble(t, "take-closes-late", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewTake[int](2).Process(t.Context(), in)
		for i := range 2 {
			in <- i
			wantNext(t, out)
		}
		wantClosed(t, out) // no third item, and the input is still open
	})
	bubble(t, "take-drains-forever", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(1000))
		want := ints(3)
		got := collect(ops.NewTake[int](3).Process(ctx, in))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		settle()
		if want, got := int64(3), taken.Load(); got != want {
			t.Errorf("%d items were taken, want %d", got, want)
		}
		cancel()
	})
	bubble(t, "a count of nothing reads nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(3))
		wantClosed(t, ops.NewTake[int](0).Process(ctx, in))
		if got := taken.Load(); got != 0 {
			t.Errorf("%d items were taken, want none", got)
		}
		cancel()
	})
}

func TestTakeWithDrain(t *testing.T) {
	bubble(t, "lets a producer finish that knows no context", func(t *testing.T) {
		in, produced := make(chan int), make(chan struct{})
		go func() {
			defer close(produced)
			defer close(in)
			for i := range 10 {
				in <- i
			}
		}()
		out := ops.NewTake[int](2).WithDrain().Process(t.Context(), in)
		if diff := cmp.Diff([]int{0, 1}, collect(out)); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		<-produced
	})
	bubble(t, "closes its output before it drains", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewTake[int](1).WithDrain().Process(t.Context(), in)
		in <- 1
		wantNext(t, out)
		wantClosed(t, out)
		in <- 2 // discarded
		close(in)
	})
	bubble(t, "stops draining with the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wantClosed(t, ops.NewTake[int](0).WithDrain().Process(ctx, make(chan int)))
		cancel() // the bubble sees what is left
	})
	bubble(t, "leaves its receiver alone", func(t *testing.T) {
		p := ops.NewTake[int](1)
		_ = p.WithDrain()
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(5))
		collect(p.Process(ctx, in))
		settle()
		if want, got := int64(1), taken.Load(); got != want {
			t.Errorf("%d items were taken, want %d", got, want)
		}
		cancel()
	})
}

// In a flow the end travels upstream.
func TestTakeStopsTheSource(t *testing.T) {
	bubble(t, "endless source", func(t *testing.T) {
		emits, stopped := 0, false
		endless := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for {
				emits++
				if err := emit(emits); err != nil {
					stopped = err == ops.ErrStop
					return err
				}
			}
		})
		var r flow.Report
		got, err := endless.Then(ops.NewTake[int](3)).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff(ints(3), got); diff != "" || err != nil {
			t.Errorf("Collect() error %v, mismatch (-want +got):\n%s", err, diff)
		}
		if emits != 3 || !stopped || !r.Balanced() {
			t.Errorf("%d emits, stopped with ErrStop: %t, want 3, true\n%v", emits, stopped, r)
		}
	})
}
