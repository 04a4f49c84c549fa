package clock

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-streamz/streamz/internal/heap"
)

var _ Clock = (*Fake)(nil)

// Fake is a clock that stands still until [Fake.Advance] moves it. The zero
// value is ready to use and stands at the zero time; [NewFake] stands at a
// time that reads better. A Fake must not be copied after first use.
//
// It is safe for concurrent use. Its timers and tickers keep the rules of
// package time, but their channels have one slot that len and cap can see, and
// an armed one that is no longer referenced is kept until it fires or is
// stopped.
//
// A Fake works inside a bubble of testing/synctest and outside. It belongs to
// one of them: the channels it makes may not cross the edge of a bubble.
type Fake struct {
	// mu is never held across an operation that can block: a goroutine that
	// waits for a mutex keeps the time of a synctest bubble from moving.
	mu    sync.Mutex
	now   time.Time
	end   time.Time         // where all calls of Advance so far lead; never before now
	queue heap.Heap[*alarm] // the armed ones
	seq   uint64
	watch map[chan struct{}]int // calls of BlockUntil: closed at that many waiters
}

// NewFake returns a Fake that stands at 2000-01-01T00:00:00Z, where the time of
// a synctest bubble starts too.
func NewFake() *Fake {
	return NewFakeAt(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC))
}

// NewFakeAt returns a Fake that stands at t, in the location of t.
func NewFakeAt(t time.Time) *Fake {
	// A monotonic reading would make Now compare with the clock of the machine.
	t = t.Round(0)
	return &Fake{now: t, end: t}
}

// Now returns the time the clock stands at. It does not block. While Advance
// runs, that is the deadline fired last.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// NewTimer returns a timer that fires when the clock has advanced by d. With
// d <= 0 it fires at once and does not count as a waiter. It does not block.
func (f *Fake) NewTimer(d time.Duration) Timer {
	return fakeTimer{f.newAlarm(d, 0)}
}

// NewTicker returns a ticker that fires each time the clock has advanced by
// another d. It panics if d <= 0. It does not block.
func (f *Fake) NewTicker(d time.Duration) Ticker {
	if d <= 0 {
		panic(fmt.Sprintf("clock: NewTicker: interval must be positive, got %v", d))
	}
	return fakeTicker{f.newAlarm(d, d)}
}

// Advance moves the clock forward by d, stopping at each deadline on the way to
// fire it: the earliest first, and of equal ones the one armed first by its
// creation or Reset. It panics if d is negative. Concurrent calls add up.
//
// It does not wait for those who receive. A goroutine that arms a timer while
// Advance runs has it fired only if Advance has not yet passed its deadline,
// and a ticker whose last tick has not been received loses the next one. To see
// every step of a chain of waits, advance to one deadline at a time and settle
// in between, with [Fake.BlockUntil] or synctest.Wait. The cost is one step for
// each deadline, so a short ticker makes a long way slow.
func (f *Fake) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("clock: Advance: duration must not be negative, got %v", d))
	}
	end := f.extend(d)
	for f.step(end) {
	}
}

// extend counts from where the other calls of Advance lead, not from now, so
// that calls which overlap add up.
func (f *Fake) extend(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end = f.end.Add(d)
	return f.end
}

// step moves to the first deadline that is not after end and fires it, or moves
// to end if there is none. It reports whether there was one.
//
// It is tempting to keep the mutex for the whole way, but then nobody could
// read the time of a deadline, or arm the next one, while the way goes on.
func (f *Fake) step(end time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.queue.First()
	if a == nil || a.at.After(end) {
		if f.now.Before(end) { // else an overlapping Advance was here first
			f.now = end
		}
		return false
	}
	f.now = a.at
	if a.period > 0 {
		a.at = a.at.Add(a.period)
		f.queue.Put(a)
	} else {
		f.queue.Remove(a)
	}
	a.send(f.now)
	return true
}

// Waiters returns how many timers and tickers are armed. It does not block.
func (f *Fake) Waiters() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queue.Len()
}

// BlockUntil blocks until at least n timers and tickers are armed or ctx has
// ended. It returns nil once that many have been armed at the same time, even
// if some are disarmed before it wakes, and [context.Cause] of ctx if ctx has
// ended before.
func (f *Fake) BlockUntil(ctx context.Context, n int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	reached := f.watchFor(n)
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		f.unwatch(reached)
		return context.Cause(ctx)
	}
}

// watchFor makes the channel here, in the call, so that it belongs to the
// bubble of the caller.
func (f *Fake) watchFor(n int) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watch == nil {
		f.watch = make(map[chan struct{}]int)
	}
	reached := make(chan struct{})
	f.watch[reached] = n
	f.notify()
	return reached
}

func (f *Fake) unwatch(reached chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watch, reached)
}

// notify releases the calls of BlockUntil whose number is reached.
// It needs f.mu held.
func (f *Fake) notify() {
	for reached, n := range f.watch {
		if f.queue.Len() >= n {
			close(reached)
			delete(f.watch, reached)
		}
	}
}
