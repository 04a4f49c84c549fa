package kernel

// ZipLatest gives a pair of the newest items of both sources for each item of either, once
// both have given one. It ends when both have ended, or one has without an item.
func ZipLatest[A, B, P any](seg *Segment, p Pairs[A, B, P], down Port[P]) {
	m := new(zipLatest[A, B, P])
	m.meet(seg, p, down)
	seg.head = m.drain
}

// newest is the last item of an input. It is held until it has been in a pair.
type newest[T any] struct {
	item T
	some bool // there is one
	held bool
}

// renew puts an item in the place of the one before, which is discarded if it was in no pair.
func (n *newest[T]) renew(s *Stage, v T) {
	s.In++
	s.Held++
	n.discard(s)
	n.item, n.some, n.held = v, true, true
}

// use gives it for a pair.
func (n *newest[T]) use(s *Stage) T {
	if n.held {
		n.held = false
		s.Held--
		s.Passed++
	}
	return n.item
}

// discard books it as one that no pair will have, unless it was in one.
func (n *newest[T]) discard(s *Stage) {
	if n.held {
		n.held = false
		s.Held--
		s.Filtered++
	}
}

type zipLatest[A, B, P any] struct {
	pairing[A, B, P]
	newestA newest[A]
	newestB newest[B]
}

// drain is the head of the consumer. The inputs take turns.
func (m *zipLatest[A, B, P]) drain() error {
	m.seg.giveBack = m.giveBack
	for {
		a, err := m.takeA()
		if err != nil {
			return err
		}
		b, err := m.takeB()
		switch {
		case err != nil:
		case a || b:
		case m.over():
			m.newestA.discard(m.s)
			m.newestB.discard(m.s)
			return m.end()
		default:
			err = m.rest()
		}
		if err != nil {
			return err
		}
	}
}

func (m *zipLatest[A, B, P]) over() bool {
	a, b := m.a.ended, m.b.ended
	return a && b || a && !m.newestA.some || b && !m.newestB.some
}

func (m *zipLatest[A, B, P]) takeA() (bool, error) {
	v, ok, err := m.take(m.a)
	if ok {
		m.newestA.renew(m.s, v)
		err = m.both()
	}
	return ok, err
}

func (m *zipLatest[A, B, P]) takeB() (bool, error) {
	v, ok, err := m.take(m.b)
	if ok {
		m.newestB.renew(m.s, v)
		err = m.both()
	}
	return ok, err
}

// both gives the pair of the newest items, if there are two.
func (m *zipLatest[A, B, P]) both() error {
	if !m.newestA.some || !m.newestB.some {
		return nil
	}
	return m.give(m.newestA.use(m.s), m.newestB.use(m.s))
}

// WithLatest gives a pair for each item of A, with the newest of B. Items before that has
// given one are discarded. It ends with A.
func WithLatest[A, B, P any](seg *Segment, p Pairs[A, B, P], down Port[P]) {
	m := new(withLatest[A, B, P])
	m.meet(seg, p, down)
	seg.head = m.drain
}

type withLatest[A, B, P any] struct {
	pairing[A, B, P]
	newest newest[B]
}

// drain is the head of the consumer. It looks at A before B, so that what came of B before an
// item of A counts for that.
func (m *withLatest[A, B, P]) drain() error {
	m.seg.giveBack = m.giveBack
	for {
		has, err := m.has(&m.a.input)
		if err != nil {
			return err
		}
		if err := m.catchUp(); err != nil {
			return err
		}
		switch {
		case has:
			err = m.put()
		case m.a.ended:
			m.newest.discard(m.s)
			return m.end()
		case m.b.taken < m.b.upTo: // it has come meanwhile
		default:
			err = m.rest()
		}
		if err != nil {
			return err
		}
	}
}

// catchUp takes the items of B that have come so far: not those that come meanwhile, of which
// there may be no end.
func (m *withLatest[A, B, P]) catchUp() error {
	for waiting := m.b.tail.Load() - m.b.taken; waiting > 0; waiting-- {
		v, ok, err := m.take(m.b)
		if !ok || err != nil {
			return err
		}
		m.newest.renew(m.s, v)
	}
	_, err := m.has(&m.b.input) // for signals behind them
	return err
}

// put takes an item of A.
func (m *withLatest[A, B, P]) put() error {
	v, _, err := m.take(m.a)
	if err != nil {
		return err
	}
	m.s.In++
	if !m.newest.some {
		m.s.Filtered++
		return nil
	}
	m.s.Passed++
	return m.give(v, m.newest.use(m.s))
}
