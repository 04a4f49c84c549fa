package ops

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Retry calls a processor for each item, and calls it again for an item that fails, until it
// succeeds or has been called a number of times. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item, when it has succeeded
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while a call runs, while it waits for the next, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand and its calls
//   - Cancels: waits no longer, and drops what it holds when the calls in flight have returned
//
// A [Caller] is called directly. If it is an [AsyncMapper], or wraps one, the Retry has its
// workers, its buffer and its order: an item that waits for its next call keeps one worker,
// and those behind it go on with the others. Without workers they wait too. The handler of
// the processor is not told of errors, and its clock and name do not matter.
//
// Any other processor is run for each item by itself, over a channel that has this item and
// then ends, until it closes its output. Its errors are what it tells its [Supervisor]; what
// it has given is delivered, in order, when it has ended without one. If it gives nothing
// that is the failure [ErrNoOutput], see [Retry.EmptyOK].
//
// Before its nth call, n from 2 on, an item waits base * factor^(n-2), but no longer than the
// largest delay, and by default a random part of the second half of that less. The defaults
// are 100 ms, 2 and 30 s. No call is repeated whose error is [Permanent] or, unless RetryIf
// is set, [ErrCircuitOpen], and none after the end of the context. A panic is not repeated.
// Each call for an item is given that item, unless WithNext makes another one of it.
//
// An item that has failed for good has no output. Its error is the last one, errors.Is and
// errors.As reach up to nine before it, and it tells how many calls were made, see
// [ItemError]. In a flow the stage's policy decides about it then. The calls repeated are
// counted as Retried in a report. No timer waits for a Retry.
type Retry[In, Out any] struct {
	wrapper[In, Out]
	repeater repeater[In]
}

// NewRetry makes a Retry, named "retry", that calls inner up to attempts times for an item, the
// first included. inner must not be nil, and attempts at least 1. The clock is optional; without
// it the Retry takes the clock of the run, or the real one.
//
//streamz:stage Retry(inner Processor[In, Out], attempts int) NewRetry(inner, attempts)
//streamz:example flow.Of("1", "2").Retry(ops.NewTryMapper(strconv.Atoi), 3)
//streamz:output [1 2]
//streamz:marble e--a-d-------| f.Then(ops.NewRetry(ops.NewCall(work), 2).WithTimeout(26 * time.Millisecond).WithBackoff(12*time.Millisecond, 1).WithJitter(false)).OnError(flow.Skip())
func NewRetry[In, Out any](inner Processor[In, Out], attempts int, clk ...Clock) *Retry[In, Out] {
	r := &Retry[In, Out]{wrapper: wrap("retry", inner, clk)}
	r.repeater = repeater[In]{
		attempts: attempts,
		backoff:  kernel.Backoff{First: 100 * time.Millisecond, Factor: 2, Most: 30 * time.Second, Jitter: 0.5},
		worth:    func(err error, _ int) bool { return !errors.Is(err, ErrCircuitOpen) },
	}
	if attempts < 1 {
		r.misuse("attempts", attempts, "must be at least 1")
	}
	return r
}

// WithName gives a copy with another name.
func (r *Retry[In, Out]) WithName(name string) *Retry[In, Out] {
	c := *r
	c.name = name
	return &c
}

// WithBackoff gives a copy that waits base before the second call for an item, and factor
// times as long before each one after that. base must not be negative, and with 0 nothing
// waits. factor must be at least 1.
func (r *Retry[In, Out]) WithBackoff(base time.Duration, factor float64) *Retry[In, Out] {
	c := *r
	c.repeater.backoff.First, c.repeater.backoff.Factor = base, factor
	if base < 0 {
		c.misuse("base of the backoff", base, "must not be negative")
	}
	if !(factor >= 1) || math.IsInf(factor, 1) { // which NaN is not
		c.misuse("factor of the backoff", factor, "must be a number of at least 1")
	}
	return &c
}

// WithMaxDelay gives a copy that waits no longer than d before a call. d must be positive.
func (r *Retry[In, Out]) WithMaxDelay(d time.Duration) *Retry[In, Out] {
	c := *r
	c.repeater.backoff.Most = d
	if d <= 0 {
		c.misuse("largest delay", d, "must be positive")
	}
	return &c
}

