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
func (f Flow[T]) Collect[_ lazy](ctx context.Context, opts ...Option) ([]T, error) {
	var items []T
	spec := sinkSpec("collect", "Collect", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			items = append(items, v)
			return nil
		}}
	})
	return value(ctx, into(f, spec), &items, opts)
}

// value runs a job whose sink makes a value. A run that was given up may go on making it:
// then there is none.
func value[V any](ctx context.Context, job Job, v *V, opts []Option) (V, error) {
	over, err := job.run(ctx, opts)
	if !over {
		return *new(V), err
	}
	return *v, err
}

// Count runs the flow and counts its items. On failure it gives the number before it.
func (f Flow[T]) Count[_ lazy](ctx context.Context, opts ...Option) (int64, error) {
	var n int64
	spec := sinkSpec("count", "Count", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(T) error {
			s.In++
			n++
			return nil
		}}
	})
	return value(ctx, into(f, spec), &n, opts)
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
	return value(ctx, into(f, spec), &result, opts)
}

// First runs the flow until its first item and gives that, or the zero item and [ErrEmpty]
// if there is none.
func (f Flow[T]) First[_ lazy](ctx context.Context, opts ...Option) (T, error) {
	var k keeper[T]
	return kept(value(ctx, into(f, k.spec("first", "First", ErrStop)), &k, opts))
}

// Last runs the flow and gives its last item, or [ErrEmpty] if there is none. On
// failure it gives the last one before it as well.
func (f Flow[T]) Last[_ lazy](ctx context.Context, opts ...Option) (T, error) {
	var k keeper[T]
	return kept(value(ctx, into(f, k.spec("last", "Last", nil)), &k, opts))
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

func kept[T any](k keeper[T], err error) (T, error) {
	if err == nil && !k.some {
		err = ErrEmpty
	}
	return k.item, err
}

// Chan runs the flow on a goroutine of its own and gives its items over a channel,
// which is closed when the run has ended. wait waits for that and gives the run's
// error, see [Job.Run]; it may be called at any time, any number of times.
//
// Whoever stops receiving before the channel is closed has to end ctx.
func (f Flow[T]) Chan[_ lazy](ctx context.Context, opts ...Option) (items <-chan T, wait func() error) {
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
func (f Flow[T]) All[_ lazy](ctx context.Context, opts ...Option) iter.Seq2[T, error] {
	last := settings{At: callsite.Here()}
	return func(yield func(T, error) bool) {
		b := &body[T]{yield: yield}
		o := newOptions(ctx, opts)
		var err error
		if o.grace > 0 {
			err = b.serve(ctx, f, last, o)
		} else {
			err = attach(f, b.spec(b.push), last).Run(ctx, opts...)
		}
		switch {
		case err != nil && b.left:
			o.logger.ErrorContext(ctx, "flow failed after its loop was left", "error", err)
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

func (b *body[T]) spec(push func(T) error) kernel.Spec[T, nothing] {
	spec := sinkSpec("all", "All", func(s *kernel.Stage) kernel.Port[T] {
		mark := s.Mark()
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			mark.Enter()
			return push(v)
		}}
	})
	spec.Blocks = true
	return spec
}

// serve runs the flow on goroutines of its own, which hand the items over to that of the
// loop: a run that is given up must not be in the middle of the loop's body.
func (b *body[T]) serve(ctx context.Context, f Flow[T], last settings, o *options) error {
	items, answers := make(chan T), make(chan error, 1)
	spec := sinkSpec("all", "All", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(v T) error {
			s.In++
			return handOver(s, items, answers, v)
		}}
	})
	spec.Blocks = true
	r := attach(f, spec, last).start(ctx, o)
	clean := false
	defer func() {
		if !clean { // a Goexit of the body goes on when the run has ended
			r.run.Cancel(errGoexit)
			<-r.done
		}
	}()
	for {
		select {
		case v := <-items:
			answers <- b.push(v)
		case <-r.done:
			clean = true
			return r.err
		}
	}
}

// handOver sends an item and waits for what it comes to, or for the end.
func handOver[T any](s *kernel.Stage, items chan<- T, answers <-chan error, v T) error {
	select {
	case items <- v:
	case <-s.Context().Done():
		return s.Fail(v, context.Cause(s.Context()))
	}
	select {
	case err := <-answers:
		return err
	case <-s.Context().Done():
		return s.Fail(v, context.Cause(s.Context()))
	}
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
