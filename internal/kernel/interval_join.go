package kernel

import (
	"github.com/go-streamz/streamz/internal/heap"
	"math"
	"time"
)

// IntervalJoin pairs the items of which that of B is from lower to upper later than that of A, both
// included. A pair is given when the second of its items comes. An item is kept until the other
// input says by its watermark, or by its end, that no partner can come. It ends when no pair can
// follow.
//
// An item behind the watermark of its own input is dropped: its partners may have gone. So which
// pairs are given does not depend on the pace of the inputs.
func IntervalJoin[A, B any, K comparable, P any](seg *Segment, p Joining[A, B, K, P], lower, upper time.Duration, down Port[P]) {
	lower, upper = max(lower, -math.MaxInt64), max(upper, -math.MaxInt64) // the least has no negative
	m := &intervalJoin[A, B, K, P]{groups: make(map[K]*kin[A, B, K])}
	m.meet(seg, p, down, m.putA, m.putB)
	m.heed, m.over, m.finish = m.expire, m.noMore, m.expire
	m.keptA = half[A, B, A, K]{arm: m.a, from: lower, to: upper, of: func(g *kin[A, B, K]) *shelf[kin[A, B, K], A] { return &g.a }}
	m.keptB = half[A, B, B, K]{arm: m.b, from: -upper, to: -lower, of: func(g *kin[A, B, K]) *shelf[kin[A, B, K], B] { return &g.b }}
	m.giveA, m.giveB = m.give, func(b B, a A) error { return m.give(a, b) }
}

type intervalJoin[A, B any, K comparable, P any] struct {
	joining[A, B, K, P]
	keptA  half[A, B, A, K]
	keptB  half[A, B, B, K]
	giveA  func(A, B) error
	giveB  func(B, A) error
	groups map[K]*kin[A, B, K]
	spare  []*kin[A, B, K]
}

// kin is what is kept of a key.
type kin[A, B any, K comparable] struct {
	key K
	a   shelf[kin[A, B, K], A]
	b   shelf[kin[A, B, K], B]
}

// half is what is kept of one input.
type half[A, B, T any, K comparable] struct {
	*arm[T, K]
	of       func(*kin[A, B, K]) *shelf[kin[A, B, K], T]
	shelves  heap.Heap[*shelf[kin[A, B, K], T]] // those that have something
	from, to time.Duration                      // partners of an item are of a time so much later than its own
}

func (h *half[A, B, T, K]) oldest() time.Time { return h.shelves.First().oldest() }

func (m *intervalJoin[A, B, K, P]) putA(v A) error { return m.match(&m.keptA, &m.keptB, v, m.giveA) }
func (m *intervalJoin[A, B, K, P]) putB(v B) error { return m.match(&m.keptB, &m.keptA, v, m.giveB) }

// match gives the pairs of an item with what is kept of the other input, and keeps it as long as
// partners may come. All user code runs before the item is held.
func (m *intervalJoin[A, B, K, P]) match[T, U any](mine *half[A, B, T, K], other *half[A, B, U, K], v T, give func(T, U) error) error {
	key, at := m.read(mine.arm, v)
	switch {
	case mine.mark.set && at.Before(mine.mark.time):
		m.s.Dropped++
		return nil
	case pairless(key):
		m.s.Filtered++
		return nil
	}
	g := m.groups[key]
	stays := mine.awaits(at, &other.tributary)
	if err := m.full(); stays && err != nil {
		return m.s.Fail(v, err)
	}
	var partners []stamped[U]
	if g != nil {
		partners = other.of(g).between(at.Add(mine.from), at.Add(mine.to))
	}
	m.keep(mine.arm, at)
	if stays {
		if shelf := mine.of(m.group(g, key)); shelf.add(stamped[T]{at, v, len(partners) > 0}) {
			mine.shelves.Put(shelf)
		}
	}
	for i := range partners {
		partners[i].paired = true
		if err := give(v, partners[i].item); err != nil {
			return err
		}
	}
	if !stays {
		m.let(mine.arm, 1, len(partners) > 0)
	}
	return nil
}

// awaits tells whether partners of an item may come.
func (h *half[A, B, T, K]) awaits(at time.Time, other *tributary) bool {
	return !other.ended && (!other.mark.set || !at.Add(h.to).Before(other.mark.time))
}

// group gives that of a key, which may be there.
func (m *intervalJoin[A, B, K, P]) group(g *kin[A, B, K], key K) *kin[A, B, K] {
	if g != nil {
		return g
	}
	if last := len(m.spare) - 1; last >= 0 {
		g, m.spare = m.spare[last], m.spare[:last]
	} else {
		g = new(kin[A, B, K])
		g.a.group, g.b.group = g, g
	}
	g.key = key
	m.groups[key] = g
	return g
}

// expire lets go what can have no partner any more, and the barriers behind it.
func (m *intervalJoin[A, B, K, P]) expire() error {
	m.letGo(&m.keptA, &m.b.tributary)
	m.letGo(&m.keptB, &m.a.tributary)
	if err := m.release(m.a, m.keptA.oldest); err != nil {
		return err
	}
	return m.release(m.b, m.keptB.oldest)
}

// letGo lets go what is kept of one input, as far as the other has come.
func (m *intervalJoin[A, B, K, P]) letGo[T any](mine *half[A, B, T, K], other *tributary) {
	limit := other.mark.time.Add(-mine.to)
	if other.ended {
		limit = endOfTime
	} else if !other.mark.set {
		return
	}
	for s := mine.shelves.First(); s != nil && s.oldest().Before(limit); s = mine.shelves.First() {
		old := s.live()[:s.since(limit)]
		for i := range old {
			m.let(mine.arm, 1, old[i].paired)
		}
		if !s.drop(len(old)) {
			mine.shelves.Put(s)
			continue
		}
		mine.shelves.Remove(s)
		m.forget(s.group)
	}
}

// endOfTime is after all times.
var endOfTime = time.Unix(1<<62, 0)

// forget removes a group if nothing is kept of it.
func (m *intervalJoin[A, B, K, P]) forget(g *kin[A, B, K]) {
	if len(g.a.items) > 0 || len(g.b.items) > 0 {
		return
	}
	delete(m.groups, g.key)
	var none K
	g.key = none
	m.spare = append(m.spare, g)
}

// noMore tells whether no pair can follow: an input has ended, and nothing is kept of it.
func (m *intervalJoin[A, B, K, P]) noMore() bool {
	return m.a.ended && m.a.kept == 0 || m.b.ended && m.b.kept == 0
}
