package clock_test

import (
	"time"

	"github.com/go-streamz/streamz/clock"
)

// reference is the oracle of the model tests: a clock for one goroutine that
// walks second by second and looks at every timer at each of them. It has no
// queue and no order, and serves whole seconds only.
type reference struct {
	now int
	all []*referenceTimer
}

type referenceTimer struct {
	clock  *reference
	c      chan time.Time
	armed  bool
	due    int
	period int
}

func referenceSubject() subject {
	r := &reference{}
	return subject{Clock: r, advance: r.advance, waiters: r.waiters}
}

func (r *reference) Now() time.Time { return epoch.Add(time.Duration(r.now) * time.Second) }

func (r *reference) NewTimer(d time.Duration) clock.Timer {
	t := r.add()
	t.Reset(d)
	return t
}

func (r *reference) NewTicker(d time.Duration) clock.Ticker {
	t := referenceTicker{r.add()}
	t.Reset(d)
	return t
}

func (r *reference) add() *referenceTimer {
	t := &referenceTimer{clock: r, c: make(chan time.Time, 1)}
	r.all = append(r.all, t)
	return t
}

func (r *reference) advance(d time.Duration) {
	for range int(d / time.Second) {
		r.now++
		for _, t := range r.all {
			t.look()
		}
	}
}

func (r *reference) waiters() int {
	n := 0
	for _, t := range r.all {
		if t.armed {
			n++
		}
	}
	return n
}

func (t *referenceTimer) look() {
	if !t.armed || t.due > t.clock.now {
		return
	}
	if len(t.c) == 0 {
		t.c <- t.clock.Now()
	}
	t.armed = t.period > 0
	t.due += t.period
}

func (t *referenceTimer) C() <-chan time.Time { return t.c }

func (t *referenceTimer) Stop() bool {
	pending := t.armed || len(t.c) > 0
	t.armed = false
	if len(t.c) > 0 {
		<-t.c
	}
	return pending
}

func (t *referenceTimer) Reset(d time.Duration) bool {
	pending := t.Stop()
	t.armed = true
	t.due = t.clock.now + int(d/time.Second)
	t.look()
	return pending
}

type referenceTicker struct{ *referenceTimer }

func (t referenceTicker) Reset(d time.Duration) {
	t.period = int(d / time.Second)
	t.referenceTimer.Reset(d)
}

func (t referenceTicker) Stop() { t.referenceTimer.Stop() }
