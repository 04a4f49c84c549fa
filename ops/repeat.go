package ops

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Permanent marks an error as final: what repeats calls does not repeat one that returns it.
// It has the text of err, and errors.Is and errors.As reach err. Permanent of nil is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

func final(err error) bool {
	_, ok := errors.AsType[*permanent](err)
	return ok
}

// repeater says how calls are repeated: it is what Retry and DeadLetterQueue have in common.
type repeater[In any] struct {
	attempts int
	backoff  kernel.Backoff
	random   func() float64                  // nil for the source of the system
	worth    func(err error, n int) bool     // whether to call again after the nth call
	onRetry  func(v In, n int, err error)    // nil if nobody asks
	remake   func(v In, n int, err error) In // the item of the next call, nil for the same
	counts   func()                          // a call is repeated, nil if nobody counts
}

// calls are those made for one item.
type calls[In any] struct {
	item In // as it came
	last In // what the last call was given
	n    int
	errs []error // the latest of them
}

// repeated goes on after the first call of w for an item, until one succeeds or there is no
// reason for another.
func (r *repeater[In]) repeated[Out any](ctx context.Context, w *wrapper[In, Out], p *pace, v In, out Out, err error) (Out, error) {
	c := calls[In]{item: v, last: v, n: 1}
	for ; !w.succeeded(err) && !cancelled(ctx, err); c.n++ {
		c.errs = latest(c.errs, err)
		if err := r.next(ctx, p, &c); err != nil {
			return out, err
		}
		out, err = w.attempt(ctx, p, c.last)
	}
	return out, err
}

// next waits for the next call, or gives the error of the item.
func (r *repeater[In]) next(ctx context.Context, p *pace, c *calls[In]) error {
	err := c.errs[len(c.errs)-1]
	if c.n >= r.attempts || final(err) {
		return tries(c.errs)
	}
	if ctx.Err() != nil { // no function is called any more
		return ended(ctx, c.errs, context.Cause(ctx))
	}
	if !r.worth(err, c.n) {
		return tries(c.errs)
	}
	if err := r.pause(ctx, p, c, err); err != nil {
		return ended(ctx, c.errs, err)
	}
	if r.remake != nil {
		c.last = r.remake(c.last, c.n, err)
	}
	if p.repeat(); r.counts != nil {
		r.counts()
	}
	return nil
}

// pause waits before the next call.
func (r *repeater[In]) pause(ctx context.Context, p *pace, c *calls[In], err error) error {
	if r.onRetry != nil {
		r.onRetry(c.last, c.n, err)
	}
	p.failed(c.item, err)
	return p.wait(ctx, r.backoff.Before(c.n, r.share()))
}

// share is by how much of the jitter a wait is shortened.
func (r *repeater[In]) share() float64 {
	switch {
	case r.backoff.Jitter == 0:
		return 0
	case r.random == nil:
		return rand.Float64()
	}
	if share := r.random(); share >= 0 && share <= 1 {
		return share
	}
	return 0
}

// ended is the error of an item whose context ended before its next call: that of the stream
// alone, which makes it no failure, or of a limit around the calls, which does.
func ended(ctx context.Context, errs []error, cause error) error {
	if unlimited(ctx).Err() != nil {
		return cause
	}
	return tries(latest(errs, cause))
}

// tried is the last error of several calls for one item, with those before it.
type tried struct{ errs []error }

func tries(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return &tried{errs}
}

// Error is the text of the last one.
func (t *tried) Error() string { return t.errs[len(t.errs)-1].Error() }

// Unwrap gives them all, in order.
func (t *tried) Unwrap() []error { return t.errs }
