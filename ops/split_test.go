package ops_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

// halfSplit is the output of a Split for what its predicate is true for: it is held to the
// contract as a processor. The other one gets nothing.
type halfSplit[T any] struct{ *ops.Split[T] }

func (s halfSplit[T]) WithName(name string) halfSplit[T] {
	return halfSplit[T]{s.Split.WithName(name)}
}

func (s halfSplit[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return s.Split.Process(ctx, in).True
}

var _ = conforms(
	named("Split", newSubject("split", 1, ints(6), referenceMap(same), trueSplit(func() {}), trueSplit, randomInts)),
)

func trueSplit(before func()) halfSplit[int] {
	return halfSplit[int]{ops.NewSplit(func(int) bool {
		before()
		return true
	})}
}

// halves reads both outputs at once.
func halves(t *testing.T, s *ops.Split[int], items []int) (yes, no []int) {
	t.Helper()
	in, _ := offer(t.Context(), items)
	out := s.Process(t.Context(), in)
	got := readAll(map[bool]<-chan int{true: out.True, false: out.False})
	return got[true], got[false]
}

func TestSplitModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		in, size := randomInts(r), r.IntN(4)
		s := ops.NewSplit(even).WithBufferSize(size)
		yes, no := halves(t, s, in)
		wantYes, wantNo := slices.DeleteFunc(slices.Clone(in), func(v int) bool { return !even(v) }), slices.DeleteFunc(slices.Clone(in), even)
		if diff := cmp.Diff([][]int{orNil(wantYes), orNil(wantNo)}, [][]int{yes, no}); diff != "" {
			t.Errorf("%v: true and false mismatch (-want +got):\n%s", in, diff)
		}
		stats := s.Stats()
		if int(stats.TrueCount) != len(yes) || int(stats.FalseCount) != len(no) || int(stats.TotalItems) != len(in) {
			t.Errorf("%v: Stats() = %+v", in, stats)
		}
	})
}

func TestSplitPinned(t *testing.T) {
	bubble(t, "five each", func(t *testing.T) {
		s := ops.NewSplit(even).WithBufferSize(2)
		halves(t, s, ints(10))
		want := ops.SplitStats{TotalItems: 10, TrueCount: 5, FalseCount: 5, TrueRatio: 0.5, FalseRatio: 0.5}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		for name, other := range map[string]*ops.Split[int]{"WithName": s.WithName("x"), "WithBufferSize": s.WithBufferSize(1), "zero": {}} {
			if diff := cmp.Diff(ops.SplitStats{}, other.Stats()); diff != "" {
				t.Errorf("%s: Stats() mismatch (-want +got):\n%s", name, diff)
			}
		}
	})
	bubble(t, "all that five producers send", func(t *testing.T) {
		in := make(chan int)
		var producers sync.WaitGroup
		for range 5 {
			producers.Go(func() {
				for _, v := range ints(100) {
					in <- v
				}
			})
		}
		go func() {
			producers.Wait()
			close(in)
		}()
		out := ops.NewSplit(even).Process(t.Context(), in)
		got := readAll(map[bool]<-chan int{true: out.True, false: out.False})
		if len(got[true]) != 250 || len(got[false]) != 250 {
			t.Errorf("%d and %d items, want 250 each", len(got[true]), len(got[false]))
		}
	})
	bubble(t, "nothing", func(t *testing.T) {
		if yes, no := halves(t, ops.NewSplit(even), nil); yes != nil || no != nil {
			t.Errorf("items %v and %v, want none", yes, no)
		}
	})
	bubble(t, "all true", func(t *testing.T) {
		yes, no := halves(t, ops.NewSplit(func(int) bool { return true }), ints(5))
		if diff := cmp.Diff([][]int{ints(5), nil}, [][]int{yes, no}); diff != "" {
			t.Errorf("true and false mismatch (-want +got):\n%s", diff)
		}
	})
}

// What is counted has been delivered.
func TestSplitRegressions(t *testing.T) {
	bubble(t, "split-counts-first", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := ops.NewSplit(even)
		out := s.Process(ctx, filled(2, 3))
		synctest.Wait()
		if got := s.Stats().TotalItems; got != 0 {
			t.Errorf("%d items were counted before one was received", got)
		}
		wantNext(t, out.True)
		synctest.Wait()
		if diff := cmp.Diff(ops.SplitStats{TotalItems: 1, TrueCount: 1, TrueRatio: 1}, s.Stats()); diff != "" {
			t.Errorf("Stats() mismatch (-want +got):\n%s", diff)
		}
		cancel()
		wantClosed(t, out.True)
		wantClosed(t, out.False)
	})
}

// An output that is not read blocks the other one when its buffer is full.
func TestSplitIsHeldByTheSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, _ := offer(ctx, slices.Repeat([]int{2, 1}, 50))
		out := ops.NewSplit(even).WithBufferSize(3).Process(ctx, in)
		for range 3 {
			wantNext(t, out.False)
		}
		wantOpen(t, out.False)
		cancel()
		collect(out.True)
	})
}

func TestSplitMisuse(t *testing.T) {
	for want, p := range map[string]*ops.Split[int]{
		"streamz: split: function must not be nil":                                      ops.NewSplit[int](nil),
		"streamz: split: buffer size must be between 0 and 1<<30, got -1":               ops.NewSplit(even).WithBufferSize(-1),
		"streamz: processor: processor must be made by its constructor and have a name": new(ops.Split[int]),
	} {
		err, _ := thrown(func() { p.Process(t.Context(), make(chan int)) }).(error)
		wantConfigError(t, want, err)
	}
}
