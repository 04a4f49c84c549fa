package kernel

import "sync/atomic"

// push accepts an item.
func (p *pool[In, Out]) push(v In) error {
	p.s.In++
	key := uint64(0)
	if p.Order == Keyed {
		p.s.Mark().Enter()
		key = p.Key(v)
	}
	if p.accepted-p.lastFree >= uint64(p.limit.Load()) {
		p.s.Held++ // until there is room: a timer that fires meanwhile may unwind the wait
		if err := p.wait(p.room); err != nil {
			return err
		}
		p.s.Held--
	}
	i := p.vacant()
	slot := &p.slots[i]
	slot.in, slot.fate, slot.epoch = v, waiting, p.signals.added
	p.accepted++
	if p.Order == Keyed {
		p.staff[key%uint64(p.Count)].give(i)
		return nil
	}
	p.tail.Store(p.accepted)
	p.wakeWorker()
	return nil
}

// vacant gives the number of a free slot; there is one.
func (p *pool[In, Out]) vacant() uint32 {
	i := p.accepted & p.mask
	if p.Order != Ordered {
		return p.list[i].Load()
	}
	return uint32(i)
}

// room tells whether an item may be accepted: many while calls are quick, when few would
// leave the workers waiting, and else no more than they need.
func (p *pool[In, Out]) room() bool {
	limit := p.Steady
	if p.brisk() {
		limit = p.Window
	}
	p.limit.Store(int64(limit))
	p.lastFree = p.emitted.Load()
	return p.accepted-p.lastFree < uint64(limit)
}

// brisk tells whether calls are quick, as far as is known.
func (p *pool[In, Out]) brisk() bool {
	mean := p.mean.Load()
	return mean >= 0 && mean < int64(quick)
}

// wakeWorker wakes one of those that wait, if there is one.
func (p *pool[In, Out]) wakeWorker() {
	if takeOne(&p.idle) {
		p.work <- struct{}{} // there is room for every worker
	}
}

// takeOne decrements n unless it is 0.
func takeOne(n *atomic.Int64) bool {
	for v := n.Load(); v > 0; v = n.Load() {
		if n.CompareAndSwap(v, v-1) {
			return true
		}
	}
	return false
}

// wait parks the producer until ready, which the consumer's progress makes true.
func (p *pool[In, Out]) wait(ready func() bool) error {
	return p.producer.wait(p.up, AwaitsRoom, ready)
}

// signal sends a signal after the items that were accepted. Not in order, later items could
// overtake a barrier; so none is accepted before it has gone.
func (p *pool[In, Out]) signal(sig Signal) error {
	if err := p.link.signal(p.accepted, sig); err != nil {
		return err
	}
	switch {
	case sig.Kind == End:
		p.close()
	case sig.Kind != Watermark && p.Order != Ordered:
		return p.wait(func() bool { return p.handed.Load() == p.signals.added })
	}
	return nil
}

// close lets the workers end when nothing is left to claim.
func (p *pool[In, Out]) close() {
	p.closed.Store(true)
	for takeOne(&p.idle) {
		p.work <- struct{}{}
	}
	for _, w := range p.staff {
		w.idle.wake()
	}
}
