package flow_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
	"github.com/go-streamz/streamz/stage"
)

// This file holds the shapes of generics that the library is built on, those of today
// and those that are planned, so that no change of the toolchain comes as a surprise. To
// compile it is the test.

// line is a small Flow.
type line[T any] struct{ items []T }

// A result that nests the receiver's own type parameter has to be a type parameter
// itself, whose constraint is exactly that one type: it is inferred, and no instantiation
// cycle is seen.

func (l line[T]) Batch[B []T](n int) line[B] {
	var out line[B]
	for chunk := range slices.Chunk(l.items, n) {
		out.items = append(out.items, B(chunk))
	}
	return out
}

type window[T any] struct{ items []T }

func (l line[T]) Window[W window[T]](size int) line[W] {
	w := window[T]{l.items[:min(size, len(l.items))]}
	return line[W]{[]W{W(w)}}
}

type group[K comparable, T any] struct {
	key  K
	flow line[T]
}

func (l line[T]) GroupBy[K comparable, G group[K, T]](key func(T) K) line[G] {
	byKey := map[K]int{}
	var out line[G]
	var groups []group[K, T]
	for _, v := range l.items {
		i, seen := byKey[key(v)]
		if !seen {
			i = len(groups)
			byKey[key(v)] = i
			groups = append(groups, group[K, T]{key: key(v)})
		}
		groups[i].flow.items = append(groups[i].flow.items, v)
	}
	for _, g := range groups {
		out.items = append(out.items, G(g))
	}
	return out
}

type pair[A, B any] struct {
	a A
	b B
}

func (l line[T]) Zip[U any, P pair[T, U]](other line[U]) line[P] {
	var out line[P]
	for i := range min(len(l.items), len(other.items)) {
		out.items = append(out.items, P(pair[T, U]{l.items[i], other.items[i]}))
	}
	return out
}

func (l line[T]) Pairwise[P [2]T]() line[P]         { return line[P]{} }
func (l line[T]) Tee[F [2]line[T]]() F              { return F{l, l} }
func (l line[T]) ByKey[M map[string][]T]() line[M]  { return line[M]{} }
func (l line[T]) Pointers[P *window[T]]() line[P]   { return line[P]{} }
func (l line[T]) Map[U any](fn func(T) U) line[U]   { return mapLine(l, fn) }
func (l line[T]) As[U any](convert func(T) U) []U   { return mapLine(l, convert).items }
func (l line[T]) Fold[A any](a A, f func(A, T) A) A { return fold(l, a, f) }
func (l line[T]) Filter(keep func(T) bool) line[T]  { return filterLine(l, keep) }
func (l line[T]) Chunks() iter.Seq[[]T]             { return slices.Chunk(l.items, 1) }
func (l line[T]) BatchMap[U any, B []T](n int, fn func(B) U) line[U] {
	return mapLine(batchLine[T, B](l, n), fn)
}

func mapLine[T, U any](l line[T], fn func(T) U) line[U] {
	var out line[U]
	for _, v := range l.items {
		out.items = append(out.items, fn(v))
	}
	return out
}

func filterLine[T any](l line[T], keep func(T) bool) line[T] {
	var out line[T]
	for _, v := range l.items {
		if keep(v) {
			out.items = append(out.items, v)
		}
	}
	return out
}

func fold[T, A any](l line[T], a A, fn func(A, T) A) A {
	for _, v := range l.items {
		a = fn(a, v)
	}
	return a
}

// batchLine is a helper that carries the inferred result on.
func batchLine[T any, B []T](l line[T], n int) line[B] {
	var out line[B]
	for chunk := range slices.Chunk(l.items, n) {
		out.items = append(out.items, B(chunk))
	}
	return out
}

// processor is the one interface for all steps.
type processor[In, Out any] interface {
	apply(line[In]) line[Out]
}

func (l line[T]) Then[Out any](p processor[T, Out]) line[Out] { return p.apply(l) }

type batcher[T any] struct{ n int }

func (b *batcher[T]) apply(l line[T]) line[[]T] { return batchLine(l, b.n) }

// step is a composable value.
type step[In, Out any] struct{ fn func(line[In]) line[Out] }

func (s step[In, Out]) apply(l line[In]) line[Out] { return s.fn(l) }

func (s step[In, Out]) And[Next any](next processor[Out, Next]) step[In, Next] {
	return step[In, Next]{func(l line[In]) line[Next] { return next.apply(s.fn(l)) }}
}

