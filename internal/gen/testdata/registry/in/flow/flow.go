package flow

import (
	"context"
	"iter"

	"github.com/go-streamz/streamz/ops"
)

type (
	Flow[T any] struct{}
	Job         struct{}
	Option      struct{}
	Policy      struct{}
	Report      struct{}
)

type Pair[A, B any] struct {
	A A
	B B
}

func FromSlice[S ~[]T, T any](s S) Flow[T] { return Flow[T]{} }

func Unbatch[T any](f Flow[[]T]) Flow[T] { return Flow[T]{} }

func Merge[T any](flows ...Flow[T]) Flow[T] { return Flow[T]{} }

func Pipe[In, Out any](build func(Flow[In]) Flow[Out]) ops.Processor[In, Out] { return nil }

func Jobs(jobs ...Job) Job { return Job{} }

func Retry(n int) Policy { return Policy{} }

func (p Policy) Then(next Policy) Policy { return p }

func WithName(name string) Option { return Option{} }

func (r Report) String() string { return "" }

func (f Flow[A]) Map[B any](fn func(A) B) Flow[B] { return Flow[B]{} }

func (f Flow[T]) Zip[U any, P Pair[T, U]](g Flow[U]) Flow[P] { return Flow[P]{} }

func (f Flow[T]) Split(func(T) bool) (yes, no Flow[T]) { return f, f }

func (f Flow[T]) Nothing() {}

func (f Flow[T]) ForEach(fn func(context.Context, T) error) Job { return Job{} }

func (f Flow[T]) All(ctx context.Context, opts ...Option) iter.Seq2[T, error] { return nil }

func (j Job) Named(name string) Job { return j }

func (j Job) Run(ctx context.Context, opts ...Option) error { return nil }
