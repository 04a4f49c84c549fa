package clock

import (
	"container/heap"
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
	index  int           // place in the queue, or unarmed
}

const unarmed = -1

func (f *Fake) newAlarm(d, period time.Duration) *alarm {
	a := &alarm{fake: f, c: make(chan time.Time, 1), index: unarmed}
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
	heap.Push(&f.queue, a)
	f.notify()
}

// disarm reports whether it prevented a receive: a tick that was sent but never
// received counts as not fired, as it does in package time, where the channel
// has no slot. It needs the mutex held.
func (a *alarm) disarm() bool {
	pending := a.drain()
	if a.index != unarmed {
		heap.Remove(&a.fake.queue, a.index)
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

// queue is a heap of the armed alarms, the next to fire first.
type queue []*alarm

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if c := q[i].at.Compare(q[j].at); c != 0 {
		return c < 0
	}
	return q[i].seq < q[j].seq
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is for package heap.
func (q *queue) Push(x any) {
	a := x.(*alarm)
	a.index = len(*q)
	*q = append(*q, a)
}

// Pop is for package heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	a := (*q)[last]
	(*q)[last] = nil // let the collector have it
	*q = (*q)[:last]
	a.index = unarmed
	return a
}