func mapStep[In, Out any](fn func(In) Out) step[In, Out] {
	return step[In, Out]{func(l line[In]) line[Out] { return mapLine(l, fn) }}
}

func pipeLine[In, Out any](build func(line[In]) line[Out]) processor[In, Out] {
	return step[In, Out]{build}
}

// embedding promotes generic methods.
type embedding struct{ line[int] }

type alias[T any] = line[T]

func isEven(n int) bool { return n%2 == 0 }

func TestShapes_ofALanguage(t *testing.T) {
	l := line[int]{[]int{1, 2, 3, 4, 5}}

	var _ line[[]int] = l.Batch(2)
	var _ line[[][]int] = l.Batch(2).Batch(2)
	var _ line[[][][]int] = l.Batch(2).Batch(2).Batch(2)
	var _ line[window[int]] = l.Window(3)
	var _ line[group[bool, int]] = l.GroupBy(isEven)
	var _ line[pair[int, string]] = l.Zip(line[string]{})
	var _ line[[2]int] = l.Pairwise()
	var _ [2]line[int] = l.Tee()
	var _ line[map[string][]int] = l.ByKey()
	var _ line[*window[int]] = l.Pointers()
	var _ line[int] = l.BatchMap(2, func(b []int) int { return len(b) })
	var _ line[[]window[group[bool, int]]] = l.GroupBy(isEven).Window(3).Batch(1)
	var _ line[group[any, int]] = l.GroupBy[any](func(n int) any { return n })

	var _ line[string] = l.Map(strconv.Itoa)
	var _ func(func(int) string) line[string] = l.Map[string]
	var _ func(line[int], func(int) string) line[string] = line[int].Map[string]
	var _ func(int) line[[]int] = l.Batch
	var _ []string = l.As(strconv.Itoa)
	var _ float64 = l.Fold(0, func(sum float64, n int) float64 { return sum + float64(n) })

	var _ line[[]int] = l.Then(&batcher[int]{2})
	var _ line[string] = l.Then(mapStep(strconv.Itoa))
	var _ line[[]string] = l.Then(mapStep(strconv.Itoa).And(&batcher[string]{2}))
	var _ line[[]int] = l.Then(pipeLine(func(l line[int]) line[[]int] { return l.Filter(isEven).Batch(2) }))

	var _ line[[]int] = embedding{l}.Batch(2)
	var _ line[[]int] = (&embedding{l}).Batch(2)
	var _ line[[]int] = alias[int](l).Batch(2)

	if want, got := [][]int{{1, 2}, {3, 4}, {5}}, l.Batch(2).items; !slices.EqualFunc(want, got, slices.Equal) {
		t.Errorf("Batch() = %v, want %v", got, want)
	}
	if want, got := 2, len(l.GroupBy(isEven).items); got != want {
		t.Errorf("GroupBy() gave %d groups, want %d", got, want)
	}
}

// both is a user's function that wraps a method with an inferred result.
func both[T any](f flow.Flow[T]) flow.Flow[[]T] { return f.Batch(3, 0) }

// ordered is a user's function with a constraint of its own.
func ordered[T cmp.Ordered](f flow.Flow[T]) flow.Flow[T] {
	return f.Filter(func(v T) bool { return v > *new(T) })
}

type orderRow struct{ id string }

func (o orderRow) ID() string     { return o.id }
func (o *orderRow) Touch() string { return o.id }

type orderSource struct{}

func (*orderSource) Stream(_ context.Context, emit func(orderRow) error) error {
	return emit(orderRow{"a"})
}

type orderSink struct{ got []orderRow }

func (s *orderSink) Put(_ context.Context, o orderRow) error {
	s.got = append(s.got, o)
	return nil
}

type orderRunner struct{}

func (orderRunner) Start(context.Context) (ops.Pusher[orderRow, string], error) { return nil, nil }

// reverser is a processor of a user's own.
type reverser[T any] struct{}

func (reverser[T]) Name() string                                        { return "reverser" }
func (reverser[T]) Process(ctx context.Context, in <-chan []T) <-chan T { return nil }

