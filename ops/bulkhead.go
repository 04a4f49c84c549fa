package ops

import (
	"context"
	"errors"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ErrBulkheadFull is the error of an item that a [Bulkhead] has not even tried.
var ErrBulkheadFull = errors.New("the bulkhead is full")

// BulkheadStats are the numbers of a [Bulkhead].
type BulkheadStats struct {
	InFlight int   // calls that run
	Waiting  int   // calls that wait
	Rejected int64 // items that were not tried, since it was made
}

// Bulkhead calls a processor for each item, with a limit on how many calls run at once: of all
// runs of the value and of all their workers. So what is called is not swamped, however many
// use it. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while a call waits or runs, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: waits no longer, and drops what it holds when the calls in flight have returned
//
// How the processor is called, and what its workers are, is described at [Retry]. An item
// keeps its place among the calls until its call has returned, and not while its result waits
// for a receiver.
//
// A call for which there is no place waits, and places are given in the order in which calls
// came. Each worker waits with one item, so by default there is no limit to those who wait:
// see WithQueue, and WithMaxWait for how long. An item that may not wait fails with
// [ErrBulkheadFull]. One whose context ends gives up its place in the queue.
//
// All runs of the value share its places, and so do calls of [Bulkhead.Call]. A copy that an
// option makes has places of its own. A call must not wait for another one of the same
// Bulkhead, which may have no place.
type Bulkhead[In, Out any] struct {
	wrapper[In, Out]
	most  int           // calls at once
	queue int           // negative for no limit
	wait  time.Duration // 0 for no limit
	slots *kernel.Slots // nil in the zero value
}

// NewBulkhead makes a Bulkhead, named "bulkhead", around inner, which must not be nil, that
// makes at most limit calls at once. limit must be at least 1. The clock is optional; without
// it the Bulkhead takes the clock of the run, or the real one.
//
//streamz:stage Bulkhead(inner Processor[In, Out], limit int) NewBulkhead(inner, limit)
//streamz:example flow.Of("1", "2").Bulkhead(ops.NewTryMapper(strconv.Atoi), 1)
//streamz:output [1 2]
//streamz:marble abcde----------| f.Then(ops.NewBulkhead(ops.NewAsyncMapper(work).WithWorkers(5), 2))
func NewBulkhead[In, Out any](inner Processor[In, Out], limit int, clk ...Clock) *Bulkhead[In, Out] {
	b := &Bulkhead[In, Out]{wrapper: wrap("bulkhead", inner, clk), most: limit, queue: -1}
	if limit < 1 {
		b.misuse("limit", limit, "must be at least 1")
	}
	return b.anew()
}

// anew gives the Bulkhead places of its own.
func (b *Bulkhead[In, Out]) anew() *Bulkhead[In, Out] {
	b.slots = kernel.NewSlots(b.most, b.queue)
	return b
}

// WithName gives a copy with another name. Like that of each option it has places of its own.
func (b *Bulkhead[In, Out]) WithName(name string) *Bulkhead[In, Out] {
	c := *b
	c.name = name
	return c.anew()
}

// WithQueue gives a copy in which at most n calls wait. The items of further ones fail with
// [ErrBulkheadFull]. n must not be negative; with 0 none waits.
func (b *Bulkhead[In, Out]) WithQueue(n int) *Bulkhead[In, Out] {
	c := *b
	c.queue = n
	if n < 0 {
		c.misuse("queue", n, "must not be negative")
	}
	return c.anew()
}

// WithMaxWait gives a copy in which a call waits for less than d, by the clock: an item that
// has no place by then fails with [ErrBulkheadFull]. d must be positive.
func (b *Bulkhead[In, Out]) WithMaxWait(d time.Duration) *Bulkhead[In, Out] {
	c := *b
	c.wait = d
	c.needPositive("largest wait", d)
	return c.anew()
}

// WithTimeout gives a copy that limits each call to d, see [Retry.WithTimeout]. The time in
// which it waits does not count.
func (b *Bulkhead[In, Out]) WithTimeout(d time.Duration) *Bulkhead[In, Out] {
	c := *b
	c.limit(d)
	return c.anew()
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Workers
// call it at once.
func (b *Bulkhead[In, Out]) FailWhen(fail func(Out) error) *Bulkhead[In, Out] {
	c := *b
	c.judge(fail)
	return c.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (b *Bulkhead[In, Out]) EmptyOK(ok bool) *Bulkhead[In, Out] {
	c := *b
	c.emptyOK = ok
	return c.anew()
}

// OnError gives a copy that hands each failed item to handle, those that were not tried as
// well, one at a time. In a flow the stage's policy decides what happens then, and handle is
// told afterwards.
func (b *Bulkhead[In, Out]) OnError(handle func(context.Context, *ItemError)) *Bulkhead[In, Out] {
	c := *b
	c.onError(handle)
	return c.anew()
}

// Stats gives the numbers of all runs. It may be called at any time.
func (b *Bulkhead[In, Out]) Stats() BulkheadStats {
	if b.slots == nil {
		return BulkheadStats{}
	}
	n := b.slots.Counts()
	return BulkheadStats{InFlight: n.Taken, Waiting: n.Waiting, Rejected: n.Refused}
}

// Call does for one item what Process does for each, see [Caller].
func (b *Bulkhead[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(b.results(ctx, in))
}

// Process runs the Bulkhead over channels, see [Processor].
func (b *Bulkhead[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (b *Bulkhead[In, Out]) Kernel() kernel.Spec[In, Out] {
	return b.spec(kernel.Spec[In, Out]{Self: b, Op: "Bulkhead"}, true, b.do)
}

func (b *Bulkhead[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := b.err(); err != nil {
		return out, err
	}
	return b.do(ctx, b.alone(ctx), in)
}

func (b *Bulkhead[In, Out]) do(ctx context.Context, p *pace, v In) (out Out, err error) {
	switch ok, err := p.enter(ctx, b.slots, b.wait); {
	case err != nil:
		return out, err
	case !ok:
		return out, ErrBulkheadFull
	}
	defer b.slots.Leave()
	return b.attempt(ctx, p, v)
}
