package ops_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("default-if-empty", 1, ints(4), referenceDefault(7), ops.NewDefaultIfEmpty(7), nil, randomInts))

var _ = chained(func(n int, before func()) link {
	return link{"default if empty", ops.NewDefaultIfEmpty(n), referenceDefault(n), true}
})

func referenceDefault(v int) func(...int) []int {
	return func(in ...int) []int {
		if len(in) == 0 {
			return []int{v}
		}
		return in
	}
}

func TestDefaultIfEmpty(t *testing.T) {
	tests := []struct {
		name     string
		in, want []int
	}{
		{"an empty input gives the default", nil, []int{7}},
		{"an item is enough", ints(1), ints(1)},
		{"also the zero one", []int{0}, []int{0}},
		{"many items", ints(9), ints(9)},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewDefaultIfEmpty(7) })
		})
	}
	bubble(t, "the default comes when the input ends", func(t *testing.T) {
		in := script[int]{{50 * ms, nil}}
		checkScript(t, []stamped[int]{{50 * ms, 7}}, in, func() ops.Processor[int, int] { return ops.NewDefaultIfEmpty(7) })
	})
}

func TestDefaultIfEmptyBooks(t *testing.T) {
	want := flow.StageReport{Name: "default-if-empty", Op: "DefaultIfEmpty", Out: 1}
	wantBooks(t, want, flow.Empty[int]().DefaultIfEmpty(7))
	want = flow.StageReport{Name: "default-if-empty", Op: "DefaultIfEmpty", In: 3, Passed: 3, Out: 3}
	wantBooks(t, want, flow.FromSlice(ints(3)).DefaultIfEmpty(7))
}

// The end may come from a stage above that needs no more, and the default may be all that a
// stage below needs.
func TestDefaultIfEmptyBetweenEarlyEnds(t *testing.T) {
	got, err := flow.Repeat(1).Take(0).DefaultIfEmpty(7).Take(1).DefaultIfEmpty(8).Collect(t.Context())
	if diff := cmp.Diff([]int{7}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}

// What failed or was cut off is not empty.
func TestDefaultIfEmptyOnlyAtAnEnd(t *testing.T) {
	got, err := flow.Fail[int](errBoom).DefaultIfEmpty(7).Collect(t.Context())
	if len(got) > 0 || err == nil {
		t.Errorf("got %v, error %v of a source that fails, want nothing and its error", got, err)
	}
	bubble(t, "no default after a cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := ops.NewDefaultIfEmpty(7).Process(ctx, make(chan int))
		settle()
		cancel()
		wantClosed(t, out)
	})
}
