package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("start-with", 0, ints(4), referenceStart(8, 9), ops.NewStartWith(8, 9), nil, randomInts).opening(2))

var _ = chained(func(n int, before func()) link {
	return link{"start with", ops.NewStartWith(ints(n)...), referenceStart(ints(n)...), true}
})

func referenceStart(first ...int) func(...int) []int {
	return func(in ...int) []int { return slices.Concat(first, in) }
}

func TestStartWith(t *testing.T) {
	tests := []struct {
		name            string
		first, in, want []int
	}{
		{"its own items come first", []int{8, 9}, ints(2), []int{8, 9, 1, 2}},
		{"an empty input", []int{8, 9}, nil, []int{8, 9}},
		{"none of its own", nil, ints(2), ints(2)},
		{"nothing at all", nil, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewStartWith(tt.first...) })
		})
	}
	bubble(t, "they do not wait for the input", func(t *testing.T) {
		in := script[int]{{50 * ms, []int{1}}, {20 * ms, nil}}
		want := []stamped[int]{{0, 8}, {0, 9}, {50 * ms, 1}}
		checkScript(t, want, in, func() ops.Processor[int, int] { return ops.NewStartWith(8, 9) })
	})
}

func TestStartWithModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		first, in := randomInts(r), randomInts(r)
		check(t, referenceStart(first...)(in...), in, func() ops.Processor[int, int] { return ops.NewStartWith(first...) })
	})
}

func TestStartWithBooks(t *testing.T) {
	want := flow.StageReport{Name: "start-with", Op: "StartWith", In: 3, Passed: 3, Out: 5}
	wantBooks(t, want, flow.FromSlice(ints(3)).StartWith(8, 9))
}

// TestStartWithAmongOthers: stages that begin with the run, and others of the same kind.
func TestStartWithAmongOthers(t *testing.T) {
	type numbers = flow.Flow[int]
	source := flow.FromSlice(ints(2))
	tests := []struct {
		name string
		f    numbers
		want []int
	}{
		{"two of them", source.StartWith(8).StartWith(9), []int{9, 8, 1, 2}},
		{"below a Take of none", source.Take(0).StartWith(8), []int{8}},
		{"above a Take of none", source.StartWith(8).Take(0), nil},
		{"above a Take of one", source.StartWith(8, 9).Take(1), []int{8}},
		{"between boundaries", source.Async(1).StartWith(8, 9, 10).Async(1), []int{8, 9, 10, 1, 2}},
		{"in front of a chunk", flow.Unbatch(source.StartWith(8).Chunk(2)), []int{8, 1, 2}},
		{"in each of several", flow.Concat(source.StartWith(8), source.StartWith(9)), []int{8, 1, 2, 9, 1, 2}},
		{"around several", flow.Concat(source.StartWith(8).Take(1), source).StartWith(9), []int{9, 8, 1, 2}},
		{"behind workers", source.AsyncMap(2, func(_ context.Context, n int) (int, error) { return n, nil }).StartWith(8), []int{8, 1, 2}},
		{"in a sub-flow", source.Then(flow.Pipe(func(f numbers) numbers { return f.StartWith(8) })), []int{8, 1, 2}},
		{"over channels", source.Then(bridged[int, int]{ops.NewStartWith(8)}), []int{8, 1, 2}},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			var r flow.Report
			got, err := tt.f.Collect(t.Context(), flow.WithReport(&r))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil || !r.Balanced() {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
		})
	}
}

// A source of which nothing is needed is not even begun.
func TestStartWithMayBeEnough(t *testing.T) {
	begun := false
	source := flow.FromFunc(func(context.Context, func(int) error) error {
		begun = true
		return nil
	})
	got, err := source.StartWith(8, 9).Take(2).Collect(t.Context())
	if diff := cmp.Diff([]int{8, 9}, got); diff != "" || err != nil || begun {
		t.Errorf("error %v, the source was begun: %t, mismatch (-want +got):\n%s", err, begun, diff)
	}
}

// A failure below is that of the stage below, and what was not emitted is not counted.
func TestStartWithAboveAFailure(t *testing.T) {
	failing := flow.FromSlice(ints(2)).StartWith(8, 9).Map(func(n int) int { panic(errBoom) })
	var r flow.Report
	_, err := failing.Collect(t.Context(), flow.WithReport(&r))
	failed, ok := errors.AsType[*flow.StageError](err)
	if !ok || failed.Stage != "mapper" || !r.Balanced() || r.Stages[1].Out != 1 {
		t.Errorf("error %v, want one of the mapper after one item\n%v", err, r)
	}
	want := flow.StageReport{Name: "start-with", Op: "StartWith", In: 2, Passed: 2, Out: 4}
	wantBooks(t, want, failing.OnError(flow.Skip()))
}

func TestStartWithCancel(t *testing.T) {
	bubble(t, "between two of its own items", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := func(n int) {
			if n == 2 {
				cancel(errCause)
			}
		}
		var r flow.Report
		got, err := flow.FromSlice(ints(2)).StartWith(ints(9)...).Tap(stop).Collect(ctx, flow.WithReport(&r))
		if err != errCause || len(got) > 2 || !r.Balanced() || r.Stages[1].Out != 2 {
			t.Errorf("got %v, error %v, want two items at most and the cause\n%v", got, err, r)
		}
	})
	bubble(t, "while one waits for its receiver", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewStartWith(ints(9)...).Process(ctx, make(chan int))
		wantNext(t, out)
		settle()
		cancel()
		wantClosed(t, out)
	})
}

// A stage above has begun when the first items come, however long they wait.
func TestStartWithDoesNotHoldUpTheStart(t *testing.T) {
	bubble(t, "of a Monitor above", func(t *testing.T) {
		r := now()
		sink := func(context.Context, int) error {
			time.Sleep(1500 * ms)
			return nil
		}
		if err := flow.FromSlice(ints(1)).Monitor(sec, r.tell).StartWith(8, 9, 10).Async(1).ForEach(sink).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The last of the first items waits until 1.5s, and then that of the input.
		want := []report{{At: sec}, {At: 2 * sec, Stalled: 500 * ms}}
		if diff := cmp.Diff(want, r.all[:min(2, len(r.all))]); diff != "" {
			t.Errorf("reports mismatch (-want +got):\n%s", diff)
		}
	})
}

// The processor keeps what it was made with.
func TestStartWithKeepsItsItems(t *testing.T) {
	first := []int{8, 9}
	f := flow.Empty[int]().StartWith(first...)
	first[0] = 0
	got, err := f.Collect(t.Context())
	if diff := cmp.Diff([]int{8, 9}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

// TestStartWithBelowWhatTakesNothing: that ends the flow before its source begins, and yet these
// items come first.
func TestStartWithBelowWhatTakesNothing(t *testing.T) {
	above := map[string]flow.Flow[int]{
		"take":          flow.Repeat(1).Take(0),
		"take last":     flow.Repeat(1).TakeLast(0),
		"take weighted": flow.Repeat(1).TakeWeighted(0, size),
	}
	for name, f := range above {
		t.Run(name, func(t *testing.T) {
			got, err := f.StartWith(8, 9).Collect(t.Context())
			if diff := cmp.Diff([]int{8, 9}, got); diff != "" || err != nil {
				t.Errorf("Collect() mismatch (-want +got):\n%s, %v", diff, err)
			}
		})
	}
}
