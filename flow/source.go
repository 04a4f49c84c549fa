package flow

import (
	"context"
	"iter"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Source produces items. Stream hands them to emit, in order, and returns nil when
// there are no more; an error is the source's failure and ends the run. ctx ends when
// the run does, when it is drained, or when nobody needs more items, and Stream has to return
// soon after.
//
// emit waits while the flow is busy. It is valid until Stream returns, on Stream's own
// goroutine: later it does nothing and returns an error, and calls on other goroutines are a
// data race, which at best makes Run return that the books do not balance. Once it has
// returned an error it does nothing and returns that error again: return it, or simply return.
//
// Every run calls Stream anew, and runs at once call it at once.
type Source[T any] interface {
	Stream(ctx context.Context, emit func(T) error) error
}

// SignalSource is a [Source] that also sends signals, in order with its items.
type SignalSource[T any] interface {
	Stream(ctx context.Context, out Emitter[T]) error
}

// Emitter is what a [SignalSource] writes to. Its methods follow the rules of emit in
// [Source].
type Emitter[T any] struct{ out kernel.Outlet[T] }

// Emit hands over an item.
func (e Emitter[T]) Emit(v T) error { return e.out.Emit(v) }

// Watermark claims that no item with an earlier event time will follow.
func (e Emitter[T]) Watermark(t time.Time) error {
	return e.out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: t})
}

// Idle is Watermark for a source that will give nothing for a while: those that it comes
// together with, as in a Merge, need not wait for it. It holds until the next Watermark, which
// has to come before the next item. The zero time claims nothing.
func (e Emitter[T]) Idle(t time.Time) error {
	return e.out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: t, Idle: 1})
}

// Barrier sends a marker that every stage passes on when all before it has left the
// stage. done is called exactly once: with nil when the marker has reached the sink,
// and the sink has been flushed, else with what ended the run before. It may be called
// on any goroutine of the run and must not block.
//
// A processor that only knows channels lets no barrier through.
func (e Emitter[T]) Barrier(done func(error)) error { return e.out.Barrier(done) }

// From makes a flow of a source. For a function there is [FromFunc].
func From[T any](src Source[T]) Flow[T] {
	s := kernel.Source[T]{Name: "source", Op: "From", Heedless: true, Err: notNil(src, "source")}
	s.Stream = func(ctx context.Context, out kernel.Outlet[T]) error { return src.Stream(ctx, out.Emit) }
	return origin(s)
}

// FromSignals makes a flow of a source that sends signals.
func FromSignals[T any](src SignalSource[T]) Flow[T] {
	s := kernel.Source[T]{Name: "source", Op: "FromSignals", Heedless: true, Err: notNil(src, "source")}
	s.Stream = func(ctx context.Context, out kernel.Outlet[T]) error { return src.Stream(ctx, Emitter[T]{out}) }
	return origin(s)
}

// FromFunc makes a flow of a function, which follows the rules of [Source]: it calls emit
// from its own goroutine only. For several goroutines that produce there are [Merge], and
// [FromChan] for a channel that all of them send to.
func FromFunc[T any](stream func(ctx context.Context, emit func(T) error) error) Flow[T] {
	s := kernel.Source[T]{Name: "func", Op: "FromFunc", Heedless: true, Err: notNil(stream, "function")}
	s.Stream = func(ctx context.Context, out kernel.Outlet[T]) error { return stream(ctx, out.Emit) }
	return origin(s)
}

// FromSlice gives the elements of s, in order. The slice is read while the flow runs.
func FromSlice[S ~[]T, T any](s S) Flow[T] {
	return origin(slice([]T(s), "slice", "FromSlice"))
}

// Of gives the items, in order.
func Of[T any](items ...T) Flow[T] {
	return origin(slice(items, "items", "Of"))
}

// Empty gives no item.
func Empty[T any]() Flow[T] {
	return origin(slice[T](nil, "empty", "Empty"))
}

