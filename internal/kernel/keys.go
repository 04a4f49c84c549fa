package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/linked"
)

// group is a key.
type group[K comparable, In any] struct {
	key    K
	push   func(In) error // nil when its copy has ended
	send   func(Signal) error
	place  linked.Place[group[K, In]]
	used   time.Duration // when its last item came, if that matters, after born
	feed   *feed         // of its own, nil unless lively
	hooks  []hook
	marked *marked[K, In] // nil before the first watermark
	passed int            // signals
	ended  bool
}

// hook is what a stage has to do when its copy ends.
type hook struct {
	s      *Stage
	closes func(error) error
}

// admit makes a new key, if there can be one. Until it is made the item is held.
func (m *groups[K, In, R, Out]) admit(key K, v In) (*group[K, In], error) {
	s := m.s
	full := len(m.all) >= m.Most
	switch {
	case full && m.Full == FullFails:
		return nil, s.Fail(v, fmt.Errorf("%w beside the %d that there are", ErrFull, m.Most))
	case full && m.Full == FullDrops:
		s.Dropped++
		return nil, nil
	}
	s.Held++
	if full {
		if err := m.evict(m.order.First()); err != nil {
			return nil, err
		}
	}
	e := m.open(key)
	if err := m.begin(e); err != nil {
		return nil, err
	}
	s.Held--
	return e, nil
}

// open makes the copy of a key.
func (m *groups[K, In, R, Out]) open(key K) *group[K, In] {
	e := &group[K, In]{key: key, passed: m.passed + len(m.later)}
	m.all[key] = e
	m.order.Append(&e.place, e)
	seg, outer := m.room(e), m.seg.again
	m.copy.next, m.seg.again = 0, &m.copy
	_, port := m.wire(seg, by(m.down, m.Give(key, m.down.Push), func(sig Signal) error { return m.came(e, sig) }))
	m.seg.again = outer
	e.push, e.send = port.Push, port.Signal
	return e
}

// room gives the segment for the copy of a key, with a feed of its own. Where a copy does nothing
// while no item comes that is needed no longer than until it has begun.
func (m *groups[K, In, R, Out]) room(e *group[K, In]) *Segment {
	if !m.lively {
		e.feed = &m.spare.feed
		return &m.spare.Segment
	}
	own := new(room)
	own.enter(m.seg)
	e.feed = &own.feed
	own.settle = func(err error) error { return m.left(e, err) }
	own.due = func(t time.Time) { m.await(e, t) }
	return &own.Segment
}

// room is a segment with a part of a feed.
type room struct {
	Segment
	feed feed
}

func (r *room) enter(g *Segment) {
	r.Segment, r.feed.within = Segment{g.thread, &r.feed}, g.feed
}

// begin does what the stages of a key do before its first item.
func (m *groups[K, In, R, Out]) begin(e *group[K, In]) error {
	if m.timer != nil && len(m.all) == 1 {
		m.timer.Reset(m.Idle)
	}
	for _, s := range m.copy.stages {
		open, closes := s.opens, s.closes
		s.opens, s.closes = nil, nil
		if open != nil {
			if err := s.protect(func() error { return open(s.ctx) }); err != nil {
				return err
			}
		}
		if closes != nil {
			e.hooks = append(e.hooks, hook{s, closes})
		}
	}
	starts, leads := e.feed.starts, e.feed.leads
	e.feed.starts, e.feed.leads = nil, nil
	for _, first := range [...][]func() error{starts, leads} {
		for _, fn := range first {
			if e.ended {
				break
			}
			if err := m.left(e, fn()); err != nil {
				return err
			}
		}
	}
	if !m.lively {
		e.feed = nil
	}
	return nil
}

// use makes the key the one that an item came for last.
func (m *groups[K, In, R, Out]) use(e *group[K, In]) {
	if m.timer != nil {
		e.used = m.age()
	}
	if m.order.Last() != e {
		e.place.Remove()
		m.order.Append(&e.place, e)
	}
}

// age is the time since the first item.
func (m *groups[K, In, R, Out]) age() time.Duration {
	now := m.seg.Now()
	if m.born.IsZero() {
		m.born = now
	}
	return now.Sub(m.born)
}

// sweep ends the keys that are idle.
func (m *groups[K, In, R, Out]) sweep() error {
	for e := m.order.First(); e != nil; e = m.order.First() {
		if left := e.used + m.Idle - m.age(); left > 0 {
			m.timer.Reset(left)
			return nil
		}
		if err := m.evict(e); err != nil {
			return err
		}
	}
	return nil
}

// evict ends a key and forgets it.
func (m *groups[K, In, R, Out]) evict(e *group[K, In]) error {
	if e.push != nil {
		if err := m.left(e, e.send(Signal{Kind: End})); err != nil {
			return err
		}
	}
	delete(m.all, e.key)
	e.place.Remove()
	return m.end(e)
}

// left says what the result of a key's stages means for all. An early end of its own is not
// theirs.
func (m *groups[K, In, R, Out]) left(e *group[K, In], err error) error {
	if err != ErrStop || m.seg.ctx.Err() != nil || !e.ended {
		return err
	}
	return m.end(e)
}

// end is for a key whose copy has ended. Nothing of that is left.
func (m *groups[K, In, R, Out]) end(e *group[K, In]) error {
	if e.push == nil {
		return nil
	}
	e.push, e.send = nil, nil
	if m.lively {
		m.seg.disarm(e.feed)
	}
	m.close(e, ErrStop)
	if m.seg.ctx.Err() != nil { // something failed then
		return m.seg.cause()
	}
	m.forget(e)
	if err := m.released(); err != nil {
		return err
	}
	for i := e.passed - m.passed; i < len(m.later); i++ {
		m.later[i].left--
	}
	return m.align()
}

// close closes the stages of a key, and makes them as if none had ended: they are those of all
// others.
func (m *groups[K, In, R, Out]) close(e *group[K, In], cause error) {
	hooks := e.hooks
	e.hooks = nil
	for _, h := range slices.Backward(hooks) { // from the source to the sink
		s, opened := h.s, h.s.opened
		s.closes, s.opened = h.closes, true
		s.close(cause)
		s.closes, s.opened = nil, opened
	}
	for _, s := range m.copy.stages {
		s.ended, s.stuck = false, nil
	}
}

// leave closes what is left at the end of the run.
func (m *groups[K, In, R, Out]) leave(cause error) error {
	for e := range m.order.All() {
		m.close(e, cmp.Or(cause, ErrStop))
	}
	return nil
}
