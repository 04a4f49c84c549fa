package ops_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("sort-within", 3, []int{2, 1, 4, 3, 6, 5}, referenceSortWithin(2, cmp.Compare[int]), ops.NewSortWithin(2, cmp.Compare[int]), nil, randomInts))

var _ = misused(
	newMisuse("sort within no places", "sort-within: places must be between 1 and 1<<30, got 0", ops.NewSortWithin(0, cmp.Compare[int])),
	newMisuse("sort without function", "sort-within: function must not be nil", ops.NewSortWithin[int](1, nil)),
)

var _ = chained(func(n int, before func()) link {
	compare := func(a, b int) int {
		before()
		return cmp.Compare(a, b)
	}
	return link{fmt.Sprint("sort within ", n+1), ops.NewSortWithin(n+1, compare), referenceSortWithin(n+1, cmp.Compare[int]), false}
})

// referenceSortWithin keeps a list in order.
func referenceSortWithin[T any](n int, compare func(a, b T) int) func(...T) []T {
	return func(in ...T) (out []T) {
		var held []T
		for _, v := range in {
			held = append(held, v)
			slices.SortStableFunc(held, compare)
			if len(held) > n {
				out = append(out, held[0])
				held = held[1:]
			}
		}
		return append(out, held...)
	}
}

func byTens(a, b int) int { return a/10 - b/10 }

func TestSortWithin(t *testing.T) {
	tests := map[string]struct {
		n        int
		in, want []int
	}{
		"neighbours":                    {1, []int{2, 1, 3, 5, 4}, []int{1, 2, 3, 4, 5}},
		"three places":                  {3, []int{4, 3, 2, 1, 8, 7, 6, 5}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"too late":                      {1, []int{2, 3, 1, 4}, []int{2, 1, 3, 4}},
		"fewer than places":             {9, []int{3, 1, 2}, []int{1, 2, 3}},
		"the last one too late":         {2, []int{3, 4, 5, 1}, []int{3, 1, 4, 5}},
		"sorted already":                {3, ints(8), ints(8)},
		"nothing":                       {3, nil, nil},
		"equal ones keep their order":   {2, []int{31, 32, 30, 33}, []int{31, 32, 30, 33}},
		"equal ones among smaller ones": {2, []int{31, 21, 32, 22, 33, 11}, []int{21, 22, 31, 11, 32, 33}},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return ops.NewSortWithin(tt.n, byTensThenOnes(tt.in)) })
		})
	}
}

// byTensThenOnes compares numbers by their tens, if there are any.
func byTensThenOnes(in []int) func(a, b int) int {
	if len(in) > 0 && slices.Max(in) > 9 {
		return byTens
	}
	return cmp.Compare[int]
}

// TestSortWithinModel: of random inputs with many equal items.
func TestSortWithinModel(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		n, in := 1+r.IntN(20), randomInts(r)
		check(t, referenceSortWithin(n, byTens)(in...), in, func() ops.Processor[int, int] { return ops.NewSortWithin(n, byTens) })
	})
}

// TestSortWithin_sorts what is out of order by no more than its places.
func TestSortWithin_sorts(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		n, in := 1+r.IntN(20), ints(300)
		for i := 0; i+n < len(in); i += n + 1 { // no item leaves its block of n+1
			block := in[i : i+n+1]
			r.Shuffle(len(block), func(a, b int) { block[a], block[b] = block[b], block[a] })
		}
		got, err := flow.FromSlice(in).SortWithin(n, cmp.Compare).Collect(t.Context())
		if diff := gocmp.Diff(ints(300), got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestSortWithin_panics: an item whose comparison panics is skipped, and the order of the
// others does not suffer.
func TestSortWithin_panics(t *testing.T) {
	trials(t, 60, func(t *testing.T, r *rand.Rand) {
		n, in, calls := 1+r.IntN(9), r.Perm(r.IntN(40)), 0
		var skipped []int
		compare := func(a, b int) int {
			if calls++; r.IntN(8) == 0 {
				panic(errBoom)
			}
			return byTens(a, b)
		}
		ended := errors.New("ended")
		source := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for _, v := range in {
				if err := emit(v); err != nil {
					return err
				}
			}
			return ended // so that nothing is sorted at the end
		})
		var got []int
		var report flow.Report
		policy := flow.DeadLetters(func(_ context.Context, l ops.Letter[int]) error {
			skipped = append(skipped, l.Item)
			return nil
		})
		err := source.SortWithin(n, compare).OnError(policy).Tap(func(v int) { got = append(got, v) }).
			Run(t.Context(), flow.WithReport(&report), flow.WithLogger(discard))
		if !errors.Is(err, ended) || !report.Balanced() {
			t.Fatalf("error %v, report\n%v", err, report)
		}
		s, _ := report.Stage("sort-within")
		if want := int64(len(in) - len(got) - len(skipped)); s.Held != want || s.DeadLettered != int64(len(skipped)) {
			t.Errorf("%d items held and %d lettered, want %d and %d", s.Held, s.DeadLettered, want, len(skipped))
		}
		want := referenceSortWithin(n, byTens)(slices.DeleteFunc(slices.Clone(in), func(v int) bool { return slices.Contains(skipped, v) })...)
		if diff := gocmp.Diff(orNil(want[:len(got)]), orNil(got)); diff != "" {
			t.Errorf("of %v without %v: mismatch (-want +got):\n%s", in, skipped, diff)
		}
	})
}

// TestSortWithin_panicsAtTheEnd: that concerns no item, and what is held stays so.
func TestSortWithin_panicsAtTheEnd(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		last := false
		compare := func(a, b int) int {
			if last {
				panic(errBoom)
			}
			return cmp.Compare(a, b)
		}
		source := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			defer func() { last = true }()
			for _, v := range []int{3, 2, 1} {
				if err := emit(v); err != nil {
					return err
				}
			}
			return nil
		})
		var report flow.Report
		err := source.SortWithin(5, compare).OnError(flow.Skip()).Run(t.Context(), flow.WithReport(&report), flow.WithLogger(discard))
		if s, _ := report.Stage("sort-within"); !errors.Is(err, errBoom) || s.Held != 3 || !report.Balanced() {
			t.Errorf("error %v, want %v; report\n%v", err, errBoom, report)
		}
	})
}

// TestSortWithin_signals: a barrier sends what is held, and a watermark waits for the items
// before it, without waiting for ever.
func TestSortWithin_signals(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var got []string
		source := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
			emit := func(items ...int) {
				for _, v := range items {
					_ = out.Emit(v)
				}
			}
			_ = out.Watermark(time.Unix(0, 0)) // goes down at once
			emit(2, 1)
			_ = out.Watermark(time.Unix(1, 0)) // behind 2
			emit(9, 3)
			_ = out.Watermark(time.Unix(2, 0)) // gives way to the next
			emit(4)
			_ = out.Watermark(time.Unix(3, 0)) // behind 9
			emit(5, 6, 8)
			_ = out.Barrier(func(err error) { got = append(got, fmt.Sprint("barrier ", err)) })
			emit(7)
			return nil
		}))
		err := source.SortWithin(2, cmp.Compare).Then(marked(&got)).Run(t.Context())
		want := []string{"mark 0", "1", "2", "mark 1", "3", "4", "5", "6", "8", "9", "mark 3", "barrier <nil>", "7"}
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
