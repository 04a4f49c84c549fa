package kernel

import (
	"slices"
	"time"
)

// WindowJoin pairs the items whose times are in the same window: from a multiple of size since the
// zero time to the next. The pairs of a window are given when the watermarks of both inputs have
// reached its end, in the order in which its items of A came, and for each of these in that of B;
// those of the windows that are left when both inputs have ended. It ends when no pair can follow.
//
// An item whose window is over by the watermark of its own input is dropped. So which pairs are
// given does not depend on the pace of the inputs.
func WindowJoin[A, B any, K comparable, P any](seg *Segment, p Joining[A, B, K, P], size time.Duration, down Port[P]) {
	m := &windowJoin[A, B, K, P]{size: size}
	m.meet(seg, p, down, m.putA, m.putB)
	m.heed, m.reach, m.over, m.finish = m.unbar, m.closeUpTo, m.noMore, m.closeAll
}

type windowJoin[A, B any, K comparable, P any] struct {
	joining[A, B, K, P]
	size  time.Duration
	open  []*span[A, B, K] // in the order of time
	last  *span[A, B, K]   // where the last item was
	spare []*span[A, B, K]
}

// span is a window.
type span[A, B any, K comparable] struct {
	start, end time.Time
	keys       map[K]int // places of their bunches
	bunches    []bunch
	as         []bound[A]
	bs         []chained[B]
	most       int // keys that there ever were
}

// bunch is what has the same key in a window.
type bunch struct {
	as, bs      int // how many items
	first, last int // items of B, counted from 1
}

// bound is an item of A.
type bound[A any] struct {
	item A
	of   int // place of its bunch
}

// chained is an item of B.
type chained[B any] struct {
	item B
	next int // of its bunch, 0 if it is the last
}

func (m *windowJoin[A, B, K, P]) putA(v A) error {
	w, of, err := m.place(m.a, &m.b.tributary, v, func(c *bunch) bool { return c.bs > 0 })
	if w != nil {
		w.bunches[of].as++
		w.as = append(w.as, bound[A]{v, of})
	}
	return err
}

func (m *windowJoin[A, B, K, P]) putB(v B) error {
	w, of, err := m.place(m.b, &m.a.tributary, v, func(c *bunch) bool { return c.as > 0 })
	if w != nil {
		w.link(&w.bunches[of], v)
	}
	return err
}

// link puts an item of B behind the others of its bunch.
func (w *span[A, B, K]) link(of *bunch, v B) {
	w.bs = append(w.bs, chained[B]{item: v})
	n := len(w.bs)
	if of.bs++; of.bs == 1 {
		of.first = n
	} else {
		w.bs[of.last-1].next = n
	}
	of.last = n
}

// place gives the window of an item and the place of its bunch there, and books it as kept, unless it
// is not: then it gives no window. pairs tells whether a bunch has items of the other input.
func (m *windowJoin[A, B, K, P]) place[T any](in *arm[T, K], other *tributary, v T, pairs func(*bunch) bool) (*span[A, B, K], int, error) {
	key, at := m.read(in, v)
	start, w := m.window(at)
	if in.mark.set && !start.Add(m.size).After(in.mark.time) {
		m.s.Dropped++
		return nil, 0, nil
	}
	alone, of, known := pairless(key), 0, false
	if w != nil {
		of, known = w.keys[key]
	}
	if alone || other.ended && !(known && pairs(&w.bunches[of])) {
		m.s.Filtered++
		return nil, 0, nil
	}
	if err := m.full(); err != nil {
		return nil, 0, m.s.Fail(v, err)
	}
	m.keep(in, start)
	if w == nil {
		w = m.begin(start)
	}
	if !known {
		of = len(w.bunches)
		w.bunches, w.keys[key] = append(w.bunches, bunch{}), of
	}
	m.last = w
	return w, of, nil
}

// window gives the beginning of the window that a time is in, and the window if it is open.
func (m *windowJoin[A, B, K, P]) window(at time.Time) (time.Time, *span[A, B, K]) {
	if w := m.last; w != nil && !at.Before(w.start) && at.Before(w.end) {
		return w.start, w
	}
	start := at.Truncate(m.size)
	if i, ok := m.find(start); ok {
		return start, m.open[i]
	}
	return start, nil
}

// find gives the place of a window among those that are open.
func (m *windowJoin[A, B, K, P]) find(start time.Time) (int, bool) {
	return slices.BinarySearchFunc(m.open, start, func(w *span[A, B, K], start time.Time) int { return w.start.Compare(start) })
}

// begin opens a window.
func (m *windowJoin[A, B, K, P]) begin(start time.Time) *span[A, B, K] {
	var w *span[A, B, K]
	if last := len(m.spare) - 1; last >= 0 {
		w, m.spare = m.spare[last], m.spare[:last]
	} else {
		w = &span[A, B, K]{keys: make(map[K]int)}
	}
	w.start, w.end = start, start.Add(m.size)
	i, _ := m.find(start)
	m.open = slices.Insert(m.open, i, w)
	return w
}

// closeUpTo closes the windows that are over at a time.
func (m *windowJoin[A, B, K, P]) closeUpTo(t time.Time) error {
	for len(m.open) > 0 && !m.open[0].end.After(t) {
		w := m.open[0]
		m.open = slices.Delete(m.open, 0, 1)
		m.last = nil
		if err := m.close(w); err != nil {
			return err
		}
	}
	return nil
}

// closeAll closes all windows.
func (m *windowJoin[A, B, K, P]) closeAll() error {
	if err := m.closeUpTo(endOfTime); err != nil {
		return err
	}
	return m.unbar()
}

// close gives the pairs of a window. Those items of A that it does not come to stay held.
func (m *windowJoin[A, B, K, P]) close(w *span[A, B, K]) error {
	for _, of := range w.bunches {
		m.let(m.b, of.bs, of.as > 0)
	}
	for _, a := range w.as {
		of := &w.bunches[a.of]
		m.let(m.a, 1, of.bs > 0)
		for i := of.first; i > 0; i = w.bs[i-1].next {
			if err := m.give(a.item, w.bs[i-1].item); err != nil {
				return err
			}
		}
	}
	m.reuse(w)
	return nil
}

// spareSpans is how many windows are kept to be used again. One that once had many more keys is not:
// to empty it would take long.
const (
	spareSpans = 4
	sparse     = 8
)

func (m *windowJoin[A, B, K, P]) reuse(w *span[A, B, K]) {
	w.most = max(w.most, len(w.keys))
	if len(m.spare) == spareSpans || len(w.keys)*sparse < w.most {
		return
	}
	clear(w.as)
	clear(w.bs)
	w.bunches, w.as, w.bs = w.bunches[:0], w.as[:0], w.bs[:0]
	clear(w.keys)
	m.spare = append(m.spare, w)
}

// unbar lets the barriers go in front of which all windows have closed.
func (m *windowJoin[A, B, K, P]) unbar() error {
	oldest := func() time.Time { return m.open[0].start }
	if err := m.release(m.a, oldest); err != nil {
		return err
	}
	return m.release(m.b, oldest)
}

// noMore tells whether no pair can follow, but those of the windows that are open if both inputs
// have ended.
func (m *windowJoin[A, B, K, P]) noMore() bool {
	a, b := m.a.ended, m.b.ended
	return a && b || a && m.a.kept == 0 || b && m.b.kept == 0
}
