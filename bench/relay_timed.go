package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/ops"
)

// The goroutines that one writes by hand for the processors with a clock.

// byHandTimed is byHand for a processor with a timer, at which it calls fire.
func byHandTimed[In, Out any](
	start func(timer *time.Timer, send func(Out) bool) (push func(In) bool, fire func() bool, end func()),
) ops.Processor[In, Out] {
	return ops.ProcessorFunc[In, Out](func(ctx context.Context, in <-chan In) <-chan Out {
		out := make(chan Out)
		timer := time.NewTimer(time.Hour)
		push, fire, end := start(timer, sender(ctx, out))
		go func() {
			defer close(out)
			defer timer.Stop()
			if receiveTimed(ctx, in, timer.C, push, fire) {
				end()
			}
		}()
		return out
	})
}

// receiveTimed is receiveAll with a timer.
func receiveTimed[T any](ctx context.Context, in <-chan T, rings <-chan time.Time, push func(T) bool, fire func() bool) bool {
	for {
		select {
		case v, more := <-in:
			if !more {
				return true
			}
			if !push(v) {
				return false
			}
		case <-rings:
			if !fire() {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
}

// windowByHand groups by the time at which items come.
func windowByHand(size time.Duration) ops.Processor[int, ops.Window[int]] {
	return byHandTimed(func(timer *time.Timer, send func(ops.Window[int]) bool) (push func(int) bool, fire func() bool, end func()) {
		var open ops.Window[int]
		flush := func() bool {
			full := open
			open = ops.Window[int]{}
			return len(full.Items) == 0 || send(full)
		}
		push = func(v int) bool {
			if now := time.Now(); !now.Before(open.End) || now.Before(open.Start) {
				if !flush() {
					return false
				}
				open.Start = now.Truncate(size)
				open.End = open.Start.Add(size)
				timer.Reset(open.End.Sub(now))
			}
			open.Items = append(open.Items, v)
			return true
		}
		return push, flush, func() { flush() }
	})
}

// throttleByHand lets no more than one item pass in an interval.
func throttleByHand(interval time.Duration) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		began, next := time.Now(), time.Duration(0)
		relay := byHand(func(send func(int) bool) (func(int) bool, func()) {
			return func(v int) bool {
				now := time.Since(began)
				if !pause(ctx, next-now) {
					return false
				}
				next = max(next, now) + interval
				return send(v)
			}, nil
		})
		return relay.Process(ctx, in)
	})
}

// pause waits, and tells whether the context has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// timeoutByHand fails if no item comes for so long. It looks when that may be, so that the
// timer is not set for each item.
func timeoutByHand(idle time.Duration) ops.Processor[int, int] {
	return byHandTimed(func(timer *time.Timer, send func(int) bool) (push func(int) bool, fire func() bool, end func()) {
		timer.Reset(idle)
		last := time.Now()
		push = func(v int) bool {
			sent := send(v)
			last = time.Now() // the receiver may have been slow
			return sent
		}
		fire = func() bool {
			left := idle - time.Since(last)
			timer.Reset(left)
			return left > 0
		}
		return push, fire, func() {}
	})
}

// monitorByHand tells at each interval how many items there were, also while one waits.
func monitorByHand(interval time.Duration) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		out, m := make(chan int), &monitor{rings: time.NewTicker(interval)}
		go func() {
			defer close(out)
			defer m.rings.Stop()
			defer m.report(0)
			idle := func() bool {
				m.report(0)
				return true
			}
			receiveTimed(ctx, in, m.rings.C, func(v int) bool { return m.send(ctx, out, v) }, idle)
		}()
		return out
	})
}

// monitor is the state of a monitorByHand.
type monitor struct {
	rings  *time.Ticker
	count  int64
	newest atomic.Pointer[ops.StreamStats]
}

func (m *monitor) report(stalled time.Duration) {
	m.newest.Store(&ops.StreamStats{LastUpdate: time.Now(), Count: m.count, Stalled: stalled})
}

func (m *monitor) send(ctx context.Context, out chan<- int, v int) bool {
	for since := time.Now(); ; {
		select {
		case out <- v:
			m.count++
			return true
		case <-m.rings.C:
			m.report(time.Since(since))
		case <-ctx.Done():
			return false
		}
	}
}

// retryByHand calls fn again if it fails, and gives an item up after so many calls.
func retryByHand(fn func(int) (int, error), calls int) ops.Processor[int, int] {
	return ops.ProcessorFunc[int, int](func(ctx context.Context, in <-chan int) <-chan int {
		relay := byHand(func(send func(int) bool) (func(int) bool, func()) {
			return func(v int) bool {
				for wait, call := 100*time.Millisecond, 1; ; wait, call = 2*wait, call+1 {
					out, err := fn(v)
					switch {
					case err == nil:
						return send(out)
					case call == calls:
						return true
					case !pause(ctx, wait):
						return false
					}
				}
			}, nil
		})
		return relay.Process(ctx, in)
	})
}
