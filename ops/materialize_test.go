package ops_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("materialize", 1, ints(6), referenceMaterialize[int], ops.NewMaterialize[int](), nil, randomInts))

var _ = chained(func(n int, _ func()) link {
	value := func(v ops.Notification[int]) int {
		if v.End {
			return n
		}
		return v.Item
	}
	reference := func(in ...int) []int { return referenceMap(value)(referenceMaterialize(in...)...) }
	return link{"materialize", flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Materialize().Map(value) }), reference, false}
})

func referenceMaterialize[T any](in ...T) (out []ops.Notification[T]) {
	for _, v := range in {
		out = append(out, ops.Notification[T]{Item: v})
	}
	return append(out, ops.Notification[T]{End: true})
}

func materialize() ops.Processor[int, ops.Notification[int]] { return ops.NewMaterialize[int]() }

func TestMaterialize(t *testing.T) {
	bubble(t, "the end follows the items when it comes", func(t *testing.T) {
		in := script[int]{{0, []int{1}}, {5 * ms, []int{0}}, {5 * ms, nil}}
		want := []stamped[ops.Notification[int]]{{0, ops.Notification[int]{Item: 1}}, {5 * ms, ops.Notification[int]{}}, {10 * ms, ops.Notification[int]{End: true}}}
		checkScript(t, want, in, materialize)
	})
	bubble(t, "empty input", func(t *testing.T) {
		check(t, []ops.Notification[int]{{End: true}}, nil, materialize)
	})
}

func TestMaterializeModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		check(t, referenceMaterialize(in...), in, materialize)
	})
}

// Nobody may take a stream that was cut off for one that has ended.
func TestMaterializeTellsNoEndThatDidNotCome(t *testing.T) {
	bubble(t, "cancel", func(t *testing.T) {
		got, row := cutOff(t, ops.NewMaterialize[int](), ints(2)...)
		if diff := cmp.Diff([]ops.Notification[int]{{Item: 1}, {Item: 2}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		wantCounts(t, flow.StageReport{In: 2, Passed: 2, Out: 2}, row)
	})
	bubble(t, "a failure above", func(t *testing.T) {
		above := flow.FromSlice(ints(3)).Call(func(_ context.Context, n int) (int, error) {
			if n == 2 {
				return 0, errBoom
			}
			return n, nil
		})
		var got []ops.Notification[int]
		err := above.Materialize().Tap(func(n ops.Notification[int]) { got = append(got, n) }).Run(t.Context())
		if diff := cmp.Diff([]ops.Notification[int]{{Item: 1}}, got); diff != "" || err == nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "an early stop below", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Range(0, 9).Materialize().Take(1).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]ops.Notification[int]{{Item: 0}}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

// The notification of the end may be the last that is wanted.
func TestMaterializeAboveATakeThatEndsWithTheEnd(t *testing.T) {
	var r flow.Report
	got, err := flow.Of(1).Materialize().Take(2).Collect(t.Context(), flow.WithReport(&r))
	if diff := cmp.Diff([]ops.Notification[int]{{Item: 1}, {End: true}}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	wantCounts(t, flow.StageReport{In: 1, Passed: 1, Out: 2}, r.Stages[1])
}
