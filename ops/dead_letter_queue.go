package ops

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DLQStats are the numbers of a [DeadLetterQueue] since it was made.
type DLQStats struct {
	Processed int64 // items that succeeded or became letters
	Succeeded int64
	Failed    int64 // letters
	Retried   int64 // calls that were repeated
	Lost      int64 // letters for which there was no room
}

// SuccessRate is the share of the items processed that succeeded, from 0 to 1, 0 of none.
func (s DLQStats) SuccessRate() float64 { return share(s.Succeeded, s.Processed) }

// FailureRate is the share of the items processed that became letters, from 0 to 1, 0 of none.
func (s DLQStats) FailureRate() float64 { return share(s.Failed, s.Processed) }

// DeadLetterQueue calls a processor for each item, and puts an item that fails for good aside,
// as a [Letter] with its error. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item that succeeds
//   - Holds: one item, or as many as the workers of the processor do, and 100 letters
//   - Backpressures: while a call runs, while it waits for the next, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand and its calls
//   - Cancels: waits no longer, and drops what it holds when the calls in flight have returned
//
// How the processor is called, what its workers are, and which errors are not worth another
// call, is described at [Retry]. By default no call is repeated, see MaxRetries.
//
// Letters never make the stream wait: they are kept for FailedItems, TakeLetters and Letters,
// by the value, for all its runs. When too many are kept the oldest goes, which is counted,
// and logged unless OnFailure is set, see WithFailedBufferSize. A copy that an option makes
// has letters and numbers of its own. An item that the end of the context cut off is no
// letter.
//
// An item that became a letter counts as DeadLettered in a report, and the stage's policy is
// not asked about it: it decides about panics alone. In [DeadLetterQueue.Call] it is an
// error that is [ErrFiltered] and wraps the cause, so that what is around goes on without it.
type DeadLetterQueue[In, Out any] struct {
	wrapper[In, Out]
	repeater repeater[In]
	tell     func(context.Context, Letter[In]) // nil if nobody asks
	stops    bool
	size     int
	book     *dlqBook[In] // nil in the zero value
}

// dlqBook is what all runs of the value share.
type dlqBook[T any] struct {
	letters                    *failedItems[T]
	succeeded, failed, retried atomic.Int64
}

// NewDeadLetterQueue makes a DeadLetterQueue, named "dead-letters", around inner, which must not
// be nil. The clock is optional; without it the queue takes the clock of the run, or the real
// one.
//
//streamz:stage DeadLetterQueue(inner Processor[In, Out]) NewDeadLetterQueue(inner)
//streamz:example flow.Of("1", "x", "2").DeadLetterQueue(ops.NewTryMapper(strconv.Atoi))
//streamz:output [1 2]
//streamz:marble e-a-d-b-d--| f.Then(ops.NewDeadLetterQueue(ops.NewCall(work)).WithTimeout(25 * time.Millisecond))
func NewDeadLetterQueue[In, Out any](inner Processor[In, Out], clk ...Clock) *DeadLetterQueue[In, Out] {
	q := &DeadLetterQueue[In, Out]{wrapper: wrap("dead-letters", inner, clk), size: 100}
	q.repeater = repeater[In]{
		attempts: 1,
		backoff:  kernel.Backoff{First: time.Second, Factor: 1},
		worth:    func(err error, _ int) bool { return !errors.Is(err, ErrCircuitOpen) },
	}
	return q.anew()
}

// anew gives the queue letters and numbers of its own.
func (q *DeadLetterQueue[In, Out]) anew() *DeadLetterQueue[In, Out] {
	book := &dlqBook[In]{letters: newFailedItems[In](q.size)}
	q.book = book
	q.repeater.counts = func() { book.retried.Add(1) }
	return q
}

// WithName gives a copy with another name.
func (q *DeadLetterQueue[In, Out]) WithName(name string) *DeadLetterQueue[In, Out] {
	c := *q
	c.name = name
	return c.anew()
}

