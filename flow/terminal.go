package flow

import (
	"cmp"
	"context"
	"iter"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Collect runs the flow and gives its items, in order. On failure it gives those that
// came before it as well. See [Job.Run] for the error.
func (f Flow[T]) Collect(ctx context.Context, opts ...Option) ([]T, error) {
	var items []T
	spec := sinkSpec("collect", "Collect", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			items = append(items, v)
			return nil
		}}
	})
	err := into(f, spec).Run(ctx, opts...)
	return items, err
}

// Count runs the flow and counts its items. On failure it gives the number before it.
func (f Flow[T]) Count(ctx context.Context, opts ...Option) (int64, error) {
	var n int64
	spec := sinkSpec("count", "Count", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(T) error {
			s.In++
			n++
			return nil
		}}
	})
	err := into(f, spec).Run(ctx, opts...)
	return n, err
}

// Reduce runs the flow and folds its items: fn gets the result so far, which begins as
// zero, and the next item. On failure the result is that of the items before it.
func (f Flow[T]) Reduce[R any](ctx context.Context, zero R, fn func(R, T) R, opts ...Option) (R, error) {
	result := zero
	spec := sinkSpec("reduce", "Reduce", func(s *kernel.Stage) kernel.Port[T] {
		mark := s.Mark()
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			mark.Enter()
			result = fn(result, v)
			return nil
		}}
	})
	spec.Calls, spec.Err = kernel.CallsFunc, notNil(fn, "function")
	err := into(f, spec).Run(ctx, opts...)
	return result, err
}

// First runs the flow until its first item and gives that, or the zero item and [ErrEmpty]
// if there is none.
func (f Flow[T]) First(ctx context.Context, opts ...Option) (T, error) {
	var k keeper[T]
	err := into(f, k.spec("first", "First", ErrStop)).Run(ctx, opts...)
	return k.item, k.outcome(err)
}

// Last runs the flow and gives its last item, or [ErrEmpty] if there is none. On
// failure it gives the last one before it as well.
func (f Flow[T]) Last(ctx context.Context, opts ...Option) (T, error) {
	var k keeper[T]
	err := into(f, k.spec("last", "Last", nil)).Run(ctx, opts...)
	return k.item, k.outcome(err)
}

// keeper is a sink that keeps its newest item.
type keeper[T any] struct {
	item T
	some bool
}

// spec makes the sink; its pushes return after.
func (k *keeper[T]) spec(name, op string, after error) kernel.Spec[T, nothing] {
	return sinkSpec(name, op, func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			k.item, k.some = v, true
			return after
		}}
	})
}

func (k *keeper[T]) outcome(err error) error {
	if err == nil && !k.some {
		return ErrEmpty
	}
	return err
}

// Chan runs the flow on a goroutine of its own and gives its items over a channel,
// which is closed when the run has ended. wait waits for that and gives the run's
// error, see [Job.Run]; it may be called at any time, any number of times.
//
// Whoever stops receiving before the channel is closed has to end ctx.
func (f Flow[T]) Chan(ctx context.Context, opts ...Option) (items <-chan T, wait func() error) {
	out, done := make(chan T), make(chan struct{})
	o, job := newOptions(ctx, opts), into(f, sender(out))
	if o.live {
		r := job.start(ctx, o)
		go func() {
			defer close(out)
			<-r.done
		}()
		return out, r.wait
	}
	run, err := job.prepare(ctx, o)
	go func() {
		defer close(done)
		defer close(out)
		if err == nil {
			defer func() { err = cmp.Or(err, run.Result()) }() // also if a Goexit unwinds execute
			err = o.execute(run)
		}
	}()
	return out, func() error {
		<-done
		return err
	}
}

// sender is a sink that sends to a channel.
func sender[T any](out chan<- T) kernel.Spec[T, nothing] {
	spec := sinkSpec("chan", "Chan", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			err := kernel.Send(s.Segment(), out, v)
			if err != nil {
				s.Held++
			}
			return err
		}}
	})
	spec.Blocks = true
	return spec
}

// All runs the flow in a range loop, whose body gets the items, in order, on the
// goroutine of the loop. If the run fails the loop's last round has the error and the
// zero item. Leaving the loop ends the run and waits for that; an error that comes
// after goes to the log, and to the report, see [WithReport].
//
// A panic of the loop's body ends and awaits the run and then goes on with the same
// value.
func (f Flow[T]) All(ctx context.Context, opts ...Option) iter.Seq2[T, error] {
	last := settings{At: callsite.Here()}
	return func(yield func(T, error) bool) {
		b := &body[T]{yield: yield}
		err := attach(f, b.spec(), last).Run(ctx, opts...)
		switch {
		case err != nil && b.left:
			newOptions(ctx, opts).logger.ErrorContext(ctx, "flow failed after its loop was left", "error", err)
		case err != nil:
			var zero T
			yield(zero, err)
		}
		if b.thrown != nil {
			panic(b.thrown)
		}
	}
}

// body is the sink whose function is the body of a range loop.
type body[T any] struct {
	yield  func(T, error) bool
	left   bool
	thrown any // the value of the body's panic
}

func (b *body[T]) spec() kernel.Spec[T, nothing] {
	spec := sinkSpec("all", "All", func(s *kernel.Stage) kernel.Port[T] {
		mark := s.Mark()
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			mark.Enter()
			return b.push(v)
		}}
	})
	spec.Blocks = true
	return spec
}

// push keeps a panic of the body away from the user code of the stages above, which
// must not be able to recover it. It is no failure of the flow.
func (b *body[T]) push(v T) (err error) {
	clean := false
	defer func() {
		if clean {
			return
		}
		if b.thrown = recover(); b.thrown != nil {
			b.left, err = true, ErrStop
		}
	}()
	more := b.yield(v, nil)
	clean = true
	if !more {
		b.left = true
		return ErrStop
	}
	return nil
}
