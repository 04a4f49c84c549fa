package ops

import (
	"context"
	"errors"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Caller does for one item what a processor of one result an item does for each of a stream:
// [Mapper], [TryMapper], [Call], [AsyncMapper], [Filter], [Retry], [CircuitBreaker],
// [DeadLetterQueue], [Coalesce], [LookupCache], [Fallback], [Bulkhead] and [Hedge] are Callers.
//
// What wraps a processor calls a Caller directly, with the error that it returns. Any other
// processor is run over a channel of one item, until it closes its output, see [Retry].
//
// Call may be used at once by several goroutines, if the functions of the processor may. It
// gives [ErrFiltered] for an item that is not to be passed on. No handler is told of its
// error: whoever calls has it. The clock is the processor's own, else that of the context. A
// processor that cannot run as configured gives its [ConfigError].
type Caller[In, Out any] interface {
	Call(ctx context.Context, in In) (Out, error)
}

var (
	// ErrFiltered is what a [Caller] gives for an item that is discarded for what it is: to
	// what wraps the Caller that is a success of which nothing comes.
	ErrFiltered = errors.New("the item is filtered out")
	// ErrNoOutput says that a processor which is not a [Caller] has closed its output
	// without an item and without an error, see [Retry.EmptyOK].
	ErrNoOutput = errors.New("the processor closed its output without an item")
)

// errSeveral is what Call gives where it would have to lose items.
var errSeveral = errors.New("the processor gave several items for one, and a call gives one")

// callee is how a wrapper calls the processor inside it. A call gives one item, as most do, or
// an error; ErrFiltered and a severalItems among these are results like an item.
type callee[In, Out any] struct {
	call  func(context.Context, In) (Out, error)
	staff staffed[In, Out] // nil if it has no workers
}

// severalItems are the results of one call.
type severalItems[Out any] struct{ all []Out }

// Error is never seen: what asks for a single item gets errSeveral.
func (*severalItems[Out]) Error() string { return errSeveral.Error() }

// staffed is a processor that calls its function on workers, unless the Count is 0.
type staffed[In, Out any] interface {
	staff() kernel.Workers[In, Out]
}

// wrapping is a Caller that may have several results for an item.
type wrapping[In, Out any] interface {
	results(context.Context, In) (Out, error)
}

// calling finds out how the processor inside a wrapper is called.
func calling[In, Out any](p Processor[In, Out]) (c callee[In, Out]) {
	p = inside(p)
	caller, direct := p.(Caller[In, Out])
	if !direct || !kernel.Own(p) {
		c.call = throughChannels(p)
		return c
	}
	c.staff, _ = p.(staffed[In, Out])
	if w, ok := p.(wrapping[In, Out]); ok {
		c.call = w.results
		return c
	}
	c.call = caller.Call
	return c
}

// inside is the processor that a stage is made of: the stage has only its name besides.
func inside[In, Out any](p Processor[In, Out]) Processor[In, Out] {
	for {
		s, ok := p.(interface{ Processor() Processor[In, Out] })
		if !ok || !kernel.Own(p) {
			return p
		}
		p = s.Processor()
	}
}

// throughChannels calls a processor that is not a Caller. What goes wrong in it is heard by
// its supervisor: panics, which then are panics here, and errors.
func throughChannels[In, Out any](p Processor[In, Out]) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, v In) (out Out, err error) {
		sup := new(hearing)
		all, err := kernel.Once(WithSupervisor(ctx, sup), v, p)
		switch failed := sup.err(); {
		case err != nil:
			return out, err
		case failed != nil:
			return out, failed
		case ctx.Err() != nil: // it may have been cut off
			return out, context.Cause(ctx)
		case len(all) == 0:
			return out, ErrNoOutput
		case len(all) > 1:
			return out, &severalItems[Out]{all}
		}
		return all[0], nil
	}
}

// hearing is the supervisor of a processor that is run for one item.
type hearing struct{ kernel.Shared[heard] }

type heard struct {
	errs   []error
	thrown *PanicError
}

// mostErrors is how many errors are kept of one item: the latest.
const mostErrors = 10

// ItemFailed keeps the error.
func (h *hearing) ItemFailed(_ context.Context, e *ItemError) { h.keep(e) }

// Failed keeps the error. A panic outranks all others.
func (h *hearing) Failed(err error) {
	if e, ok := errors.AsType[*PanicError](err); ok {
		h.Use(func(all *heard) { all.thrown = e })
		return
	}
	h.keep(err)
}

func (h *hearing) keep(err error) {
	h.Use(func(all *heard) { all.errs = latest(all.errs, err) })
}

// err joins the errors, nil if there was none, or panics with what the processor has panicked
// with.
func (h *hearing) err() (err error) {
	var thrown *PanicError
	h.Use(func(all *heard) { err, thrown = kernel.Join(all.errs...), all.thrown })
	if thrown != nil {
		panic(&kernel.Thrown{Value: thrown.Value, Stack: thrown.Stack})
	}
	return err
}

// latest appends an error to those of an item.
func latest(errs []error, err error) []error {
	if len(errs) == mostErrors {
		copy(errs, errs[1:])
		errs = errs[:mostErrors-1]
	}
	return append(errs, err)
}
