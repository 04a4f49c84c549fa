package ops

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// FallbackStats are the numbers of a [Fallback] since it was made.
type FallbackStats struct {
	Replaced int64 // items for which the function gave a result
	Failed   int64 // items for which it gave an error
}

// Fallback calls a processor for each item, and a function for an item that fails: what the
// function gives stands for the result. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item, else what the function gives
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while a call runs, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: drops what it holds when the calls in flight have returned
//
// How the processor is called, and what its workers are, is described at [Retry]. Workers
// call the function at once.
//
// The function gets the item and its error. If it fails too the item has failed, with both
// errors: errors.Is and errors.As reach each of them. It may give [ErrFiltered] to have the
// item discarded. It is not asked about an item that the processor filters out, about one
// that the end of the context cut off, nor after that end. A panic is no error: the function
// does not hear of it, and its own is one of the item.
type Fallback[In, Out any] struct {
	wrapper[In, Out]
	fn    func(context.Context, In, error) (Out, error)
	worth func(error) bool // nil for all
	book  *fallbackBook    // nil in the zero value
}

// fallbackBook is what all runs of the value share.
type fallbackBook struct{ replaced, failed atomic.Int64 }

// NewFallback makes a Fallback, named "fallback", around inner. Neither inner nor fn may be nil.
//
//streamz:stage Fallback(inner Processor[In, Out], fn func(context.Context, In, error) (Out, error)) NewFallback(inner, fn)
//streamz:example flow.Of("1", "x").Fallback(ops.NewTryMapper(strconv.Atoi), func(context.Context, string, error) (int, error) { return -1, nil })
//streamz:output [1 -1]
func NewFallback[In, Out any](inner Processor[In, Out], fn func(ctx context.Context, item In, err error) (Out, error)) *Fallback[In, Out] {
	f := &Fallback[In, Out]{wrapper: wrap("fallback", inner, nil), fn: fn}
	f.needFunc(fn == nil)
	return f.anew()
}

// anew gives the Fallback numbers of its own.
func (f *Fallback[In, Out]) anew() *Fallback[In, Out] {
	f.book = new(fallbackBook)
	return f
}

// WithName gives a copy with another name. Like that of each option it has numbers of its own.
func (f *Fallback[In, Out]) WithName(name string) *Fallback[In, Out] {
	c := *f
	c.name = name
	return c.anew()
}

// FallbackIf gives a copy whose function is asked about an error only if worth approves. Any
// other error is that of the item. Workers call worth at once.
func (f *Fallback[In, Out]) FallbackIf(worth func(error) bool) *Fallback[In, Out] {
	c := *f
	c.worth = worth
	if worth == nil {
		c.misuse("FallbackIf", nil, "must not be nil")
	}
	return c.anew()
}

// WithTimeout gives a copy that limits each call of the processor to d, see
// [Retry.WithTimeout]. The time of the function is not limited.
func (f *Fallback[In, Out]) WithTimeout(d time.Duration) *Fallback[In, Out] {
	c := *f
	c.limit(d)
	return c.anew()
}

// FailWhen gives a copy for which a result of the processor is a failure if fail gives an
// error for it. It is not asked about what the function gives. Workers call it at once.
func (f *Fallback[In, Out]) FailWhen(fail func(Out) error) *Fallback[In, Out] {
	c := *f
	c.judge(fail)
	return c.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (f *Fallback[In, Out]) EmptyOK(ok bool) *Fallback[In, Out] {
	c := *f
	c.emptyOK = ok
	return c.anew()
}

// OnError gives a copy that hands each failed item to handle, one at a time. In a flow the
// stage's policy decides what happens then, and handle is told afterwards.
func (f *Fallback[In, Out]) OnError(handle func(context.Context, *ItemError)) *Fallback[In, Out] {
	c := *f
	c.onError(handle)
	return c.anew()
}

// Stats gives the numbers of all runs. It may be called at any time.
func (f *Fallback[In, Out]) Stats() FallbackStats {
	if f.book == nil {
		return FallbackStats{}
	}
	return FallbackStats{Replaced: f.book.replaced.Load(), Failed: f.book.failed.Load()}
}

// Call does for one item what Process does for each, see [Caller].
func (f *Fallback[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(f.results(ctx, in))
}

// Process runs the Fallback over channels, see [Processor].
func (f *Fallback[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, f.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (f *Fallback[In, Out]) Kernel() kernel.Spec[In, Out] {
	return f.spec(kernel.Spec[In, Out]{Self: f, Op: "Fallback"}, false, f.do)
}

func (f *Fallback[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := f.err(); err != nil {
		return out, err
	}
	return f.do(ctx, f.alone(ctx), in)
}

func (f *Fallback[In, Out]) do(ctx context.Context, p *pace, v In) (Out, error) {
	out, err := f.attempt(ctx, p, v)
	if err == nil || !f.wanted(ctx, err) {
		return out, err
	}
	return f.instead(ctx, v, err)
}

// wanted tells whether the function is to be asked about what a call gave.
func (f *Fallback[In, Out]) wanted(ctx context.Context, err error) bool {
	return !f.succeeded(err) && ctx.Err() == nil && (f.worth == nil || f.worth(err))
}

// instead asks the function.
func (f *Fallback[In, Out]) instead(ctx context.Context, v In, cause error) (Out, error) {
	out, err := f.fn(ctx, v, cause)
	switch {
	case err == nil || errors.Is(err, ErrFiltered):
		f.book.replaced.Add(1)
		if err != nil {
			err = ErrFiltered
		}
	case !cancelled(ctx, err):
		f.book.failed.Add(1)
		err = both(cause, err)
	}
	return out, err
}

// both is the error of a call with that of its fallback, which may have it in it already.
func both(cause, err error) error {
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w; the fallback: %w", cause, err)
}
