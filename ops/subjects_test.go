package ops_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/go-streamz/streamz/ops"
)

// subjects are all processors of the package: the file that tests a processor adds it.
var subjects []conformer

// conforms adds processors to subjects.
func conforms(all ...conformer) struct{} {
	subjects = append(subjects, all...)
	return struct{}{}
}

// oneIn is a FanIn of one input, and oneOut a FanOut of one output: each is held to the
// contract as a processor.
type (
	oneIn[T any]  struct{ *ops.FanIn[T] }
	oneOut[T any] struct{ *ops.FanOut[T] }
)

func (f oneIn[T]) WithName(name string) oneIn[T] { return oneIn[T]{f.FanIn.WithName(name)} }

func (f oneIn[T]) Process(ctx context.Context, in <-chan T) <-chan T { return f.FanIn.Process(ctx, in) }

func (f oneOut[T]) WithName(name string) oneOut[T] { return oneOut[T]{f.FanOut.WithName(name)} }

func (f oneOut[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return f.FanOut.Process(ctx, in)[0]
}

// renamed is a subject under the name of the type that it stands for.
type renamed struct {
	conformer
	name string
}

func (r renamed) typeName() string { return r.name }

func named(name string, c conformer) conformer { return renamed{c, name} }

const (
	spacious = 64    // so many items nobody gives here at once, so that none is dropped
	never    = 1_000 // so many items a processor takes that never makes its producer wait
)

// newSubject infers the types. A processor is immutable, so one value serves as its
// own constructor.
func newSubject[P processor[P, In, Out], In, Out any](
	name string, takes int, in []In, model func(...In) []Out, p P,
	calls func(before func()) P, items func(*rand.Rand) []In,
) subject[P, In, Out] {
	return subject[P, In, Out]{
		name: name, takes: takes, in: in, items: items, calls: calls,
		model: func(in []In) []Out { return model(in...) },
		build: func() P { return p },
	}
}

// with says how many workers call the function of a processor that has some.
func (s subject[P, In, Out]) with(workers int) conformer {
	s.workers = workers
	return s
}

// opening says how many items a processor emits before any of the input.
func (s subject[P, In, Out]) opening(items int) conformer {
	s.opens = items
	return s
}

// gathering marks one that gives nothing before its function has been called twice.
func (s subject[P, In, Out]) gathering() conformer {
	s.gathers = true
	return s
}

func double(n int) int          { return 2 * n }
func same(n int) int            { return n }
func even(n int) bool           { return n%2 == 0 }
func plus(sum, n int) int       { return sum + n }
func twice(n int) iter.Seq[int] { return slices.Values([]int{n, -n}) }

func mapper(before func()) *ops.Mapper[int, int] {
	return ops.NewMapper(func(n int) int {
		before()
		return double(n)
	})
}

func tryMapper(before func()) *ops.TryMapper[int, int] {
	return ops.NewTryMapper(func(n int) (int, error) {
		before()
		return double(n), nil
	})
}

func asyncMapper(before func()) *ops.AsyncMapper[int, int] {
	return ops.NewAsyncMapper(func(_ context.Context, n int) (int, error) {
		before()
		return double(n), nil
	}).WithWorkers(2).WithBufferSize(2)
}

// oneWorker keeps the order of the items also where that is not promised.
func oneWorker(before func()) *ops.AsyncMapper[int, int] {
	return asyncMapper(before).WithWorkers(1)
}

// keyedMapper has one key.
func keyedMapper(before func()) *ops.AsyncMapper[int, int] {
	return ops.NewAsyncMapperKeyed(func(int) struct{} { return struct{}{} }, func(_ context.Context, n int) (int, error) {
		before()
		return double(n), nil
	}).WithWorkers(2).WithBufferSize(2)
}

func filter(before func()) *ops.Filter[int] {
	return ops.NewFilter(func(n int) bool {
		before()
		return even(n)
	})
}

func tap(before func()) *ops.Tap[int] { return ops.NewTap(func(int) { before() }) }

func scan(before func()) *ops.Scan[int, int] {
	return ops.NewScan(0, func(sum, n int) int {
		before()
		return sum + n
	})
}

func flatMapper(before func()) *ops.FlatMapper[int, int] {
	return ops.NewFlatMapper(func(n int) iter.Seq[int] {
		before()
		return twice(n)
	})
}

func gatherer(before func()) *ops.Gathering[int, int] {
	return ops.Gather(ops.NewGatherer(nil, func(_ *struct{}, n int, emit func(int) error) error {
		before()
		if err := emit(n); err != nil {
			return err
		}
		return emit(-n)
	}, nil))
}

// The references are plain functions over slices.

func referenceMap[In, Out any](fn func(In) Out) func(...In) []Out {
	return func(in ...In) (out []Out) {
		for _, v := range in {
			out = append(out, fn(v))
		}
		return out
	}
}

func referenceFilter[T any](keep func(T) bool) func(...T) []T {
	return func(in ...T) (out []T) {
		for _, v := range in {
			if keep(v) {
				out = append(out, v)
			}
		}
		return out
	}
}

func referenceScan[T, A any](initial A, fn func(A, T) A) func(...T) []A {
	return func(in ...T) (out []A) {
		acc := initial
		for _, v := range in {
			acc = fn(acc, v)
			out = append(out, acc)
		}
		return out
	}
}

func referenceFlatMap[In, Out any](fn func(In) iter.Seq[Out]) func(...In) []Out {
	return func(in ...In) (out []Out) {
		for _, v := range in {
			out = slices.AppendSeq(out, fn(v))
		}
		return out
	}
}

func referenceTake[T any](n int) func(...T) []T {
	return func(in ...T) []T { return in[:min(n, len(in))] }
}

func referenceSkip[T any](n int) func(...T) []T {
	return func(in ...T) []T { return in[min(n, len(in)):] }
}

func referenceChunks[T any](n int) func(...T) [][]T {
	return func(in ...T) [][]T { return slices.Collect(slices.Chunk(in, n)) }
}

// randomSlices gives slices of up to five numbers, some of them empty or nil.
func randomSlices(r *rand.Rand) [][]int {
	var slices [][]int
	for range r.IntN(20) {
		var s []int
		for range r.IntN(6) {
			s = append(s, r.IntN(100))
		}
		slices = append(slices, s)
	}
	return slices
}