// WithJitter gives a copy that shortens each wait at random by up to half of it, which is the
// default, so that those who failed together do not come back together; or that waits exactly.
func (r *Retry[In, Out]) WithJitter(jitter bool) *Retry[In, Out] {
	c := *r
	c.repeater.backoff.Jitter = 0
	if jitter {
		c.repeater.backoff.Jitter = 0.5
	}
	return &c
}

// WithRandom gives a copy whose jitter comes from random, which gives numbers from 0 to 1: 0
// for the longest wait, 1 for the shortest. Workers, and runs at once, call it at once.
// Without it the jitter comes from package math/rand/v2.
func (r *Retry[In, Out]) WithRandom(random func() float64) *Retry[In, Out] {
	c := *r
	c.repeater.random = random
	if random == nil {
		c.misuse("WithRandom", nil, "must not be nil")
	}
	return &c
}

// WithTimeout gives a copy that limits each call to d, by the clock: the context of the call
// ends then, and the call has failed if it returns that context's error. It is waited for in
// any case, so that no item is in two calls at once. d must not be negative, and 0 is no
// limit.
func (r *Retry[In, Out]) WithTimeout(d time.Duration) *Retry[In, Out] {
	c := *r
	c.limit(d)
	return &c
}

// RetryIf gives a copy that calls again only if worth approves. It is given the error and the
// number of calls made so far for the item. Workers call it at once. It is not asked after
// the last call, nor about a [Permanent] error.
func (r *Retry[In, Out]) RetryIf(worth func(err error, attempt int) bool) *Retry[In, Out] {
	c := *r
	c.repeater.worth = worth
	if worth == nil {
		c.misuse("RetryIf", nil, "must not be nil")
	}
	return &c
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Workers
// call it at once.
func (r *Retry[In, Out]) FailWhen(fail func(Out) error) *Retry[In, Out] {
	c := *r
	c.judge(fail)
	return &c
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error: nothing comes of the item then, and it counts as filtered.
// By default it has failed, with [ErrNoOutput].
func (r *Retry[In, Out]) EmptyOK(ok bool) *Retry[In, Out] {
	c := *r
	c.emptyOK = ok
	return &c
}

// WithNext gives a copy whose next call for an item is given what next makes of the last one:
// of the item that this was given, the number of calls made so far, and its error. That may be
// the rest of a batch of which some is done, a request for another host, or one from another
// place on. Without it each call is given the item itself. next is called right before the
// call, after the wait, and workers call it at once.
//
// An item that fails for good is told of as it came, in its error and as a letter. In Akka and
// Pekko this is RetryFlow.
func (r *Retry[In, Out]) WithNext(next func(item In, attempt int, err error) In) *Retry[In, Out] {
	c := *r
	c.repeater.remake = next
	if next == nil {
		c.misuse("WithNext", nil, "must not be nil")
	}
	return &c
}

// OnRetry gives a copy that tells of each call that is to be repeated, before the wait: tell
// is given the item of the last call, the number of calls made so far, and its error. The item
// waits for it. Workers call it at once.
func (r *Retry[In, Out]) OnRetry(tell func(item In, attempt int, err error)) *Retry[In, Out] {
	c := *r
	c.repeater.onRetry = tell
	if tell == nil {
		c.misuse("OnRetry", nil, "must not be nil")
	}
	return &c
}

// OnError gives a copy that hands each item that has failed for good to handle, one at a
// time. In a flow the stage's policy decides what happens then, and handle is told
// afterwards.
func (r *Retry[In, Out]) OnError(handle func(context.Context, *ItemError)) *Retry[In, Out] {
	c := *r
	c.onError(handle)
	return &c
}

// Call does for one item what Process does for each, see [Caller].
func (r *Retry[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(r.results(ctx, in))
}

// Process runs the Retry over channels, see [Processor].
func (r *Retry[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, r.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (r *Retry[In, Out]) Kernel() kernel.Spec[In, Out] {
	return r.spec(kernel.Spec[In, Out]{Self: r, Op: "Retry"}, true, r.do)
}

func (r *Retry[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := r.err(); err != nil {
		return out, err
	}
	return r.do(ctx, r.alone(ctx), in)
}

func (r *Retry[In, Out]) do(ctx context.Context, p *pace, v In) (Out, error) {
	out, err := r.attempt(ctx, p, v)
	if err != nil {
		return r.repeater.repeated(ctx, &r.wrapper, p, v, out, err)
	}
	return out, nil
}
