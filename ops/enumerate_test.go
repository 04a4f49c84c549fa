package ops_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("enumerate", 1, ints(6), referenceEnumerate[int], ops.NewEnumerate[int](), nil, randomInts))

var _ = chained(func(int, func()) link {
	place := func(v ops.Indexed[int]) int { return v.Item + int(v.Index) }
	reference := func(in ...int) []int { return referenceMap(place)(referenceEnumerate(in...)...) }
	return link{"enumerate", flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Enumerate().Map(place) }), reference, false}
})

func referenceEnumerate[T any](in ...T) (out []ops.Indexed[T]) {
	for i, v := range in {
		out = append(out, ops.Indexed[T]{Index: int64(i), Item: v})
	}
	return out
}

func TestEnumerate(t *testing.T) {
	bubble(t, "from 0", func(t *testing.T) {
		want := []ops.Indexed[string]{{0, "a"}, {1, "b"}, {2, "a"}}
		check(t, want, []string{"a", "b", "a"}, func() ops.Processor[string, ops.Indexed[string]] { return ops.NewEnumerate[string]() })
	})
}

func TestEnumerateModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		check(t, referenceEnumerate(in...), in, func() ops.Processor[int, ops.Indexed[int]] { return ops.NewEnumerate[int]() })
	})
}

// It numbers the items that come to it, and not those of the source.
func TestEnumerateBehindAFilter(t *testing.T) {
	got, err := flow.Range(0, 6).Filter(even).Enumerate().Collect(t.Context())
	if diff := cmp.Diff([]ops.Indexed[int]{{0, 0}, {1, 2}, {2, 4}}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
}
