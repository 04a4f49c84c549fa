package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// lookup is what Coalesce and LookupCache have in common: a processor is called for a key, and
// several items of the same key may be answered by one call.
type lookup[In, Out any, K comparable] struct {
	wrapper[In, Out]
	key     func(In) K
	flights *flights[K, Out] // nil in the zero value
}

func newLookup[In, Out any, K comparable](name string, inner Processor[In, Out], key func(In) K, clk []Clock) lookup[In, Out, K] {
	l := lookup[In, Out, K]{wrapper: wrap(name, inner, clk), key: key}
	if key == nil {
		l.misuse("key function", nil, "must not be nil")
	}
	return l
}

func (l *lookup[In, Out, K]) results(ctx context.Context, in In) (out Out, err error) {
	if err := l.err(); err != nil {
		return out, err
	}
	return l.do(ctx, l.alone(ctx), in)
}

// do asks anew after a call that it has waited for was given up.
func (l *lookup[In, Out, K]) do(ctx context.Context, p *pace, v In) (out Out, err error) {
	key := l.key(v)
	if !reflexive(key) { // nobody else could ask for it
		defer l.flights.lone()
		return l.attempt(ctx, p, v)
	}
	for {
		var kept outcome[Out]
		own, with := l.flights.ask(p.clk, key, &kept)
		switch {
		case own != nil:
			return l.lead(ctx, p, own, v)
		case with == nil:
			return kept.out, kept.err
		}
		if err := p.await(ctx, with.latch); err != nil {
			return out, err
		}
		if with.ended {
			l.flights.met()
			return with.out, with.err
		}
	}
}

// lead calls for an item and for those who wait. They have nothing of a call that does not
// return, by a panic or a Goexit, nor of one that may have failed because the context of this
// item has ended.
func (l *lookup[In, Out, K]) lead(ctx context.Context, p *pace, own *flight[K, Out], v In) (out Out, err error) {
	ended, failed := false, false
	defer func() { l.flights.land(p.clk, own, outcome[Out]{out, err}, ended, failed) }()
	out, err = l.attempt(ctx, p, v)
	failed = !l.succeeded(err)
	ended = !failed || ctx.Err() == nil
	return out, err
}

// await waits for a moment.
func (p *pace) await(ctx context.Context, l kernel.Latch) error {
	if p.s == nil {
		return l.Wait(ctx)
	}
	return p.s.Await(ctx, l)
}
