package kernel

import (
	"github.com/go-streamz/streamz/internal/heap"
	"slices"
	"time"
)

// Timer fires on the goroutine of its stage's segment, between two items, so the
// stage needs no lock. A due timer fires before an item that is ready at the same
// moment.
type Timer struct {
	s     *Stage
	feed  *feed // that the stage is a part of
	fire  func() error
	when  time.Time
	no    int  // in the order in which the segment's were made
	at    int  // among those that are armed, 0 if it is not
	looks bool // see Watch
}

// Rank is for the heap.
func (t *Timer) Rank() *int { return &t.at }

// Before is for the heap.
func (t *Timer) Before(other *Timer) bool {
	return t.when.Before(other.when) || t.no < other.no && t.when.Equal(other.when)
}

// Timer makes an unarmed timer of the stage. The error of fire is treated like
// that of Push.
func (s *Stage) Timer(fire func() error) *Timer {
	g := s.wiring()
	g.made++
	return &Timer{s: s, feed: g.feed, fire: fire, no: g.made}
}

// Watch makes an unarmed timer that fires also while the segment waits with an item in
// hand, as for room below. So fire must not push or signal, and the item is not done.
func (s *Stage) Watch(fire func() error) *Timer {
	t := s.Timer(fire)
	t.looks, s.seg.watching, s.seg.measured = true, true, true
	return t
}

// Reset arms the timer for d from now, whatever it was armed for before.
func (t *Timer) Reset(d time.Duration) {
	g := t.s.seg
	t.when = g.Now().Add(d)
	g.armed(t.looks).Put(t)
	if g.rings == nil || t.when.Before(g.alarmAt) {
		g.setAlarm(t.when)
	}
}

// Stop disarms the timer. The segment's alarm stays as it is: waking once in vain
// is cheaper than setting it for every batch.
func (t *Timer) Stop() { t.s.seg.armed(t.looks).Remove(t) }

// armed are the timers that are, those that watch apart from the others.
func (g *Segment) armed(looks bool) *heap.Heap[*Timer] {
	if looks {
		return &g.watchers
	}
	return &g.timers
}

// Now is the segment's time: read at most once between two waits, because a
// clock costs several fused stages.
func (g *Segment) Now() time.Time {
	if !g.fresh || g.drifts {
		g.now, g.fresh = g.clock.Now(), true
	}
	return g.now
}

// next is the earliest armed timer, nil if none is; of those that watch if only they can
// fire.
func (g *Segment) next(watching bool) *Timer {
	first, other := g.watchers.First(), g.timers.First()
	if !watching && other != nil && (first == nil || other.Before(first)) {
		return other
	}
	return first
}

// setAlarm arms the one clock timer of the segment. It never rings later than
// the earliest deadline.
func (g *Segment) setAlarm(at time.Time) {
	d := at.Sub(g.Now())
	if g.alarm == nil {
		g.alarm = g.clock.NewTimer(d)
	} else {
		g.alarm.Reset(d)
	}
	g.alarmAt, g.rings = at, g.alarm.C()
}

// tick fires every due timer, and the cue if it has come. Heads call it after each wait
// and before each block of items.
func (g *Segment) tick() error {
	g.fresh, g.waits = false, false
	if err := g.cue.answer(); err != nil {
		return err
	}
	if g.rings == nil {
		return nil
	}
	if err := g.fire(false); err != nil {
		return err
	}
	if !g.Now().Before(g.alarmAt) {
		g.align(false)
	}
	return nil
}

// resumed is tick between two items of a block, if the push of the last one has waited, or may
// have: then what became due meanwhile does not have to await the end of the block.
func (g *Segment) resumed() error {
	if !g.waits && !g.drifts {
		return nil
	}
	return g.tick()
}

// fire fires every due timer in deadline order, or every one that watches.
func (g *Segment) fire(watching bool) error {
	for t := g.next(watching); t != nil && !t.when.After(g.Now()); t = g.next(watching) {
		t.Stop()
		t.s.Outside()
		if err := t.feed.means(t.fire()); err != nil {
			return err
		}
	}
	return nil
}

// align sets the alarm for the earliest timer, or the earliest that watches.
func (g *Segment) align(watching bool) {
	if t := g.next(watching); t != nil {
		g.setAlarm(t.when)
		return
	}
	g.rings = nil
}

// watched is the channel of the alarm, unless no timer could fire in a wait.
func (g *Segment) watched() <-chan time.Time {
	if !g.watching {
		return nil
	}
	return g.rings
}

// watch is tick in the middle of a wait. The ring of the alarm may have been for a timer
// that has to await the end of that, so from here the alarm is for those that watch alone.
// User code may be on the stack, so the mark is put back.
func (g *Segment) watch() error {
	at := g.at
	if err := g.fire(true); err != nil {
		return err
	}
	g.at = at
	g.diverted = true
	g.align(true)
	return nil
}

// realign makes the alarm that of all timers again, after a wait.
func (g *Segment) realign() {
	if g.diverted {
		g.diverted = false
		g.align(false)
	}
}

// disarm stops the timers of the stages of a feed that has ended, and its cue.
func (g *Segment) disarm(f *feed) {
	if g.cue != nil && g.cue.feed.under(f) {
		g.cue.Stop()
	}
	for _, armed := range [...]*heap.Heap[*Timer]{&g.timers, &g.watchers} {
		for _, t := range slices.Clone(armed.All()) {
			if t.feed.under(f) {
				t.Stop()
			}
		}
	}
}

// Time reads the clock.
func (g *Segment) Time() time.Time {
	g.fresh = false
	return g.Now()
}

func (g *Segment) stopTimers() {
	if g.alarm != nil {
		g.alarm.Stop()
	}
}
