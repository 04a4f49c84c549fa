package ops_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("unbatcher", 1, [][]int{{1, 2}, nil, {3}, {}, {4, 5}}, slices.Concat[[]int], ops.NewUnbatcher[int](), nil, randomSlices))

func TestUnbatcher(t *testing.T) {
	tests := []struct {
		name string
		want []int
		in   [][]int
	}{
		{"slices of many lengths", ints(6), [][]int{{1, 2, 3}, {4, 5}, {}, {6}}},
		{"empty and nil slices", nil, [][]int{{}, nil, {}}},
		{"one large slice", ints(1000), [][]int{ints(1000)}},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[[]int, int] { return ops.NewUnbatcher[int]() })
		})
	}
}

func TestUnbatcherOnlyReadsItsSlices(t *testing.T) {
	bubble(t, "spare capacity", func(t *testing.T) {
		in := append(make([]int, 0, 10), 1, 2)
		collect(ops.NewUnbatcher[int]().Process(t.Context(), feed(in, in)))
		if diff := cmp.Diff([]int{1, 2, 0, 0}, in[:4]); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestUnbatcherCancel(t *testing.T) {
	bubble(t, "between two elements of a slice", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewUnbatcher[int]().Process(ctx, filled(ints(3)))
		wantNext(t, out)
		settle()
		cancel()
		wantClosed(t, out)
	})
	bubble(t, "in a run of empty slices", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in := make(chan []int)
		go func() {
			for ctx.Err() == nil {
				select {
				case in <- nil:
				case <-ctx.Done():
				}
			}
		}()
		out := ops.NewUnbatcher[int]().Process(ctx, in)
		cancel()
		wantClosed(t, out)
	})
	bubble(t, "in a flow the slice is held", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var r flow.Report
		stop := func(n int) {
			if n == 2 {
				cancel(errCause)
			}
		}
		got, err := flow.Of(ints(3), ints(3)).Then(ops.NewUnbatcher[int]()).Tap(stop).Collect(ctx, flow.WithReport(&r))
		if err != errCause || len(got) > 2 || !r.Balanced() {
			t.Errorf("got %v, error %v, want two items at most and the cause\n%v", got, err, r)
		}
		if want, got := int64(1), r.Stages[1].Held; got != want {
			t.Errorf("Held is %d, want %d\n%v", got, want, r)
		}
	})
}

func TestUnbatcherUndoesBatcher(t *testing.T) {
	bubble(t, "of every size", func(t *testing.T) {
		for size := range 12 {
			batches := slices.Collect(slices.Chunk(ints(10), size+1))
			check(t, ints(10), batches, func() ops.Processor[[]int, int] { return ops.NewUnbatcher[int]() })
		}
	})
}