// MaxRetries gives a copy that calls again up to n times for an item that fails. n must not be
// negative, and is 0 by default.
func (q *DeadLetterQueue[In, Out]) MaxRetries(n int) *DeadLetterQueue[In, Out] {
	c := *q
	c.repeater.attempts = n + 1
	if n < 0 {
		c.misuse("most retries", n, "must not be negative")
	}
	return c.anew()
}

// RetryDelay gives a copy that waits d before each repeated call, instead of a second. d must
// not be negative.
func (q *DeadLetterQueue[In, Out]) RetryDelay(d time.Duration) *DeadLetterQueue[In, Out] {
	c := *q
	c.repeater.backoff.First = d
	if d < 0 {
		c.misuse("retry delay", d, "must not be negative")
	}
	return c.anew()
}

// ShouldRetry gives a copy that calls again only for an error that worth approves. Workers call
// it at once. It is not asked after the last call, nor about a [Permanent] error.
func (q *DeadLetterQueue[In, Out]) ShouldRetry(worth func(error) bool) *DeadLetterQueue[In, Out] {
	c := *q
	c.repeater.worth = func(err error, _ int) bool { return worth(err) }
	if worth == nil {
		c.misuse("ShouldRetry", nil, "must not be nil")
	}
	return c.anew()
}

// OnRetry gives a copy that tells of each call that is to be repeated, see [Retry.OnRetry].
func (q *DeadLetterQueue[In, Out]) OnRetry(tell func(item In, attempt int, err error)) *DeadLetterQueue[In, Out] {
	c := *q
	c.repeater.onRetry = tell
	if tell == nil {
		c.misuse("OnRetry", nil, "must not be nil")
	}
	return c.anew()
}

// ContinueOnError gives a copy that goes on after a letter, which is the default, or whose
// first letter ends the run: a flow fails with the error, and over channels the output closes
// after the supervisor was told.
func (q *DeadLetterQueue[In, Out]) ContinueOnError(on bool) *DeadLetterQueue[In, Out] {
	c := *q
	c.stops = !on
	return c.anew()
}

// WithFailedBufferSize gives a copy that keeps up to n letters. n must be from 1 to 1<<20.
func (q *DeadLetterQueue[In, Out]) WithFailedBufferSize(n int) *DeadLetterQueue[In, Out] {
	c := *q
	c.size = n
	if n < 1 || n > maxWindow {
		c.misuse("failed buffer size", n, "must be between 1 and 1<<20")
		c.size = 1
	}
	return c.anew()
}

// OnFailure gives a copy that hands each letter to tell as well. A run tells of one at a time,
// and the item waits for it: what must not be lost belongs there.
func (q *DeadLetterQueue[In, Out]) OnFailure(tell func(context.Context, Letter[In])) *DeadLetterQueue[In, Out] {
	c := *q
	c.tell = tell
	if tell == nil {
		c.misuse("OnFailure", nil, "must not be nil")
	}
	return c.anew()
}

// OnError gives a copy that hands the error of each letter to handle, after OnFailure and
// after FailedItems, one at a time.
func (q *DeadLetterQueue[In, Out]) OnError(handle func(context.Context, *ItemError)) *DeadLetterQueue[In, Out] {
	c := *q
	c.onError(handle)
	return c.anew()
}

