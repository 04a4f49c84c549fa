package ops

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/heap"
	"github.com/go-streamz/streamz/internal/linked"
)

// eventSession is one that is kept.
type eventSession[T any, K comparable] struct {
	Window[T]
	key     K
	earlier *eventSession[T, K] // the next one of the key, nil if there is none
	fresh   int64               // items that it was not given with yet
	given   bool                // and is kept for late items
	no      int64               // of one that was not given: how many were opened before
	place   linked.Place[eventSession[T, K]]
	due     time.Time // when to look at it, never later than it is over, or gone if it was given
	rank    int       // among those that fall due
}

// Before is for the heap of those that fall due.
func (s *eventSession[T, K]) Before(other *eventSession[T, K]) bool { return s.due.Before(other.due) }

// Rank is for that heap.
func (s *eventSession[T, K]) Rank() *int { return &s.rank }

// eventSessions is the state of one run. Sessions of a key do not overlap, and are at least as
// long as the gap, so that an item joins two of them at most.
type eventSessions[T any, K comparable] struct {
	*eventWindowing[T]
	key func(T) K
	gap time.Duration

	byKey  map[K]*eventSession[T, K]       // the latest of each
	open   linked.List[eventSession[T, K]] // those that were not given, by their number
	opened int64
	due    heap.Heap[*eventSession[T, K]] // the one to be looked at first at the top
	ripe   []*eventSession[T, K]          // those to be given
}

func (r *eventSessions[T, K]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	key, t := r.key(v), r.at(v)
	own := r.byKey[key]
	if own == nil || own.given || t.Before(own.Start) || !t.Before(own.End) {
		var err error
		if own, err = r.enter(v, key, t); own == nil {
			return err
		}
	}
	if end := t.Add(r.gap); end.After(own.End) {
		own.End = end
	}
	own.Items = append(own.Items, v)
	own.fresh++
	r.held++
	switch {
	case len(own.Items) >= r.max:
		return r.giveUp(own)
	case own.given:
		return r.hand(own, slices.Clone(own.Items))
	}
	return nil
}

// enter finds or makes the session of an item that is not in the latest one of its key. It is nil
// if there is none.
func (r *eventSessions[T, K]) enter(v T, key K, t time.Time) (*eventSession[T, K], error) {
	end := t.Add(r.gap)
	late, early := r.around(key, t)
	if early == nil {
		if r.gone(end) {
			return nil, r.tooLate(v)
		}
		if err := r.makeRoom(); err != nil {
			return nil, err
		}
		early = r.begin(key, t)
	} else if late != early {
		early = r.join(early, late)
	}
	r.stretch(early, t, end)
	return early, nil
}

// around gives the sessions of a key that an item is in: none, one, or two.
func (r *eventSessions[T, K]) around(key K, t time.Time) (late, early *eventSession[T, K]) {
	for s := r.byKey[key]; s != nil && t.Before(s.End); s = s.earlier {
		if !s.Start.Before(t.Add(r.gap)) {
			continue
		}
		if late == nil {
			late = s
		}
		early = s
	}
	return late, early
}

// makeRoom gives the session whose time is over first, if there is no room for another. The
// item in hand is held meanwhile.
func (r *eventSessions[T, K]) makeRoom() error {
	if r.due.Len() < r.windows {
		return nil
	}
	first := r.due.First()
	for until := r.until(first); until.After(first.due); until = r.until(first) {
		first.due = until
		r.due.Put(first)
		first = r.due.First()
	}
	if first.given {
		r.remove(first)
		return nil
	}
	r.s.Held++
	if err := r.giveUp(first); err != nil {
		return err
	}
	r.s.Held--
	return nil
}

// until is when a session has to be looked at.
func (r *eventSessions[T, K]) until(s *eventSession[T, K]) time.Time {
	if s.given {
		return s.End.Add(r.lateness)
	}
	return s.End
}

// begin opens a session, which waits to be given.
func (r *eventSessions[T, K]) begin(key K, t time.Time) *eventSession[T, K] {
	s := &eventSession[T, K]{key: key, Start: t, End: t.Add(r.gap)}
	s.due = s.End
	r.await(s)
	r.due.Put(s)
	if key == key {
		r.link(s)
	}
	return s
}

// await puts a session behind all others that wait to be given.
func (r *eventSessions[T, K]) await(s *eventSession[T, K]) {
	s.no = r.opened
	r.opened++
	r.open.Append(&s.place, s)
}

// link puts a session among those of its key.
func (r *eventSessions[T, K]) link(s *eventSession[T, K]) {
	latest := r.byKey[s.key]
	if latest == nil || latest.Start.Before(s.Start) {
		s.earlier, r.byKey[s.key] = latest, s
		return
	}
	for latest.earlier != nil && s.Start.Before(latest.earlier.Start) {
		latest = latest.earlier
	}
	s.earlier, latest.earlier = latest.earlier, s
}

