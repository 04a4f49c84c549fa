package ops_test

import (
	"slices"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("flatten", 1, [][]int{{1, 2}, nil, {3}, {}, {4, 5}}, slices.Concat[[]int], ops.NewFlatten[int](), nil, randomSlices))

func TestFlatten(t *testing.T) {
	tests := []struct {
		name string
		want []int
		in   [][]int
	}{
		{"slices of many lengths", ints(6), [][]int{{1, 2, 3}, {4, 5}, {}, {6}}},
		{"empty and nil slices", nil, [][]int{{}, nil, {}}},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[[]int, int] { return ops.NewFlatten[int]() })
		})
	}
}

func TestFlattenBooks(t *testing.T) {
	want := flow.StageReport{Name: "flatten", Op: "Flatten", In: 3, Passed: 3, Out: 3}
	wantBooks(t, want, flow.Of([]int{1, 2}, nil, []int{3}).Then(ops.NewFlatten[int]()))
}
