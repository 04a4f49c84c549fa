package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

const defaultDelayed = 1024 // items that a Delay holds

// Delay emits each item some time after it came, in order. The distances between the items
// stay as they are.
//
//   - Emits: each item, so long after it was read
//   - Holds: as many items as its buffer size, by default 1024, and one that waits
//   - Backpressures: while so many are held, or while an item waits for the receiver
//   - Completes: when the input ends, after what it holds, each item at its time
//   - Cancels: drops what it holds, and waits no longer
//
// The time of an item begins when the Delay reads it. So one that has to wait before it, be
// it because the buffer is full or because the receiver is slow, comes later by that. The
// buffer is to have room for what comes in the time of the delay: see
// [Delay.WithBufferSize]. Room is taken as it is needed.
//
// Barriers and watermarks follow the items before them and take a place in the buffer.
type Delay[T any] struct {
	base
	by   time.Duration
	size int
	clk  Clock
}

// NewDelay makes a Delay by d, named "delay". d must not be negative; with 0 the items
// pass at once. The clock is optional; without it the Delay takes the clock of the run, or
// the real one.
//
//streamz:stage Delay(d time.Duration) NewDelay[T](d)
//streamz:example flow.Of("a", "b").Delay(time.Millisecond)
//streamz:output [a b]
//streamz:marble a-b--(cd)--e--------| f.Delay(50 * time.Millisecond)
func NewDelay[T any](d time.Duration, clk ...Clock) *Delay[T] {
	y := &Delay[T]{name: "delay", by: d, size: defaultDelayed}
	y.clk = y.oneClock(clk)
	if d < 0 {
		y.misuse("delay", d, "must not be negative")
	}
	return y
}

// WithName gives a copy with another name.
func (y *Delay[T]) WithName(name string) *Delay[T] {
	c := *y
	c.name = name
	return &c
}

// WithBufferSize gives a copy that holds up to n items: from 1 to 1<<30.
func (y *Delay[T]) WithBufferSize(n int) *Delay[T] {
	c := *y
	c.size = n
	c.needDelayed(n)
	return &c
}

func (b *base) needDelayed(n int) {
	if n < 1 || n > maxBuffer {
		b.misuse("buffer size", n, "must be between 1 and 1<<30")
	}
}

// Process runs the Delay over channels, see [Processor].
func (y *Delay[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, y.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (y *Delay[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: y, Name: y.name, Op: "Delay", Err: y.err(),
		Blocks: y.by > 0, Timed: y.by > 0, Clock: y.clk, Start: y.start,
	}
}

func (y *Delay[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := newDelaying(s, down, y.size)
	return kernel.Port[T]{Signal: r.signal, Push: func(v T) error {
		s.In++
		return r.take(v, s.Segment().Now().Add(y.by))
	}}
}

// delaying is the state of one run of a processor that emits items when their time has
// come.
type delaying[T any] struct {
	s     *kernel.Stage
	down  kernel.Port[T]
	timer *kernel.Timer // for the oldest
	held  fifo[delayed[T]]
	size  int
}

// delayed is an item that waits for its time, or a signal behind the items before it.
type delayed[T any] struct {
	item T
	due  time.Time // zero for a signal
	sig  *kernel.Signal
}

func newDelaying[T any](s *kernel.Stage, down kernel.Port[T], size int) *delaying[T] {
	r := &delaying[T]{s: s, down: down, size: size}
	r.timer = s.Timer(r.emit)
	s.OnClose(func(error) error {
		for _, v := range r.held.all() {
			if v.sig == nil {
				s.Held++
			}
		}
		return nil
	})
	return r
}

// take accepts an item that has been booked in.
func (r *delaying[T]) take(v T, due time.Time) error {
	if r.held.len() == 0 && r.until(due) <= 0 {
		r.s.Passed++
		r.s.Out++
		return r.down.Push(v)
	}
	r.s.Held++ // until it has a place
	if err := r.keep(delayed[T]{item: v, due: due}); err != nil {
		return err
	}
	r.s.Held--
	return nil
}

// keep finds a place, for which it may have to wait until the oldest item has left.
func (r *delaying[T]) keep(v delayed[T]) error {
	if err := r.shrink(r.size - 1); err != nil {
		return err
	}
	r.held.add(v)
	if r.held.len() == 1 {
		r.timer.Reset(r.until(v.due))
	}
	return nil
}

// shrink waits until no more than so many are held.
func (r *delaying[T]) shrink(most int) error {
	for r.held.len() > most {
		if err := r.s.Wait(r.until(r.held.all()[0].due)); err != nil {
			return err
		}
		if err := r.emit(); err != nil {
			return err
		}
	}
	return nil
}

// emit sends whatever is due.
func (r *delaying[T]) emit() error {
	for r.held.len() > 0 {
		wait := r.until(r.held.all()[0].due)
		if wait > 0 {
			r.timer.Reset(wait)
			return nil
		}
		if err := r.next(); err != nil {
			return err
		}
	}
	r.timer.Stop()
	return nil
}

// next sends the oldest.
func (r *delaying[T]) next() error {
	v := r.held.all()[0]
	if v.sig != nil {
		r.held.drop(1)
		return r.down.Signal(*v.sig)
	}
	if err := r.s.Next(); err != nil {
		return err
	}
	r.held.drop(1)
	r.s.Passed++
	return r.down.Push(v.item)
}

// until is how long it is until a time.
func (r *delaying[T]) until(due time.Time) time.Duration { return due.Sub(r.s.Segment().Now()) }

func (r *delaying[T]) signal(sig kernel.Signal) error {
	switch {
	case sig.Kind == kernel.End:
		if err := r.shrink(0); err != nil {
			return err
		}
	case r.held.len() > 0:
		return r.keep(delayed[T]{sig: &sig})
	}
	return r.down.Signal(sig)
}