// unlink takes a session from among those of its key.
func (r *eventSessions[T, K]) unlink(s *eventSession[T, K]) {
	latest := r.byKey[s.key]
	switch {
	case latest == nil: // of a key that is not equal to itself
	case latest != s:
		for latest.earlier != s {
			latest = latest.earlier
		}
		latest.earlier = s.earlier
	case s.earlier == nil:
		delete(r.byKey, s.key)
	default:
		r.byKey[s.key] = s.earlier
	}
	s.earlier = nil
}

// join makes one session of two. The one that has waited longer stays, if any does.
func (r *eventSessions[T, K]) join(early, late *eventSession[T, K]) *eventSession[T, K] {
	stays, goes := early, late
	if !late.given && (early.given || late.no < early.no) {
		stays, goes = late, early
	}
	stays.Items = append(early.Items, late.Items...)
	stays.Start, stays.End = early.Start, late.End
	stays.fresh += goes.fresh
	r.remove(goes)
	return stays
}

// stretch has a session include an item's time. One that was given waits again, unless it is
// over all the same.
func (r *eventSessions[T, K]) stretch(s *eventSession[T, K], t, end time.Time) {
	if t.Before(s.Start) {
		s.Start = t
	}
	if end.After(s.End) {
		s.End = end
	}
	switch over := r.over(s.End); {
	case over && !s.given:
		s.place.Remove()
	case s.given && !over:
		r.await(s)
	default:
		return
	}
	s.given = !s.given
	s.due = r.until(s)
	r.due.Put(s)
}

// remove forgets a session.
func (r *eventSessions[T, K]) remove(s *eventSession[T, K]) {
	r.unlink(s)
	r.due.Remove(s)
	if !s.given {
		s.place.Remove()
	}
}

// giveUp gives a session that is not kept.
func (r *eventSessions[T, K]) giveUp(s *eventSession[T, K]) error {
	r.remove(s)
	return r.hand(s, s.Items)
}

// hand gives a session with its items.
func (r *eventSessions[T, K]) hand(s *eventSession[T, K], items []T) error {
	r.pass(s.fresh)
	s.fresh = 0
	if err := r.emit(Window[T]{Start: s.Start, End: s.End, Items: items}); err != nil {
		return err
	}
	return r.release(r.waitsFrom())
}

// waitsFrom is the number of the first session that was not given.
func (r *eventSessions[T, K]) waitsFrom() int64 {
	if first := r.open.First(); first != nil {
		return first.no
	}
	return r.opened
}

// closeOver gives the sessions that are over by the watermark, and lets go of those that no item
// comes to any more.
func (r *eventSessions[T, K]) closeOver() error {
	for s := r.due.First(); s != nil && r.over(s.due); s = r.due.First() {
		switch until := r.until(s); {
		case until.After(s.due):
			s.due = until
			r.due.Put(s)
		case s.given:
			r.remove(s)
		default:
			r.due.Remove(s)
			r.ripe = append(r.ripe, s)
		}
	}
	if err := r.giveRipe(r.close); err != nil {
		return err
	}
	if next := r.due.First(); next != nil {
		r.awaits(next.due)
	}
	return nil
}

// close gives a session that is over, which is among those that fall due no more. It is kept as
// long as items may come that are late.
func (r *eventSessions[T, K]) close(s *eventSession[T, K]) error {
	s.place.Remove()
	if r.gone(s.End) {
		r.unlink(s)
		return r.hand(s, s.Items)
	}
	s.given, s.due = true, s.End.Add(r.lateness)
	r.due.Put(s)
	return r.hand(s, slices.Clone(s.Items))
}

// closeAll gives all sessions that were not, and does not keep them.
func (r *eventSessions[T, K]) closeAll() error {
	r.ripe = slices.AppendSeq(r.ripe, r.open.All())
	return r.giveRipe(r.giveUp)
}

// giveRipe gives the sessions that were found, in order.
func (r *eventSessions[T, K]) giveRipe(give func(*eventSession[T, K]) error) error {
	slices.SortFunc(r.ripe, func(a, b *eventSession[T, K]) int {
		return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start), cmp.Compare(a.no, b.no))
	})
	for _, s := range r.ripe {
		if err := give(s); err != nil {
			return err
		}
	}
	clear(r.ripe)
	r.ripe = r.ripe[:0]
	return nil
}

func (r *eventSessions[T, K]) upTo() (no int64, some bool) {
	return r.opened, r.open.First() != nil
}
