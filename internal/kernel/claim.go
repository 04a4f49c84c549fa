package kernel

import "time"

// claim takes items that nobody has claimed, and waits if there are none. After the end
// it gives none.
func (w *worker[In, Out]) claim() ([]uint32, error) {
	p := w.p
	for {
		if p.roster != nil {
			if err := w.attend(); err != nil && !p.exhausted() {
				return nil, err
			}
		}
		from := p.claimed.Load()
		open := p.tail.Load() - from
		switch {
		case open > 0:
			claim := w.hand[:p.share(open/uint64(2*p.Count))]
			p.read(from, claim)
			if p.claimed.CompareAndSwap(from, from+uint64(len(claim))) {
				return claim, nil
			}
		case p.closed.Load():
			if p.exhausted() { // closed comes after the last item
				return nil, nil
			}
		default:
			if err := w.park(); err != nil && !p.exhausted() {
				return nil, err
			}
		}
	}
}

// exhausted tells that all items are claimed and none follows. Then the end of the context
// cuts no worker off that only has to be told so.
func (p *pool[In, Out]) exhausted() bool {
	return p.closed.Load() && p.tail.Load() == p.claimed.Load()
}

// read gives the slots of the items from one on. It has to be done before they are
// claimed: after that others may write to the ring's places what they have finished.
func (p *pool[In, Out]) read(from uint64, slots []uint32) {
	for i := range slots {
		at := (from + uint64(i)) & p.mask
		if slots[i] = uint32(at); p.Order != Ordered {
			slots[i] = p.list[at].Load()
		}
	}
}

// share is how many items a worker claims that could have many: one, unless calls are
// quick.
func (p *pool[In, Out]) share(many uint64) uint64 {
	if p.single || !p.brisk() {
		return 1
	}
	return min(max(many, 1), block)
}

// park waits for work. A worker that finds some after it has said that it waits takes
// that back, or the wake-up that is already under way.
func (w *worker[In, Out]) park() error {
	p := w.p
	w.lull()
	w.since = time.Time{}
	p.idle.Add(1)
	if (p.claimed.Load() != p.tail.Load() || p.closed.Load()) && takeOne(&p.idle) {
		return nil
	}
	return awaken(w.s.seg, p.work, AwaitsItems)
}

// give adds an item of this worker's keys.
func (w *worker[In, Out]) give(i uint32) {
	for {
		latest := w.box.Load()
		w.p.slots[i].next = latest
		if w.box.CompareAndSwap(latest, i+1) {
			w.idle.wake()
			return
		}
	}
}

// accept takes the next items of this worker's keys, and waits if there are none.
func (w *worker[In, Out]) accept() ([]uint32, error) {
	for w.list == 0 {
		if w.empty() {
			return nil, nil
		}
		w.since = time.Time{}
		if err := w.idle.wait(w.s.seg, AwaitsItems, w.stirred); err != nil && !w.empty() {
			return nil, err
		}
		w.unpack()
	}
	claim := w.hand[:0]
	for most := int(w.p.share(block)); w.list != 0 && len(claim) < most; {
		i := w.list - 1
		claim = append(claim, i)
		w.list = w.p.slots[i].next
	}
	return claim, nil
}

// empty tells that no item of this worker's keys will follow.
func (w *worker[In, Out]) empty() bool {
	return w.p.closed.Load() && w.box.Load() == 0 // closed comes after the last item
}

func (w *worker[In, Out]) stirred() bool { return w.box.Load() != 0 || w.p.closed.Load() }

// unpack takes all that is in box and turns the list around.
func (w *worker[In, Out]) unpack() {
	for i := w.box.Swap(0); i != 0; {
		slot := &w.p.slots[i-1]
		i, slot.next, w.list = slot.next, w.list, i
	}
}
