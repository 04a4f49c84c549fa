package ops

import (
	"context"

	"github.com/go-streamz/streamz/internal/kernel"
)

// WeightedThrottle is a [Throttle] whose items cost different amounts, as bytes: it delays
// them so that no more than a number of units pass in a second, in order. It loses none.
//
//   - Emits: each item, when those before it have been paid for
//   - Holds: one item
//   - Backpressures: while an item waits for its time, or for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: drops the item in hand, and waits no longer
//
// The first item passes at once, and what it costs keeps the next one waiting: 3000 units
// at 1000 a second are three seconds. Time in which nothing came is kept for as many units
// as the burst, by default one. An item that costs more than the burst waits for all that
// can be kept, and the rest of its cost keeps the next one waiting.
//
// An item may cost nothing. One whose cost is negative fails and has no output, see
// [ItemError]. The function is called once an item, on one goroutine, and must
// not block.
type WeightedThrottle[T any] struct {
	base
	rate  float64
	burst int
	weigh func(T) int64
	clk   Clock
}

// NewWeightedThrottle makes a WeightedThrottle, named "weighted-throttle", for so many units
// a second, which must be a positive number. weigh gives what an item costs and must not be
// nil. The clock is optional; without it the WeightedThrottle takes the clock of the run, or
// the real one.
//
//streamz:stage ThrottleWeighted(perSecond float64, weigh func(T) int64) NewWeightedThrottle(perSecond, weigh)
//streamz:example flow.Of("a", "bb", "ccc").ThrottleWeighted(1e6, func(s string) int64 { return int64(len(s)) })
//streamz:output [a bb ccc]
//streamz:marble cbab---------a-------| f.ThrottleWeighted(100, func(s string) int64 { return int64(s[0]-'a') + 1 })
func NewWeightedThrottle[T any](perSecond float64, weigh func(T) int64, clk ...Clock) *WeightedThrottle[T] {
	t := &WeightedThrottle[T]{name: "weighted-throttle", rate: perSecond, burst: 1, weigh: weigh}
	t.clk = t.oneClock(clk)
	t.needRate(perSecond)
	t.needFunc(weigh == nil)
	return t
}

// WithName gives a copy with another name.
func (t *WeightedThrottle[T]) WithName(name string) *WeightedThrottle[T] {
	c := *t
	c.name = name
	return &c
}

// WithBurst gives a copy that lets items of n units together pass at once if there was time
// for them before, and at the beginning. n must be at least 1.
func (t *WeightedThrottle[T]) WithBurst(n int) *WeightedThrottle[T] {
	c := *t
	c.burst = n
	c.needBurst(n)
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (t *WeightedThrottle[T]) OnError(handle func(context.Context, *ItemError)) *WeightedThrottle[T] {
	c := *t
	c.onError(handle)
	return &c
}

// Process runs the WeightedThrottle over channels, see [Processor].
func (t *WeightedThrottle[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, t.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (t *WeightedThrottle[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: t, Name: t.name, Op: "ThrottleWeighted", Err: t.err(), Told: t.told,
		Calls: kernel.CallsFunc, Books: kernel.Mapped, Blocks: true, Clock: t.clk, Start: t.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (t *WeightedThrottle[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	pace, push, mark := newPacer(s, t.rate, t.burst), down.Push, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		mark.Enter()
		cost := t.weigh(v)
		if cost < 0 {
			return s.Fail(v, negative(cost))
		}
		if err := pace.next(cost); err != nil {
			s.Held++
			return err
		}
		return push(v)
	}}
}
