package clock

import (
	"fmt"
	"time"
)

// alarm is what a timer and a ticker of a Fake have in common: a deadline in
// the queue of the Fake, and a channel with one slot. The mutex of the Fake
// guards every field but fake and c, and is held for each send and drain, so
// that no tick slips in after Stop or Reset has emptied the slot.
type alarm struct {
	fake   *Fake
	c      chan time.Time
	at     time.Time
	period time.Duration // zero for a timer
	seq    uint64        // order of arming, decides between equal deadlines
	rank   int           // in the queue, 0 while it is not armed
}

func (f *Fake) newAlarm(d, period time.Duration) *alarm {
	a := &alarm{fake: f, c: make(chan time.Time, 1)}
	a.reset(d, period)
	return a
}

// C is promoted to the timer and the ticker.
func (a *alarm) C() <-chan time.Time { return a.c }

func (a *alarm) reset(d, period time.Duration) bool {
	a.fake.mu.Lock()
	defer a.fake.mu.Unlock()
	pending := a.disarm()
	a.period = period
	a.arm(d)
	return pending
}

func (a *alarm) stop() bool {
	a.fake.mu.Lock()
	defer a.fake.mu.Unlock()
	return a.disarm()
}

// arm needs the alarm disarmed and the mutex held.
func (a *alarm) arm(d time.Duration) {
	f := a.fake
	if d <= 0 {
		a.send(f.now)
		return
	}
	a.at = f.now.Add(d)
	a.seq = f.seq
	f.seq++
	f.queue.Put(a)
	f.notify()
}

// disarm reports whether it prevented a receive: a tick that was sent but never
// received counts as not fired, as it does in package time, where the channel
// has no slot. It needs the mutex held.
func (a *alarm) disarm() bool {
	pending := a.drain()
	if a.rank > 0 {
		a.fake.queue.Remove(a)
		pending = true
	}
	return pending
}

func (a *alarm) send(now time.Time) {
	select {
	case a.c <- now:
	default:
	}
}

func (a *alarm) drain() bool {
	select {
	case <-a.c:
		return true
	default:
		return false
	}
}

type fakeTimer struct{ *alarm }

func (t fakeTimer) Reset(d time.Duration) bool { return t.reset(d, 0) }

func (t fakeTimer) Stop() bool { return t.stop() }

type fakeTicker struct{ *alarm }

func (t fakeTicker) Reset(d time.Duration) {
	if d <= 0 {
		panic(fmt.Sprintf("clock: Ticker.Reset: interval must be positive, got %v", d))
	}
	t.reset(d, d)
}

func (t fakeTicker) Stop() { t.stop() }

// Before is for the heap of the armed alarms, of which the next to fire comes first.
func (a *alarm) Before(other *alarm) bool {
	if c := a.at.Compare(other.at); c != 0 {
		return c < 0
	}
	return a.seq < other.seq
}

// Rank is for that heap.
func (a *alarm) Rank() *int { return &a.rank }