// WithTimeout gives a copy that limits each call to d, see [Retry.WithTimeout].
func (q *DeadLetterQueue[In, Out]) WithTimeout(d time.Duration) *DeadLetterQueue[In, Out] {
	c := *q
	c.limit(d)
	return c.anew()
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Workers
// call it at once.
func (q *DeadLetterQueue[In, Out]) FailWhen(fail func(Out) error) *DeadLetterQueue[In, Out] {
	c := *q
	c.judge(fail)
	return c.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (q *DeadLetterQueue[In, Out]) EmptyOK(ok bool) *DeadLetterQueue[In, Out] {
	c := *q
	c.emptyOK = ok
	return c.anew()
}

// FailedItems gives the letters over a channel, also those that are kept from before. It may be
// called at any time. The channel is closed when no run of the value goes on any more: if it
// is asked for the first time after a run it is closed already, and has what that left.
// Whoever asks again while it is open gets the same one.
//
// It has room for as many letters as are kept, see WithFailedBufferSize. Nothing waits for
// its receiver: when it is full the oldest letter goes.
func (q *DeadLetterQueue[In, Out]) FailedItems() <-chan Letter[In] {
	return q.shared().letters.channel()
}

// Letters are those that are kept: neither taken nor given over FailedItems.
func (q *DeadLetterQueue[In, Out]) Letters() iter.Seq[Letter[In]] {
	return func(yield func(Letter[In]) bool) { slices.Values(q.shared().letters.letters())(yield) }
}

// TakeLetters gives the letters that are kept, the oldest first, and keeps them no longer.
func (q *DeadLetterQueue[In, Out]) TakeLetters() []Letter[In] {
	return q.shared().letters.take()
}

// Stats gives the numbers of all runs. It may be called at any time.
func (q *DeadLetterQueue[In, Out]) Stats() DLQStats {
	b := q.shared()
	s := DLQStats{Succeeded: b.succeeded.Load(), Failed: b.failed.Load(), Retried: b.retried.Load(), Lost: b.letters.losses()}
	s.Processed = s.Succeeded + s.Failed
	return s
}

// shared is the book, for the zero value an empty one.
func (q *DeadLetterQueue[In, Out]) shared() *dlqBook[In] {
	if q.book == nil {
		return &dlqBook[In]{letters: newFailedItems[In](1)}
	}
	return q.book
}

// Call does for one item what Process does for each, see [Caller].
func (q *DeadLetterQueue[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(q.results(ctx, in))
}

// Process runs the DeadLetterQueue over channels, see [Processor].
func (q *DeadLetterQueue[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, q.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (q *DeadLetterQueue[In, Out]) Kernel() kernel.Spec[In, Out] {
	return q.spec(kernel.Spec[In, Out]{
		Self: q, Op: "DeadLetterQueue", Decides: q.decide, Wired: q.shared().letters.enter,
	}, true, q.do)
}

func (q *DeadLetterQueue[In, Out]) do(ctx context.Context, p *pace, v In) (Out, error) {
	out, err := q.attempt(ctx, p, v)
	if err != nil {
		out, err = q.repeater.repeated(ctx, &q.wrapper, p, v, out, err)
	}
	if err == nil || q.succeeded(err) {
		q.book.succeeded.Add(1)
	}
	return out, err
}

// decide writes the letter in place of a policy.
func (q *DeadLetterQueue[In, Out]) decide(ctx context.Context, f *kernel.Fault, _ error) kernel.Verdict {
	item, _ := f.Item.(In) // an item that is a nil interface gives the zero In
	l := Letter[In]{Item: item, Err: f.Err, Stage: f.Stage.Name(), Attempts: f.Attempt, Time: f.Stage.Time()}
	q.write(ctx, f.Stage.Segment().Run().Logger(), l)
	if q.stops {
		return kernel.Verdict{}
	}
	return kernel.Verdict{Action: kernel.Aside}
}

// write keeps a letter and tells of it.
func (q *DeadLetterQueue[In, Out]) write(ctx context.Context, log *slog.Logger, l Letter[In]) {
	lost := q.book.letters.put(l)
	q.book.failed.Add(1)
	if q.tell != nil {
		q.tell(ctx, l)
		return
	}
	warnLost(ctx, log, l.Stage, lost)
}

// results writes the letter of an item that is in no stage of this queue.
func (q *DeadLetterQueue[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := q.err(); err != nil {
		return out, err
	}
	p := q.alone(ctx)
	out, err = q.do(ctx, p, in)
	if q.succeeded(err) || cancelled(ctx, err) {
		return out, err
	}
	q.write(ctx, slog.Default(), Letter[In]{Item: in, Err: err, Stage: q.name, Attempts: p.calls, Time: p.clk.Now()})
	if q.stops {
		return out, err
	}
	return out, fmt.Errorf("%w: %w", ErrFiltered, err)
}
