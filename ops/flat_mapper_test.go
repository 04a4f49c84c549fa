package ops_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("flat-mapper", 1, ints(5), referenceFlatMap(twice), flatMapper(func() {}), flatMapper, randomInts))

var _ = misused(newMisuse("flat-mapper without function", "flat-mapper: function must not be nil", ops.NewFlatMapper[int, int](nil)))

var _ = chained(func(n int, before func()) link {
	return link{"flat-map", flatMapper(before), referenceFlatMap(twice), true}
})

func TestFlatMapper(t *testing.T) {
	bubble(t, "words of lines", func(t *testing.T) {
		check(t, []string{"a", "b", "c"}, []string{"a b", "", "c"}, func() ops.Processor[string, string] {
			return ops.NewFlatMapper(strings.FieldsSeq)
		})
	})
	bubble(t, "a nil sequence gives nothing", func(t *testing.T) {
		none := func(int) iter.Seq[int] { return nil }
		check(t, nil, ints(3), func() ops.Processor[int, int] { return ops.NewFlatMapper(none) })
	})
}

// upTo gives 0 to n-1.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestFlatMapperModel(t *testing.T) {
	trials(t, 5, func(t *testing.T, r *rand.Rand) {
		in := randomInts(r)
		check(t, referenceFlatMap(upTo)(in...), in, func() ops.Processor[int, int] { return ops.NewFlatMapper(upTo) })
	})
}

func TestFlatMapperCancel(t *testing.T) {
	bubble(t, "stops the sequence", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stopped := false
		endless := func(int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for yield(1) {
					continue
				}
				stopped = true
			}
		}
		out := ops.NewFlatMapper(endless).Process(ctx, feed(1, 2))
		wantNext(t, out)
		settle()
		cancel()
		wantClosed(t, out)
		if !stopped {
			t.Error("the sequence was not stopped")
		}
	})
	bubble(t, "a sequence that does not stop sends nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stubborn := func(int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := range 100 {
					yield(i)
				}
			}
		}
		out := ops.NewFlatMapper(stubborn).Process(ctx, feed(1, 2))
		settle()
		cancel()
		wantClosed(t, out)
	})
}

func TestFlatMapperEndsEarly(t *testing.T) {
	bubble(t, "behind it a take", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Of(5, 5).Then(ops.NewFlatMapper(upTo)).Take(3).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{0, 1, 2}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

func TestFlatMapperKeepsWhatItGaveBeforeAPanic(t *testing.T) {
	p := ops.NewFlatMapper(func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			yield(n)
			if n == 2 {
				panic(errBoom)
			}
			yield(-n)
		}
	})
	var r flow.Report
	got, err := flow.FromSlice(ints(3)).Then(p).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
	if diff := cmp.Diff([]int{1, -1, 2, 3, -3}, got); diff != "" || err != nil || !r.Balanced() {
		t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
	}
	want := flow.StageReport{Name: "flat-mapper", Op: "FlatMap", In: 3, Passed: 2, Out: 5, Failed: 1}
	stage := r.Stages[1]
	stage.At, stage.Busy = "", 0
	if diff := cmp.Diff(want, stage); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

// A sequence may not swallow the panic of a stage below by recovering.
func TestFlatMapperCannotRecoverForOthers(t *testing.T) {
	p := ops.NewFlatMapper(func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			defer func() { _ = recover() }()
			yield(n)
		}
	})
	var r flow.Report
	f := flow.FromSeq(slices.Values(ints(2))).Then(p).Then(mapper(deliberatePanic))
	_, err := f.Collect(t.Context(), flow.WithReport(&r))
	if err == nil || !strings.HasPrefix(err.Error(), "mapper (Then") && !strings.HasPrefix(err.Error(), "mapper (Map") || !r.Balanced() {
		t.Errorf("Collect() error = %v, want the mapper's panic\n%v", err, r)
	}
}
