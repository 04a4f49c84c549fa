package flow

import (
	"context"
	"errors"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Sink consumes items, one at a time, on one goroutine. Put may block as long as it
// watches ctx. An error is the item's failure, see [Job.OnError]; with [ErrStop] the
// sink has enough, and the flow ends early without a failure.
//
// A Sink may have three more methods:
//
//	Open(ctx context.Context) error    before the first item
//	Flush(ctx context.Context) error   after the last item, and before a barrier is complete
//	Close(cause error) error           once, if Open did not fail, however the run ends
//
// cause is nil after all items were put and flushed, [ErrStop] after an early end, else
// what ended the run. Their errors are returned by Run. Such a method of another type, as
// the Close of an io.Closer, is a configuration error.
type Sink[T any] interface {
	Put(ctx context.Context, v T) error
}

// nothing is what a sink emits.
type nothing = struct{}

func sinkSpec[T any](name, op string, start func(*kernel.Stage) kernel.Port[T]) kernel.Spec[T, nothing] {
	return kernel.Spec[T, nothing]{
		Name: name, Op: op, Books: kernel.Absorbed,
		Start: func(s *kernel.Stage, _ kernel.Port[nothing]) kernel.Port[T] {
			port := start(s)
			if port.Signal == nil {
				port.Signal = s.Arrived
			}
			return port
		},
	}
}

// ForEach calls fn with every item, in order, on one goroutine. fn may block as long as
// it watches ctx. Its error is the item's failure, see [Job.OnError]; with [ErrStop] the
// flow ends early without a failure. Nothing happens until the Job is run.
func (f Flow[T]) ForEach[_ lazy](fn func(ctx context.Context, v T) error) Job {
	spec := sinkSpec("for-each", "ForEach", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: putter(s, fn)}
	})
	spec.Calls, spec.Heeds, spec.Blocks, spec.Err = kernel.CallsFunc, true, true, notNil(fn, "function")
	return into(f, spec)
}

// putter is the push of a sink with a function that can fail.
func putter[T any](s *kernel.Stage, fn func(context.Context, T) error) func(T) error {
	mark := s.Mark()
	return func(v T) error {
		s.In++
		mark.Enter()
		err := fn(s.Context(), v)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrStop):
			return ErrStop
		}
		return s.Fail(v, err)
	}
}

// AsyncForEach calls fn with the items on several goroutines, its workers, in no order. fn
// may block as long as it watches ctx. Its error is the item's failure, see [Job.OnError];
// with [ErrStop] the flow ends early without a failure, when the calls in flight have
// returned; what they did then counts as held. As many items are accepted and not yet done as
// by [Flow.AsyncMap]. Nothing happens until the Job is run.
func (f Flow[T]) AsyncForEach[_ lazy](workers int, fn func(ctx context.Context, v T) error) Job {
	err := kernel.Join(notNil(fn, "function"), badWorkers(workers))
	return into(f, kernel.Staffed(kernel.Spec[T, nothing]{
		Name: "async-for-each", Op: "AsyncForEach", Err: err, Calls: kernel.CallsFunc, Heeds: true,
	}, kernel.Workers[T, nothing]{
		Call:  func(ctx context.Context, v T) (nothing, error) { return nothing{}, fn(ctx, v) },
		Count: workers, Order: kernel.Unordered,
	}))
}

// To puts every item into sink, in order. See [Sink]. Nothing happens until the Job is
// run.
func (f Flow[T]) To[_ lazy](sink Sink[T]) Job {
	spec := sinkSpec("sink", "To", func(s *kernel.Stage) kernel.Port[T] {
		if o, ok := sink.(interface{ Open(context.Context) error }); ok {
			s.OnOpen(o.Open)
		}
		if c, ok := sink.(interface{ Close(error) error }); ok {
			s.OnClose(c.Close)
		}
		return kernel.Port[T]{Push: putter(s, sink.Put), Signal: flusher(s, sink)}
	})
	spec.Calls, spec.Heeds, spec.Blocks, spec.Err = kernel.CallsFunc, true, true, kernel.Join(notNil(sink, "sink"), misshapen(sink))
	return into(f, spec)
}

// misshapen is the configuration error of a sink with an optional method of another
// type.
func misshapen(sink any) error {
	method, want := kernel.Misshapen(sink)
	if want == "" {
		return nil
	}
	return needs(method, want)
}

// flusher flushes a sink that can be before the stream's end and before a barrier.
func flusher(s *kernel.Stage, sink any) func(kernel.Signal) error {
	flush, ok := sink.(interface{ Flush(context.Context) error })
	if !ok {
		return nil
	}
	return func(sig kernel.Signal) error {
		if sig.Kind != kernel.Watermark {
			s.Outside()
			if err := s.Break(flush.Flush(s.Context())); err != nil {
				return err
			}
		}
		return s.Arrived(sig)
	}
}

// Discard drops every item: for flows whose stages do all that is wanted. Nothing happens
// until the Job is run; [Flow.Run] is both.
func (f Flow[T]) Discard() Job {
	return into(f, discard[T]())
}

func discard[T any]() kernel.Spec[T, nothing] {
	return sinkSpec("discard", "Discard", func(s *kernel.Stage) kernel.Port[T] {
		return kernel.Port[T]{Push: func(T) error {
			s.In++
			return nil
		}}
	})
}
