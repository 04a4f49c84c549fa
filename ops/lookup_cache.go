package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// LookupCache calls a processor for each item, unless it knows from a call for an item of the
// same key what that gives: from one that was made a short while ago, or from one in flight, for
// which it waits as a [Coalesce] does. Results come in the order of the items.
//
//   - Emits: what the processor gives for each item, or has given for one of the same key
//   - Holds: one item, or as many as the workers of the processor do; and so many results at most as its limit
//   - Backpressures: while a call runs, its own or the one it waits for, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: waits no longer, drops what it holds when the calls in flight have returned, and keeps what it knows
//
// How the processor is called, and what its workers are, is described at [Retry]; what those
// have of a call who wait for it, at [Coalesce]. A result is one and the same value to all items
// that have it, not to be changed by any of them. That the processor has filtered an item out is
// a result too: what is not there is looked up once.
//
// A result is kept for a minute after its call has ended, unless [LookupCache.WithTTL] says
// otherwise, and no longer for being used. An item that comes just when it is as old as that is
// called for anew. An error is not kept, see [LookupCache.WithErrorTTL].
//
// Ten thousand results are kept, unless [LookupCache.WithMaxKeys] says otherwise. If there are
// more, the one that was not used in the longest time makes way, which [LookupCache.Stats] counts.
// One that has expired makes way for the next that comes if it was not used in the longest time.
//
// All runs of the value share what it knows, and so do calls of [LookupCache.Call]. A copy that
// an option makes begins with nothing. The time is that of the cache's clock, else of the run's,
// so runs at once need the same one.
//
// A key that is not equal to itself, as a NaN, is never known, and nothing is kept of it. Workers
// call the key function at once; it must not block. No timer waits for a LookupCache.
type LookupCache[In, Out any, K comparable] struct {
	lookup[In, Out, K]
	rules flightRules
}

// LookupStats counts the items of a [LookupCache].
type LookupStats struct {
	Hits    int64 // of which the result was known
	Misses  int64 // for which a call was made that has ended, however
	Shared  int64 // that took what the call in flight for another one came to
	Evicted int64 // results that made way before their time
}

// defaultResults are kept unless told otherwise.
const defaultResults = 10_000

// NewLookupCache makes a LookupCache, named "lookup-cache", around inner. Neither inner nor key may
// be nil. The clock is optional; without it the cache takes the clock of the run, or the real one.
//
//streamz:stage LookupCache(inner Processor[In, Out], key func(In) K) NewLookupCache(inner, key)
//streamz:example flow.Of("1", "2", "1").LookupCache(ops.NewTryMapper(strconv.Atoi), strings.ToLower)
//streamz:output [1 2 1]
//streamz:marble a-----a-b--------a-------| f.Then(ops.NewLookupCache(ops.NewCall(work), func(s string) string { return s }).WithTTL(100 * time.Millisecond))
func NewLookupCache[In, Out any, K comparable](inner Processor[In, Out], key func(In) K, clk ...Clock) *LookupCache[In, Out, K] {
	c := &LookupCache[In, Out, K]{lookup: newLookup("lookup-cache", inner, key, clk)}
	c.rules = flightRules{ttl: time.Minute, most: defaultResults}
	return c.anew()
}

// anew gives the cache a memory of its own.
func (c *LookupCache[In, Out, K]) anew() *LookupCache[In, Out, K] {
	c.flights = newFlights[K, Out](c.rules)
	return c
}

// WithName gives a copy with another name.
func (c *LookupCache[In, Out, K]) WithName(name string) *LookupCache[In, Out, K] {
	d := *c
	d.name = name
	return d.anew()
}

// WithTTL gives a copy that keeps a result for d, which must be positive. A [Coalesce] keeps none.
func (c *LookupCache[In, Out, K]) WithTTL(d time.Duration) *LookupCache[In, Out, K] {
	e := *c
	e.rules.ttl = d
	e.needPositive("TTL", d)
	return e.anew()
}

// WithErrorTTL gives a copy that keeps an error for d: items of the same key fail with it until
// then. d must not be negative; with 0, the default, an error is not kept.
func (c *LookupCache[In, Out, K]) WithErrorTTL(d time.Duration) *LookupCache[In, Out, K] {
	e := *c
	e.rules.errTTL = d
	if d < 0 {
		e.misuse("TTL of errors", d, "must not be negative")
	}
	return e.anew()
}

// WithMaxKeys gives a copy that keeps the results of n keys at most, errors included, from 1 to
// 1<<30.
func (c *LookupCache[In, Out, K]) WithMaxKeys(n int) *LookupCache[In, Out, K] {
	d := *c
	d.rules.most = n
	if n < 1 || n > mostKeys {
		d.misuse("maximum of keys", n, "must be between 1 and 1<<30")
	}
	return d.anew()
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Workers
// call it at once.
func (c *LookupCache[In, Out, K]) FailWhen(fail func(Out) error) *LookupCache[In, Out, K] {
	d := *c
	d.judge(fail)
	return d.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (c *LookupCache[In, Out, K]) EmptyOK(ok bool) *LookupCache[In, Out, K] {
	d := *c
	d.emptyOK = ok
	return d.anew()
}

// OnError gives a copy that hands each failed item to handle, those of an error that is shared
// or was kept as well, one at a time. In a flow the stage's policy decides what happens then, and
// handle is told afterwards.
func (c *LookupCache[In, Out, K]) OnError(handle func(context.Context, *ItemError)) *LookupCache[In, Out, K] {
	d := *c
	d.onError(handle)
	return d.anew()
}

// Forget drops what is known of a key, so that the next item of it is called for. What a call in
// flight comes to is not kept, and only those have it who wait for it already. It may be called
// at any time, by anybody.
func (c *LookupCache[In, Out, K]) Forget(key K) {
	if c.flights != nil { // made by its constructor
		c.flights.forget(key)
	}
}

// Stats gives the numbers of all runs. It may be called at any time, by anybody.
func (c *LookupCache[In, Out, K]) Stats() LookupStats { return c.flights.counts() }

// Call does for one item what Process does for each, see [Caller].
func (c *LookupCache[In, Out, K]) Call(ctx context.Context, in In) (Out, error) {
	return single(c.results(ctx, in))
}

// Process runs the LookupCache over channels, see [Processor].
func (c *LookupCache[In, Out, K]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, c.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (c *LookupCache[In, Out, K]) Kernel() kernel.Spec[In, Out] {
	return c.spec(kernel.Spec[In, Out]{Self: c, Op: "LookupCache"}, true, c.do)
}
