package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// KeepAlive passes the items on, in order, and puts one of its own in when none came for
// some time, as the heartbeat of a connection.
//
//   - Emits: each item, the same value, and one of its own after each span without any
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// The span begins when the item before has been delivered, be it from the input or an own
// one, and with the run. So the first own item comes one span after the start if no other
// does, and while an item waits for the receiver there is none. An own item that is due
// in the moment in which another comes goes first.
//
// The function is called once for each own item, on the goroutine of the processor, and must
// not block. If it panics the run ends. A KeepAlive wakes at the end of each span, also on a
// stream that stays idle. In the books its own items are out and never in.
type KeepAlive[T any] struct {
	base
	idle time.Duration
	fn   func() T
	clk  Clock
}

// NewKeepAlive makes a KeepAlive, named "keep-alive", that puts what fn returns in when no
// item came for idle, which must be positive. fn must not be nil. The clock is optional;
// without it the KeepAlive takes the clock of the run, or the real one.
//
//streamz:stage KeepAlive(idle time.Duration, fn func() T) NewKeepAlive(idle, fn)
//streamz:example flow.Of("a", "b").KeepAlive(time.Minute, func() string { return "still here" })
//streamz:output [a b]
//streamz:marble ab-----c---------d--| f.KeepAlive(40*time.Millisecond, func() string { return "-" })
func NewKeepAlive[T any](idle time.Duration, fn func() T, clk ...Clock) *KeepAlive[T] {
	k := &KeepAlive[T]{name: "keep-alive", idle: idle, fn: fn}
	k.clk = k.oneClock(clk)
	k.needPositive("idle", idle)
	k.needFunc(fn == nil)
	return k
}

// WithName gives a copy with another name.
func (k *KeepAlive[T]) WithName(name string) *KeepAlive[T] {
	c := *k
	c.name = name
	return &c
}

// Process runs the KeepAlive over channels, see [Processor].
func (k *KeepAlive[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, k.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (k *KeepAlive[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: k, Name: k.name, Op: "KeepAlive", Err: k.err(),
		Timed: true, Clock: k.clk, Start: k.start,
	}
}

// keeping is the state of one run.
type keeping[T any] struct {
	*KeepAlive[T]
	s     *kernel.Stage
	push  func(T) error
	timer *kernel.Timer
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (k *KeepAlive[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &keeping[T]{KeepAlive: k, s: s, push: down.Push}
	r.timer = s.Timer(r.fire)
	s.OnStart(func() error {
		r.timer.Reset(k.idle)
		return nil
	})
	return kernel.Port[T]{
		Push: func(v T) error {
			s.In++
			s.Passed++
			return r.emit(v)
		},
		Signal: func(sig kernel.Signal) error {
			if sig.Kind == kernel.End {
				r.timer.Stop()
			}
			return down.Signal(sig)
		},
	}
}

func (r *keeping[T]) fire() error { return r.emit(r.fn()) }

// emit begins the next span when the item has been delivered.
func (r *keeping[T]) emit(v T) error {
	r.s.Out++
	if err := r.push(v); err != nil {
		return err
	}
	r.timer.Reset(r.idle)
	return nil
}
