package ops

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// HedgeStats are the numbers of a [Hedge] since it was made.
type HedgeStats struct {
	Hedged int64 // further calls that were begun
	Won    int64 // items whose result is that of a further call
}

// Hedge calls a processor for each item, and calls it once more beside a call that has not
// returned after some time: the first call that succeeds gives the result. So a call that
// happens to be slow costs little more than that time. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while calls run, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand and its calls
//   - Cancels: drops what it holds when the calls in flight have returned
//
// How the processor is called, and what its workers are, is described at [Retry]. Its
// function has to bear that an item is called for twice, and is called by several goroutines
// at once. An item that it filters out is a success.
//
// When a call has succeeded the contexts of the others end, and they are waited for: a
// function has to heed its context, or the item takes as long as its slowest call. What the
// others give does not matter then. A call that fails ends no other one. If all have failed so
// has the item, with the errors joined, that of the first call first. A call that fails before
// the time has passed is not hedged: that is for a [Retry]. One that fails just then is.
//
// A panic of any call, or a Goexit, ends the others and is a failure as if there were only one.
// All calls for an item count as one attempt. No call begins after the end of the context.
type Hedge[In, Out any] struct {
	wrapper[In, Out]
	after time.Duration
	most  int
	book  *hedgeBook // nil in the zero value
}

// hedgeBook is what all runs of the value share.
type hedgeBook struct{ hedged, won atomic.Int64 }

// NewHedge makes a Hedge, named "hedge", around inner, which must not be nil, that hedges a call
// which takes longer than after. after must be positive. The clock is optional; without it the
// Hedge takes the clock of the run, or the real one.
//
//streamz:stage Hedge(inner Processor[In, Out], after time.Duration) NewHedge(inner, after)
//streamz:example flow.Of("1", "2").Hedge(ops.NewTryMapper(strconv.Atoi), time.Minute)
//streamz:output [1 2]
func NewHedge[In, Out any](inner Processor[In, Out], after time.Duration, clk ...Clock) *Hedge[In, Out] {
	h := &Hedge[In, Out]{wrapper: wrap("hedge", inner, clk), after: after, most: 1}
	h.needPositive("time before a further call", after)
	return h.anew()
}

// anew gives the Hedge numbers of its own.
func (h *Hedge[In, Out]) anew() *Hedge[In, Out] {
	h.book = new(hedgeBook)
	return h
}

// WithName gives a copy with another name. Like that of each option it has numbers of its own.
func (h *Hedge[In, Out]) WithName(name string) *Hedge[In, Out] {
	c := *h
	c.name = name
	return c.anew()
}

// WithMaxHedges gives a copy that makes up to n further calls for an item, instead of one: each
// when the time has passed since the one before began. n must be from 1 to 100.
func (h *Hedge[In, Out]) WithMaxHedges(n int) *Hedge[In, Out] {
	c := *h
	c.most = n
	if n < 1 || n > 100 {
		c.misuse("most further calls", n, "must be between 1 and 100")
	}
	return c.anew()
}

// WithTimeout gives a copy that limits each call to d, see [Retry.WithTimeout].
func (h *Hedge[In, Out]) WithTimeout(d time.Duration) *Hedge[In, Out] {
	c := *h
	c.limit(d)
	return c.anew()
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Calls
// for an item call it at once.
func (h *Hedge[In, Out]) FailWhen(fail func(Out) error) *Hedge[In, Out] {
	c := *h
	c.judge(fail)
	return c.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (h *Hedge[In, Out]) EmptyOK(ok bool) *Hedge[In, Out] {
	c := *h
	c.emptyOK = ok
	return c.anew()
}

// OnError gives a copy that hands each failed item to handle, one at a time. In a flow the
// stage's policy decides what happens then, and handle is told afterwards.
func (h *Hedge[In, Out]) OnError(handle func(context.Context, *ItemError)) *Hedge[In, Out] {
	c := *h
	c.onError(handle)
	return c.anew()
}

// Stats gives the numbers of all runs. It may be called at any time.
func (h *Hedge[In, Out]) Stats() HedgeStats {
	if h.book == nil {
		return HedgeStats{}
	}
	return HedgeStats{Hedged: h.book.hedged.Load(), Won: h.book.won.Load()}
}

// Call does for one item what Process does for each, see [Caller].
func (h *Hedge[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(h.results(ctx, in))
}

// Process runs the Hedge over channels, see [Processor].
func (h *Hedge[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, h.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (h *Hedge[In, Out]) Kernel() kernel.Spec[In, Out] {
	return h.spec(kernel.Spec[In, Out]{Self: h, Op: "Hedge", Nature: kernel.Helped}, true, h.do)
}

// results makes calls outside of a stage of this Hedge.
func (h *Hedge[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := h.err(); err != nil {
		return out, err
	}
	calls := kernel.Hedging(h.plan(h.alone(ctx)))
	defer calls.Close()
	return h.joined(ctx, calls, in)
}

// do keeps what makes the calls for the next item.
func (h *Hedge[In, Out]) do(ctx context.Context, p *pace, v In) (Out, error) {
	calls, ok := p.kept.(*kernel.Hedged[In, Out])
	if !ok {
		calls = kernel.HedgingIn(p.s, h.plan(p))
		p.kept = calls
	}
	return h.joined(ctx, calls, v)
}

func (h *Hedge[In, Out]) plan(p *pace) kernel.Hedge[In, Out] {
	return kernel.Hedge[In, Out]{
		Call:  func(ctx context.Context, v In) (Out, error) { return h.attempt(ctx, p, v) },
		Fork:  apart,
		Good:  h.succeeded,
		Began: func() { h.book.hedged.Add(1) },
		Won:   func() { h.book.won.Add(1) },
		Clock: p.clk, After: h.after, Most: h.most,
	}
}

// joined is the error of all calls. If the end of the context cut one off, nobody knows what
// would have come of the item.
func (h *Hedge[In, Out]) joined(ctx context.Context, calls *kernel.Hedged[In, Out], v In) (Out, error) {
	out, errs, err := calls.Do(ctx, v)
	if len(errs) == 0 {
		return out, err
	}
	for _, err := range errs {
		if cancelled(ctx, err) {
			return out, err
		}
	}
	return out, kernel.Join(errs...)
}

// apart derives the context of one of several calls for an item. When that is ended the call is
// cancelled, also where a limit around the calls would make it a failure.
func apart(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(ctx)
	given, limited := ctx.Value(limits{}).(context.Context)
	if !limited {
		return own, cancel
	}
	outer, cancelOuter := context.WithCancel(given)
	return within(own, outer), func() {
		cancelOuter()
		cancel()
	}
}
