package ops_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("take-while", 1, []int{1, 2, 60, 3}, referenceTakeWhile(under(50), false), takeWhile(func() {}), takeWhile, randomInts),
	newSubject("take-while", 1, []int{1, 2, 60, 3}, referenceTakeWhile(under(50), true), takeWhileLast(func() {}), takeWhileLast, randomInts),
)

var _ = misused(newMisuse("take while without function", "take-while: function must not be nil", ops.NewTakeWhile[int](nil).WithLast()))

var _ = chained(
	func(_ int, before func()) link {
		return link{"take while", takeWhile(before), referenceTakeWhile(under(50), false), false}
	},
	func(_ int, before func()) link {
		return link{"take while and the last", takeWhileLast(before), referenceTakeWhile(under(50), true), false}
	},
)

func takeWhile(before func()) *ops.TakeWhile[int] {
	return ops.NewTakeWhile(func(n int) bool {
		before()
		return n < 50
	})
}

func takeWhileLast(before func()) *ops.TakeWhile[int] { return takeWhile(before).WithLast() }

func under(limit int) func(int) bool { return func(n int) bool { return n < limit } }

func referenceTakeWhile(while func(int) bool, last bool) func(...int) []int {
	return func(in ...int) []int {
		n := slices.IndexFunc(in, func(v int) bool { return !while(v) })
		switch {
		case n < 0:
			return in
		case last:
			n++
		}
		return in[:n]
	}
}

func TestTakeWhile(t *testing.T) {
	tests := []struct {
		name           string
		in             []int
		want, withLast []int
	}{
		{"until one fails", []int{1, 2, 60, 3, 70}, []int{1, 2}, []int{1, 2, 60}},
		{"the first fails", []int{60, 1}, nil, []int{60}},
		{"none fails", ints(5), ints(5), ints(5)},
		{"the last fails", []int{1, 60}, []int{1}, []int{1, 60}},
		{"empty input", nil, nil, nil},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			check(t, tt.want, tt.in, func() ops.Processor[int, int] { return takeWhile(func() {}) })
		})
		bubble(t, tt.name+", with it", func(t *testing.T) {
			check(t, tt.withLast, tt.in, func() ops.Processor[int, int] { return takeWhileLast(func() {}) })
		})
	}
}

func TestTakeWhileModel(t *testing.T) {
	trials(t, 20, func(t *testing.T, r *rand.Rand) {
		in, while := randomInts(r), under(50+r.IntN(60))
		check(t, referenceTakeWhile(while, false)(in...), in, func() ops.Processor[int, int] { return ops.NewTakeWhile(while) })
		check(t, referenceTakeWhile(while, true)(in...), in, func() ops.Processor[int, int] { return ops.NewTakeWhile(while).WithLast() })
	})
}

func TestTakeWhileEndsTheStream(t *testing.T) {
	wantEarlyEnd(t, ops.NewTakeWhile(under(4)), 4, ints(3)...)
	wantEarlyEnd(t, ops.NewTakeWhile(under(4)).WithLast(), 4, ints(4)...)
}

func TestTakeWhileBooks(t *testing.T) {
	want := flow.StageReport{Name: "take-while", Op: "TakeWhile", In: 4, Passed: 3, Out: 3, Filtered: 1}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(ops.NewTakeWhile(under(4))))
	want = flow.StageReport{Name: "take-while", Op: "TakeWhile", In: 4, Passed: 4, Out: 4}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(ops.NewTakeWhile(under(4)).WithLast()))
}

func TestTakeWhileSkipsAFailedItem(t *testing.T) {
	p := ops.NewTakeWhile(func(n int) bool {
		if n == 2 {
			panic(errBoom)
		}
		return n < 4
	})
	want := flow.StageReport{Name: "take-while", Op: "TakeWhile", In: 4, Passed: 2, Out: 2, Filtered: 1, Failed: 1}
	wantBooks(t, want, flow.FromSlice(ints(9)).Then(p).OnError(flow.Skip()))
}

// The end that a stage sends while its item is under its policy makes the stages below emit
// what they hold. Their failure is theirs, and is not skipped here.
func TestEarlyEndIsNotUnderThePolicy(t *testing.T) {
	stages := map[string]ops.Processor[int, int]{
		"take-while": ops.NewTakeWhile(under(3)),
		"find":       ops.NewFind(func(n int) bool { return n == 3 }),
		"gatherer": ops.Gather(ops.NewGatherer(nil, func(_ *struct{}, n int, emit func(int) error) error {
			if err := emit(n); err != nil || n < 3 {
				return err
			}
			return ops.ErrStop
		}, nil)),
	}
	fail := map[string]func(){"a panic": deliberatePanic, "a Goexit": runtime.Goexit}
	for name, p := range stages {
		for how, fn := range fail {
			bubble(t, how+" below "+name, func(t *testing.T) {
				var r flow.Report
				last := ops.NewMapper(func(chunk []int) int {
					fn()
					return len(chunk)
				})
				f := flow.FromSlice(ints(9)).Then(p).OnError(flow.Skip()).Chunk(9).Then(last).Async(1)
				_, err := f.Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
				failed, ok := errors.AsType[*flow.StageError](err)
				if !ok || failed.Stage != "mapper" || !r.Balanced() {
					t.Errorf("error %v, want one of the mapper\n%v", err, r)
				}
			})
		}
	}
}
