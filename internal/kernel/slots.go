package kernel

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Slots are places for calls that several runs share. Who finds all of them taken waits, and
// they are given in the order in which those who wait have come.
type Slots struct {
	limit int // of calls
	queue int // of those who wait, negative for no limit
	book  Shared[slotBook]
}

type slotBook struct {
	taken, waiting int
	refused        int64
	first, last    *Waiter
}

// Waiter is what a goroutine waits with that enters Slots, one call at a time.
type Waiter struct {
	before, behind *Waiter
	got            chan struct{} // of capacity 1, nil before the first wait
	has            bool          // a slot, by got
}

// SlotCounts are the numbers of Slots.
type SlotCounts struct {
	Taken, Waiting int
	Refused        int64
}

// NewSlots makes limit of them, for which as many as queue may wait, or any number if that is
// negative.
func NewSlots(limit, queue int) *Slots { return &Slots{limit: limit, queue: queue} }

// Counts gives the numbers.
func (s *Slots) Counts() (c SlotCounts) {
	s.book.Use(func(b *slotBook) { c = SlotCounts{b.taken, b.waiting, b.refused} })
	return c
}

// Enter takes a slot, which Leave has to give back. It waits for one no longer than most, if
// that is positive, by a clock. ok is false if there was none, and the error is the cause of
// the context if that ended first. A stage, if there is one, is what waits: ctx is then its
// context.
func (s *Slots) Enter(ctx context.Context, stage *Stage, clk clock.Clock, w *Waiter, most time.Duration) (ok bool, err error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if taken, queued := s.ask(w); !queued {
		return taken, nil
	}
	var since time.Time
	if most > 0 {
		since = clk.Now()
	}
	late := false
	defer func() {
		if !ok { // also if the wait was unwound
			s.giveUp(w, late)
		}
	}()
	if late, err = w.wait(ctx, stage, clk, most); err != nil {
		return false, err
	}
	if late = late || most > 0 && clock.Since(clk, since) >= most; late { // or both came at once
		return false, nil
	}
	w.has = false
	return true, nil
}

// ask takes a slot, or has the waiter wait for one.
func (s *Slots) ask(w *Waiter) (taken, queued bool) {
	s.book.Use(func(b *slotBook) {
		taken = b.taken < s.limit
		queued = !taken && (s.queue < 0 || b.waiting < s.queue)
		switch {
		case taken:
			b.taken++
		case queued:
			b.add(w)
		default:
			b.refused++
		}
	})
	return taken, queued
}

// giveUp ends a wait without a slot, also if one was given meanwhile.
func (s *Slots) giveUp(w *Waiter, refused bool) {
	s.book.Use(func(b *slotBook) {
		if refused {
			b.refused++
		}
		if !w.has {
			b.remove(w)
			return
		}
		w.has = false
		select {
		case <-w.got:
		default: // is received
		}
		b.pass()
	})
}

// Leave gives a slot back: to the one who has waited longest.
func (s *Slots) Leave() { s.book.Use((*slotBook).pass) }

func (b *slotBook) pass() {
	w := b.first
	if w == nil {
		b.taken--
		return
	}
	b.remove(w)
	w.has = true
	w.got <- struct{}{} // has room
}

func (b *slotBook) add(w *Waiter) {
	if w.got == nil {
		w.got = make(chan struct{}, 1)
	}
	b.waiting++
	w.before, w.behind = b.last, nil
	if b.last == nil {
		b.first = w
	} else {
		b.last.behind = w
	}
	b.last = w
}

func (b *slotBook) remove(w *Waiter) {
	b.waiting--
	if w.before == nil {
		b.first = w.behind
	} else {
		w.before.behind = w.behind
	}
	if w.behind == nil {
		b.last = w.before
	} else {
		w.behind.before = w.before
	}
	w.before, w.behind = nil, nil
}

// wait returns when there is a slot or no time left, or with the cause if the context has ended.
func (w *Waiter) wait(ctx context.Context, stage *Stage, clk clock.Clock, most time.Duration) (late bool, err error) {
	if stage != nil {
		return stage.waitOr(w.got, most)
	}
	var rings <-chan time.Time
	if most > 0 {
		timer := clk.NewTimer(most)
		defer timer.Stop()
		rings = timer.C()
	}
	select {
	case <-w.got:
	case <-rings:
		late = true
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return late, nil
}

// waitOr is Pause that got ends as well, and only that with d <= 0. late tells that it was the
// time.
func (s *Stage) waitOr(got <-chan struct{}, d time.Duration) (late bool, err error) {
	var rings <-chan time.Time
	if d > 0 {
		rings = s.alarm(d)
		defer s.calls.alarm.Stop()
	}
	if err = s.stay(rings, got); err == errStopped {
		return false, nil
	}
	return err == nil, err
}
