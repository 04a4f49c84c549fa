package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("take-last", never, ints(6), referenceTakeLast(2), ops.NewTakeLast[int](2), nil, randomInts))

var _ = misused(newMisuse("negative take last", "take-last: count must not be negative, got -1", ops.NewTakeLast[int](-1)))

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("take last ", n), ops.NewTakeLast[int](n), referenceTakeLast(n), false}
})

func referenceTakeLast(n int) func(...int) []int {
	return func(in ...int) []int { return in[max(0, len(in)-n):] }
}

func TestTakeLast(t *testing.T) {
	tests := []struct {
		name  string
		count int
		want  []int
	}{
		{"fewer than there are", 3, []int{8, 9, 10}},
		{"one", 1, []int{10}},
		{"all but one", 9, ints(10)[1:]},
		{"as many as there are", 10, ints(10)},
		{"more than there are", 1 << 40, ints(10)},
		{"nothing", 0, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, ints(10), func() ops.Processor[int, int] { return ops.NewTakeLast[int](tt.count) })
		})
	}
	bubble(t, "when the input has ended", func(t *testing.T) {
		in := script[int]{{0, ints(3)}, {20 * ms, []int{4}}, {30 * ms, nil}}
		checkScript(t, []stamped[int]{{50 * ms, 3}, {50 * ms, 4}}, in, func() ops.Processor[int, int] { return ops.NewTakeLast[int](2) })
	})
}

func TestTakeLastModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, n := randomInts(r), r.IntN(45)
		check(t, referenceTakeLast(n)(in...), in, func() ops.Processor[int, int] { return ops.NewTakeLast[int](n) })
	})
}

func TestTakeLastOfNothingReadsNothing(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, taken := offer(ctx, ints(3))
		wantClosed(t, ops.NewTakeLast[int](0).Process(ctx, in))
		if got := taken.Load(); got != 0 {
			t.Errorf("%d items were taken, want none", got)
		}
		cancel()
	})
}

func TestTakeLastBooks(t *testing.T) {
	want := flow.StageReport{Name: "take-last", Op: "TakeLast", In: 9, Passed: 3, Out: 3, Filtered: 6}
	wantBooks(t, want, flow.FromSlice(ints(9)).TakeLast(3))
	want = flow.StageReport{Name: "take-last", Op: "TakeLast", In: 9, Passed: 2, Out: 2, Filtered: 6, Held: 1}
	wantBooks(t, want, flow.FromSlice(ints(9)).TakeLast(3).Take(2))
}

func TestTakeLastCancel(t *testing.T) {
	bubble(t, "what is held is dropped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewTakeLast[int](3).Process(ctx, filled(ints(9)...))
		settle()
		cancel()
		wantClosed(t, out)
	})
	bubble(t, "at the end, between two items", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := func(n int) {
			if n == 8 {
				cancel(errCause)
			}
		}
		var r flow.Report
		got, err := flow.FromSlice(ints(9)).TakeLast(3).Tap(stop).Collect(ctx, flow.WithReport(&r))
		if err != errCause || len(got) > 2 || !r.Balanced() {
			t.Errorf("got %v, error %v, want two items at most and the cause\n%v", got, err, r)
		}
		if want, got := int64(1), r.Stages[1].Held; got != want {
			t.Errorf("Held is %d, want %d\n%v", got, want, r)
		}
	})
}

// witness is a processor that passes all on and notes it.
type witness struct{ diary []string }

func (w *witness) Name() string { return "witness" }

func (w *witness) Process(context.Context, <-chan int) <-chan int { panic("not fused") }

func (w *witness) note(format string, args ...any) {
	w.diary = append(w.diary, fmt.Sprintf(format, args...))
}

func (w *witness) Kernel() kernel.Spec[int, int] {
	return kernel.Spec[int, int]{
		Self: w, Name: "witness", Op: "Witness", Books: kernel.Mapped,
		Start: func(_ *kernel.Stage, down kernel.Port[int]) kernel.Port[int] {
			return kernel.Port[int]{
				Push: func(n int) error {
					w.note("item %d", n)
					return down.Push(n)
				},
				Signal: func(sig kernel.Signal) error {
					if sig.Kind == kernel.Watermark {
						w.note("watermark %d", sig.Time.Unix())
					}
					return down.Signal(sig)
				},
			}
		},
	}
}

// markedNumbers is a source of numbers with a watermark and a barrier behind each.
type markedNumbers struct {
	w *witness
	n int
}

func (m markedNumbers) Stream(_ context.Context, out flow.Emitter[int]) error {
	for n := range m.n {
		m.w.note("emit %d", n)
		if err := out.Emit(n); err != nil {
			return err
		}
		if err := out.Watermark(time.Unix(int64(n), 0)); err != nil {
			return err
		}
		if err := out.Barrier(func(error) { m.w.note("barrier %d", n) }); err != nil {
			return err
		}
	}
	return nil
}

// Signals wait for the items before them, which have been discarded or emitted then, and
// keep their order.
func TestTakeLastHoldsSignals(t *testing.T) {
	w := new(witness)
	var r flow.Report
	err := flow.FromSignals(markedNumbers{w, 4}).TakeLast(2).Then(w).Run(t.Context(), flow.WithReport(&r))
	if err != nil || !r.Balanced() {
		t.Errorf("error %v\n%v", err, r)
	}
	want := []string{
		"emit 0", "emit 1",
		"emit 2", "watermark 0", "barrier 0",
		"emit 3", "watermark 1", "barrier 1",
		"item 2", "watermark 2", "barrier 2",
		"item 3", "watermark 3", "barrier 3",
	}
	if diff := cmp.Diff(want, w.diary); diff != "" {
		t.Errorf("diary mismatch (-want +got):\n%s", diff)
	}
}

// Of many watermarks the last one is kept.
func TestTakeLastHoldsOneWatermark(t *testing.T) {
	w := new(witness)
	src := signals(func(out flow.Emitter[int]) error {
		if err := out.Emit(1); err != nil {
			return err
		}
		for n := range 100 {
			if err := out.Watermark(time.Unix(int64(n), 0)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := flow.FromSignals(src).TakeLast(2).Then(w).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"item 1", "watermark 99"}, w.diary); diff != "" {
		t.Errorf("diary mismatch (-want +got):\n%s", diff)
	}
}
