package kernel

import (
	"github.com/go-streamz/streamz/internal/heap"
	"time"

	"github.com/go-streamz/streamz/internal/linked"
)

// tide is what groups know of watermarks. One goes only to the keys that it may mean something
// to: those that an item came for since the last, those that have not passed that on, and those
// that wait for it.
type tide[K comparable, In any] struct {
	mark    watermark                 // the latest
	sent    watermark                 // that went down
	stirred linked.List[group[K, In]] // those that get the next one
	stirs   int                       // so many
	waiting heap.Heap[*group[K, In]]  // those that wait for one
	holding int                       // those that have not passed the latest on
	rising  bool                      // that is under way
	awaits  func(time.Time)           // for groups in a copy of another key, see Stage.Awaits
}

// marked is what is known of a key.
type marked[K comparable, In any] struct {
	mark  watermark // that it has passed on
	due   time.Time // of the one that it waits for
	at    int       // among those that wait
	place linked.Place[group[K, In]]
	stirs bool // it is in that place
	holds bool
}

// Before is for the heap of those that wait.
func (e *group[K, In]) Before(other *group[K, In]) bool { return e.marked.due.Before(other.marked.due) }

// Rank is for that heap.
func (e *group[K, In]) Rank() *int { return &e.marked.at }

// tide gives what is known of the key's watermarks.
func (e *group[K, In]) tide() *marked[K, In] {
	if e.marked == nil {
		e.marked = new(marked[K, In])
	}
	return e.marked
}

// rise takes a watermark to the keys.
func (m *groups[K, In, R, Out]) rise(sig Signal) error {
	first, idle := !m.mark.set, m.mark.idle
	m.mark.idle = sig.Idle // which is nothing to the keys
	if m.mark.rise(sig.Time) {
		m.rising = true
		if err := m.carryAll(first); err != nil {
			return err
		}
		m.rising = false
	} else if m.mark.idle == idle {
		return nil
	}
	return m.ebb()
}

func (m *groups[K, In, R, Out]) carryAll(first bool) error {
	if first {
		for e := range m.order.All() {
			if err := m.carry(e); err != nil {
				return err
			}
		}
		return nil
	}
	for n := m.stirs; n > 0; n-- {
		e := m.stirred.First()
		m.calm(e)
		if err := m.carry(e); err != nil {
			return err
		}
	}
	for e := m.waiting.First(); e != nil && !e.marked.due.After(m.mark.time); e = m.waiting.First() {
		if err := m.carry(e); err != nil {
			return err
		}
	}
	return nil
}

// carry gives the watermark to a key.
func (m *groups[K, In, R, Out]) carry(e *group[K, In]) error {
	if e.send == nil {
		return nil
	}
	k := e.tide()
	m.waiting.Remove(e)
	k.due = time.Time{}
	if err := m.left(e, e.send(Signal{Kind: Watermark, Time: m.mark.time})); err != nil {
		return err
	}
	if e.send == nil || k.mark.reaches(m.mark.time) {
		return nil
	}
	if !k.holds {
		k.holds = true
		m.holding++
	}
	m.excite(e)
	return nil
}

// stir is for a key that an item has come for. What it has not heard of is told before: from
// here it counts what it gets as late or not.
func (m *groups[K, In, R, Out]) stir(e *group[K, In]) error {
	if e.send == nil || e.marked != nil && e.marked.stirs {
		return nil
	}
	m.excite(e)
	if e.marked.mark.reaches(m.mark.time) {
		return nil
	}
	return m.carry(e)
}

func (m *groups[K, In, R, Out]) excite(e *group[K, In]) {
	if k := e.tide(); !k.stirs {
		k.stirs = true
		m.stirs++
		m.stirred.Append(&k.place, e)
	}
}

func (m *groups[K, In, R, Out]) calm(e *group[K, In]) {
	e.marked.stirs = false
	m.stirs--
	e.marked.place.Remove()
}

// await is for a key that waits for the watermark of a time.
func (m *groups[K, In, R, Out]) await(e *group[K, In], t time.Time) {
	if k := e.tide(); k.due.IsZero() || t.Before(k.due) {
		k.due = t
		m.waiting.Put(e)
	}
}

// risen is for a watermark that a key has passed on.
func (m *groups[K, In, R, Out]) risen(e *group[K, In], sig Signal) error {
	k := e.tide()
	k.mark.rise(sig.Time)
	if !k.holds || !k.mark.reaches(m.mark.time) {
		return nil
	}
	k.holds = false
	m.holding--
	return m.released()
}

// released hands on the latest watermark when no key holds it any more. Of those that some hold
// the least goes down with the next.
func (m *groups[K, In, R, Out]) released() error {
	if m.holding > 0 || m.rising || !m.mark.set {
		return nil
	}
	return m.ebb()
}

// forget is for a key that has ended.
func (m *groups[K, In, R, Out]) forget(e *group[K, In]) {
	k := e.marked
	if k == nil {
		return
	}
	m.waiting.Remove(e)
	if k.stirs {
		m.calm(e)
	}
	if k.holds {
		k.holds = false
		m.holding--
	}
}

// ebb hands on the least watermark that all keys have passed on, if that rises. The stream is not
// idle as long as one holds it.
func (m *groups[K, In, R, Out]) ebb() error {
	if e := m.waiting.First(); e != nil {
		m.awaits(e.marked.due)
	}
	low := m.mark
	for e := range m.stirred.All() {
		switch k := e.marked; {
		case m.holding == 0 || !k.holds:
		case !k.mark.set:
			return nil
		case k.mark.time.Before(low.time):
			low = k.mark
		}
	}
	if m.holding > 0 {
		low.idle = 0
	}
	if !m.sent.take(Signal{Time: low.time, Idle: low.idle}) {
		return nil
	}
	return m.down.Signal(Signal{Kind: Watermark, Time: m.sent.time, Idle: m.sent.idle})
}
