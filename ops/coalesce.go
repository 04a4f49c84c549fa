package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Coalesce calls a processor for each item, unless a call for an item of the same key is in
// flight: then it waits for that one and takes what it comes to. Others know it as single
// flight. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item, or for one of the same key
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while a call runs, its own or the one it waits for, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: waits no longer, and drops what it holds when the calls in flight have returned
//
// How the processor is called, and what its workers are, is described at [Retry]. Without
// workers there is one call at a time in a run, so that only other runs can share it: all
// runs of the value do, and calls of [Coalesce.Call]. A copy that an option makes shares
// nothing with the one it was made of.
//
// All who share a call have its result, which is one and the same value, not to be changed
// by any of them; or its error, of which the policy of each stage decides for each item. A
// result that the processor filters out is one. The call is made for the first of the items:
// those of one key should be alike in what matters to the processor.
//
// Nobody fails for the sake of another one. A call is given up if it panics, ends its goroutine,
// or fails when the context of its own item has ended; then one of those who wait calls anew,
// and the others wait for that. One whose context ends waits no longer, and the call goes on. A
// call that does not return keeps those who wait for it until their own contexts end, so a call
// must not wait for another one of the same key.
//
// A key that is not equal to itself, as a NaN, is that of no other item. Workers call the key
// function at once; it must not block. No timer waits for a Coalesce.
type Coalesce[In, Out any, K comparable] struct {
	lookup[In, Out, K]
}

// CoalesceStats counts the calls of a [Coalesce].
type CoalesceStats struct {
	Calls  int64 // that have ended, however
	Shared int64 // items that took what the call for another one came to
}

// NewCoalesce makes a Coalesce, named "coalesce", around inner. Neither inner nor key may be nil.
//
//streamz:stage Coalesce
//streamz:example flow.Of("1", "2").Coalesce(ops.NewTryMapper(strconv.Atoi), strings.ToLower)
//streamz:output [1 2]
//streamz:marble aab-a----a------| f.Coalesce(ops.NewAsyncMapper(work).WithWorkers(4), func(s string) string { return s })
func NewCoalesce[In, Out any, K comparable](inner Processor[In, Out], key func(In) K) *Coalesce[In, Out, K] {
	c := &Coalesce[In, Out, K]{lookup: newLookup("coalesce", inner, key, nil)}
	return c.anew()
}

// anew gives the Coalesce calls of its own.
func (c *Coalesce[In, Out, K]) anew() *Coalesce[In, Out, K] {
	c.flights = newFlights[K, Out](flightRules{})
	return c
}

// WithName gives a copy with another name.
func (c *Coalesce[In, Out, K]) WithName(name string) *Coalesce[In, Out, K] {
	d := *c
	d.name = name
	return d.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (c *Coalesce[In, Out, K]) EmptyOK(ok bool) *Coalesce[In, Out, K] {
	d := *c
	d.emptyOK = ok
	return d.anew()
}

// OnError gives a copy that hands each failed item to handle, those that share an error as
// well, one at a time. In a flow the stage's policy decides what happens then, and handle is
// told afterwards.
func (c *Coalesce[In, Out, K]) OnError(handle func(context.Context, *ItemError)) *Coalesce[In, Out, K] {
	d := *c
	d.onError(handle)
	return d.anew()
}

// Stats gives the numbers of all runs. It may be called at any time, by anybody.
func (c *Coalesce[In, Out, K]) Stats() CoalesceStats {
	s := c.flights.counts()
	return CoalesceStats{Calls: s.Misses, Shared: s.Shared}
}

// Call does for one item what Process does for each, see [Caller].
func (c *Coalesce[In, Out, K]) Call(ctx context.Context, in In) (Out, error) {
	return single(c.results(ctx, in))
}

// Process runs the Coalesce over channels, see [Processor].
func (c *Coalesce[In, Out, K]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *Coalesce[In, Out, K]) Kernel() kernel.Spec[In, Out] {
	return c.spec(kernel.Spec[In, Out]{Self: c, Op: "Coalesce"}, true, c.do)
}