func TestShapes_ofFlow(t *testing.T) {
	numbers := flow.Range(1, 8)
	words := flow.Of("1", "2")

	// Methods with an inferred result.
	var _ flow.Flow[[]int] = numbers.Batch(3, 0)
	var _ flow.Flow[[][]int] = numbers.Batch(3, 0).Batch(2, 0)
	var _ flow.Flow[[][][]int] = numbers.Batch(3, 0).Batch(2, 0).Batch(1, 0)
	var _ flow.Flow[[]int] = both(numbers)
	var _ flow.Flow[[][]int] = both(both(numbers))
	var _ flow.Flow[int] = ordered(numbers)
	var _ func(int, time.Duration) flow.Flow[[]int] = numbers.Batch
	var _ func(flow.Flow[int], int, time.Duration) flow.Flow[[]int] = flow.Flow[int].Batch

	// Functions of any shape.
	var _ flow.Flow[int] = words.TryMap(strconv.Atoi)
	var _ flow.Flow[string] = numbers.Map(strconv.Itoa)
	var _ flow.Flow[string] = flow.Of(orderRow{"a"}).Map(orderRow.ID)
	var _ flow.Flow[string] = flow.Of(&orderRow{"a"}).Map((*orderRow).Touch)
	var _ flow.Flow[int] = flow.Of([]int{1}).FlatMap(slices.Values)
	var _ flow.Flow[float64] = numbers.Scan(0.0, func(sum float64, n int) float64 { return sum + float64(n) })
	var _ func(func(int) string) flow.Flow[string] = numbers.Map[string]
	var _ func(flow.Flow[int], func(int) string) flow.Flow[string] = flow.Flow[int].Map[string]
	var _ func(func(int) bool) flow.Flow[int] = numbers.Filter

	// Sources and sinks of a concrete type.
	var _ flow.Flow[orderRow] = flow.From(&orderSource{})
	var _ flow.Flow[int] = flow.From(source(giving(1)))
	var _ flow.Flow[int] = flow.FromSignals(signals(nil))
	var _ flow.Job = flow.From(&orderSource{}).To(&orderSink{})
	var _ flow.Flow[int] = flow.FromSlice(sortable{1, 2})
	var _ flow.Flow[int] = flow.FromSeq(slices.Values([]int{1}))
	var _ flow.Flow[point] = flow.JSON[point](nil)

	// Then infers from a concrete processor.
	var _ flow.Flow[[]int] = numbers.Then(ops.NewBatcher[int](ops.BatchConfig{MaxSize: 2}))
	var _ flow.Flow[string] = numbers.Then(ops.NewMapper(strconv.Itoa))
	var _ flow.Flow[int] = words.Then(ops.NewTryMapper(strconv.Atoi).WithName("parse"))
	var _ flow.Flow[int] = numbers.Batch(2, 0).Then(ops.NewUnbatcher[int]())
	var _ flow.Flow[int] = numbers.Batch(2, 0).Then(reverser[int]{})
	var _ flow.Flow[[]int] = numbers.Then(stage.Batch[int](2, 0))
	var _ flow.Flow[string] = numbers.Then(stage.Map(strconv.Itoa))
	var _ flow.Flow[[]string] = numbers.Then(stage.Map(strconv.Itoa).Then(stage.Batch[string](2, 0)))
	var _ flow.Flow[[]int] = numbers.Then(flow.Pipe(both[int]))
	var _ flow.Flow[int] = numbers.Then(flow.Pipe(ordered[int]))
	var _ flow.Flow[string] = flow.Of(orderRow{}).Gather(orderRunner{})
	var _ flow.Flow[string] = flow.Of(orderRow{}).Then(ops.Gather(orderRunner{}))

	// Free functions.
	var _ flow.Flow[int] = flow.Unbatch(numbers.Batch(2, 0))
	var _ flow.Flow[int] = flow.Concat(numbers, numbers)
	var _ flow.Flow[int] = flow.Merge(numbers, numbers)
	var _ ops.Processor[int, []int] = flow.Pipe(both[int])
	var _ ops.Processor[int, []int] = stage.Batch[int](2, 0)
	var _ stage.Stage[int, []int] = stage.Batch[int](2, 0)

	// Terminals.
	ctx := t.Context()
	var items []string
	items, err := numbers.Map(strconv.Itoa).Collect(ctx, audit(t))
	if err != nil || len(items) != 7 {
		t.Errorf("Collect() = %v, %v", items, err)
	}
	var sum float64
	sum, err = numbers.Reduce(ctx, 0.0, func(sum float64, n int) float64 { return sum + float64(n) }, audit(t))
	if err != nil || sum != 28 {
		t.Errorf("Reduce() = %v, %v", sum, err)
	}
	var all iter.Seq2[[]int, error] = numbers.Batch(3, 0).All(ctx, audit(t))
	for range all {
		continue
	}
}

type sortable []int
