package kernel

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// quick is the time of a call below which a worker claims several items at once, and
	// more of them are accepted. Above it that would gain nothing, and keep items waiting
	// behind a slow call.
	quick = 2 * time.Microsecond
	// sampled is one of how many claims is timed, to spread the cost of two readings of
	// the clock. A claim of many items is always timed: it spreads that itself, and if its
	// calls have become slow that should show at once.
	sampled = 8
	many    = 16
)

// worker is one goroutine of a stage with workers. It has the stage to itself, as a copy
// with a segment of its own; failures are booked on the stage.
type worker[In, Out any] struct {
	p     *pool[In, Out]
	s     *Stage
	call  func(In) error
	slot  *slot[In, Out] // in work
	turns int            // claims
	good  atomic.Int64   // calls that did not fail, if the policy counts them

	// Keyed: positions of items that are this worker's.
	todo  []uint64
	given atomic.Uint64
	taken uint64
	idle  parking
}

// hire adds a worker.
func (p *pool[In, Out]) hire() {
	g := p.seg.feeder()
	own := *p.s
	own.seg, own.ctx, own.call, own.at = g, g.ctx, g.ctx, &g.at
	g.worker = &own
	w := &worker[In, Out]{p: p, s: &own}
	w.call = underPolicy(&own, w.callOne)
	if own.lenient() && own.policy.Counts {
		w.call = w.noting(w.call)
	}
	if p.Order == Keyed {
		w.todo, w.idle.ch = make([]uint64, len(p.slots)), make(chan struct{}, 1)
	}
	p.staff = append(p.staff, w)
	g.head = w.work
}

// work is the head of a worker's segment.
func (w *worker[In, Out]) work() error {
	next := w.claim
	if w.p.Order == Keyed {
		next = w.accept
	}
	for {
		from, n, err := next()
		if n == 0 || err != nil {
			return err
		}
		if err := w.timed(from, n); err != nil {
			return err
		}
	}
}

// claim takes positions that nobody has claimed, and waits if there are none. After the
// end it gives none.
func (w *worker[In, Out]) claim() (from, n uint64, err error) {
	p := w.p
	for {
		from = p.claimed.Load()
		open := p.tail.Load() - from
		switch {
		case open > 0:
			n = p.share(open)
			if p.claimed.CompareAndSwap(from, from+n) {
				return from, n, nil
			}
		case p.closed.Load():
			if p.tail.Load() == from { // closed comes after the last item
				return 0, 0, nil
			}
		default:
			if err := w.park(); err != nil {
				return 0, 0, err
			}
		}
	}
}

// share is how many of the open positions a worker claims: few enough for all to have
// some.
func (p *pool[In, Out]) share(open uint64) uint64 {
	if p.single || !p.brisk() {
		return 1
	}
	return min(max(open/uint64(2*p.Count), 1), block)
}

// park waits for work. A worker that finds some after it has said that it waits takes
// that back, or the wake-up that is already under way.
func (w *worker[In, Out]) park() error {
	p := w.p
	p.idle.Add(1)
	if (p.claimed.Load() != p.tail.Load() || p.closed.Load()) && takeOne(&p.idle) {
		return nil
	}
	return awaken(w.s.seg, p.work)
}

// give adds an item of this worker's keys. There is room: todo is as large as all slots.
func (w *worker[In, Out]) give(pos uint64) {
	n := w.given.Load()
	w.todo[n&w.p.mask] = pos
	w.given.Store(n + 1)
	w.idle.wake()
}

// accept takes the next item of this worker's keys, and waits if there is none.
func (w *worker[In, Out]) accept() (from, n uint64, err error) {
	for w.given.Load() == w.taken {
		if w.p.closed.Load() {
			if w.given.Load() == w.taken {
				return 0, 0, nil
			}
			break
		}
		err := w.idle.wait(w.s.seg, func() bool { return w.given.Load() != w.taken || w.p.closed.Load() })
		if err != nil {
			return 0, 0, err
		}
	}
	from = w.todo[w.taken&w.p.mask]
	w.taken++
	return from, 1, nil
}

// timed works on the items from a position on, and takes the time of it every now and
// then.
func (w *worker[In, Out]) timed(from, n uint64) error {
	p := w.p
	w.turns++
	if w.turns%sampled != 1 && n < many {
		return w.do(from, n)
	}
	start := w.s.seg.Time()
	err := w.do(from, n)
	took := int64(w.s.seg.Time().Sub(start)) / int64(n)
	if mean := p.mean.Load(); took < mean {
		took = mean - (mean-took)/4 // slow calls count at once, quick ones bit by bit
	}
	p.mean.Store(took)
	return err
}

// do works on n items from a position on, and tells the consumer.
func (w *worker[In, Out]) do(from, n uint64) error {
	p, found := w.p, false
	for pos := from; pos < from+n; pos++ {
		slot := &p.slots[pos&p.mask]
		if p.Order != Ordered && slot.pos.Load() != pos+1 {
			continue // a hole
		}
		if err := w.s.seg.halted(); err != nil {
			return err
		}
		if err := w.one(slot); err != nil {
			return err
		}
		found = true
	}
	if found {
		p.publish(from, n)
	}
	return nil
}

// one calls the function for an item. Until it has succeeded the item is gone from the
// slot: whatever happens to it is booked.
func (w *worker[In, Out]) one(slot *slot[In, Out]) error {
	var zero In
	v := slot.in
	slot.in, slot.fate = zero, gone
	w.slot = slot
	return w.call(v)
}

func (w *worker[In, Out]) callOne(v In) error {
	w.s.Mark().Enter()
	out, err := w.p.Call(w.s.Context(), v)
	switch {
	case err == nil:
		w.slot.out, w.slot.fate = out, passed
	case w.p.Ends && errors.Is(err, ErrStop):
		w.slot.fate = last
	default:
		return w.s.Fail(v, err)
	}
	return nil
}

// noting counts the items that did not fail.
func (w *worker[In, Out]) noting(call func(In) error) func(In) error {
	return func(v In) error {
		err := call(v)
		if w.slot.fate != gone {
			w.good.Add(1)
		}
		return err
	}
}

// publish tells the consumer that n positions are done with.
func (p *pool[In, Out]) publish(from, n uint64) {
	if p.Order == Ordered {
		p.slots[from&p.mask].ready.Store(n)
		if p.consumer.waiting.Load() && p.wanted.Load() == from {
			p.consumer.wake()
		}
		return
	}
	at := p.finished.Add(1) - 1
	p.done[at&p.mask].Store(from<<8 | n)
	p.consumer.wake()
}