func slice[T any](items []T, name, op string) kernel.Source[T] {
	return kernel.Source[T]{Name: name, Op: op, Loop: func(s *kernel.Stage, push func(T) error) error {
		for _, v := range items {
			if err := s.Next(); err != nil {
				return err
			}
			if err := push(v); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Range gives the integers from lo up to but not including hi.
func Range(lo, hi int) Flow[int] {
	return origin(kernel.Source[int]{Name: "range", Op: "Range", Loop: func(s *kernel.Stage, push func(int) error) error {
		for n := lo; n < hi; n++ {
			if err := s.Next(); err != nil {
				return err
			}
			if err := push(n); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Repeat gives v without end.
func Repeat[T any](v T) Flow[T] {
	return origin(kernel.Source[T]{Name: "repeat", Op: "Repeat", Loop: func(s *kernel.Stage, push func(T) error) error {
		for {
			if err := s.Next(); err != nil {
				return err
			}
			if err := push(v); err != nil {
				return err
			}
		}
	}})
}

// Fail gives no item and fails with err, which must not be nil.
func Fail[T any](err error) Flow[T] {
	return origin(kernel.Source[T]{
		Name: "fail", Op: "Fail", Err: notNil(err, "error"),
		Loop: func(s *kernel.Stage, _ func(T) error) error { return s.Break(err) },
	})
}

// FromSeq gives the items of seq, in order. Each run ranges over it anew: for a
// sequence that can be ranged over only once there is [FromSeqOnce].
func FromSeq[T any](seq iter.Seq[T]) Flow[T] {
	return origin(sequence(seq, "FromSeq"))
}

// FromSeqOnce is [FromSeq] for a sequence that can be ranged over once: using the flow
// in two places of one job is a configuration error.
func FromSeqOnce[T any](seq iter.Seq[T]) Flow[T] {
	s := sequence(seq, "FromSeqOnce")
	s.Once = new(int)
	return origin(s)
}

func sequence[T any](seq iter.Seq[T], op string) kernel.Source[T] {
	s := kernel.Source[T]{Name: "seq", Op: op, Err: notNil(seq, "sequence")}
	s.Stream = func(_ context.Context, out kernel.Outlet[T]) error {
		// Not a loop: a sequence that goes on after it was told not to would panic.
		seq(func(v T) bool { return out.Emit(v) == nil })
		return nil
	}
	return s
}

// FromSeq2 gives the items of seq, in order. The first error that is not nil is the
// source's failure; the item beside it is ignored.
func FromSeq2[T any](seq iter.Seq2[T, error]) Flow[T] {
	s := kernel.Source[T]{Name: "seq", Op: "FromSeq2", Err: notNil(seq, "sequence")}
	s.Stream = func(_ context.Context, out kernel.Outlet[T]) error {
		var failed error
		seq(func(v T, err error) bool {
			if failed == nil {
				failed = err
			}
			return failed == nil && out.Emit(v) == nil
		})
		return failed
	}
	return origin(s)
}

// FromChan gives what it receives from ch until that is closed. The flow reads no
// further ahead than it has items in work: after an early end, a failure or a
// cancellation nobody receives any more, so the sender has to watch its context.
//
// Using one channel in two places of one job is a configuration error.
func FromChan[T any](ch <-chan T) Flow[T] {
	return origin(kernel.Source[T]{Name: "chan", Op: "FromChan", Err: notNil(ch, "channel"), Chan: ch, Once: ch})
}

// Unfold gives the items that next makes of a state, which begins as seed, until it
// says that there are no more.
func Unfold[S, T any](seed S, next func(S) (v T, state S, more bool)) Flow[T] {
	s := kernel.Source[T]{Name: "unfold", Op: "Unfold", Err: notNil(next, "function")}
	s.Stream = func(_ context.Context, out kernel.Outlet[T]) error {
		state := seed
		for {
			v, after, more := next(state)
			if !more {
				return nil
			}
			if err := out.Emit(v); err != nil {
				return err
			}
			state = after
		}
	}
	return origin(s)
}
