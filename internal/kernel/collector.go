package kernel

import "sync/atomic"

// collector is the part of a pool that is the segment's below.
type collector struct {
	taken    uint64 // items whose results were taken out
	passed   int64  // of these, those that were pushed
	filtered int64  // and those that were discarded
	found    uint64 // results that are ready
	told     uint64 // items whose slots the producer was woken for

	// Signals keep their place among the items. Out of order an item may be taken before
	// a signal that it came after.
	delivered uint64             // signals
	handed    atomic.Uint64      // of these, those that those below are done with
	before    uint64             // items taken that came before the next signal
	behind    [maxSignals]uint64 // those that came after it, by the signals before them
}

// drain is the head of the consumer.
func (p *pool[In, Out]) drain(down Port[Out]) error {
	for {
		if err := p.seg.halted(); err != nil {
			return err
		}
		if err := p.seg.tick(); err != nil {
			return err
		}
		if p.found == 0 {
			p.look()
		}
		some, err := p.streams.deliver(down.Push)
		if err != nil {
			return err
		}
		at, sig := p.signals.next()
		switch {
		case sig && p.before == at:
			if done, err := p.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case p.found > 0:
			if err := p.deliver(p.bound(at, sig), down.Push); err != nil {
				return err
			}
		case !some:
			p.rest(sig, at)
		}
	}
}

// look finds the next results that are ready.
func (p *pool[In, Out]) look() {
	ready := &p.done[p.taken&p.mask]
	if n := ready.Load(); n > 0 {
		ready.Store(0)
		p.found = uint64(n)
	}
}

// bound is how many results may be emitted now: not past a signal, in order.
func (p *pool[In, Out]) bound(at uint64, sig bool) uint64 {
	if sig && p.Order == Ordered {
		return min(p.found, at-p.taken)
	}
	return p.found
}

// deliver pushes n results. Slots are given back after the push, so that the window
// bounds all that is accepted: at the end, or for each item if that may take long.
func (p *pool[In, Out]) deliver(n uint64, push func(Out) error) error {
	for ; n > 0; n-- {
		if err := p.seg.halted(); err != nil {
			return err
		}
		if err := p.seg.resumed(); err != nil {
			return err
		}
		if err := p.emit(push); err != nil {
			return err
		}
		if n == 1 || p.seg.blocks {
			p.release()
		}
	}
	return nil
}

// emit takes the next result out of its slot and pushes it.
func (p *pool[In, Out]) emit(push func(Out) error) error {
	var zero Out
	slot := p.next()
	v, f := slot.out, slot.fate
	slot.out, slot.fate = zero, empty
	if slot.epoch > p.delivered {
		p.behind[slot.epoch%maxSignals]++
	} else {
		p.before++
	}
	p.taken++
	p.found--
	switch f {
	case passed:
		p.passed++
		return push(v)
	case last:
		p.passed++
		return ErrStop
	case streamed:
		p.passed++
	case nothing:
		p.filtered++
	}
	return nil
}

// next gives the slot of the next result.
func (p *pool[In, Out]) next() *slot[In, Out] {
	i := p.taken & p.mask
	if p.Order == Ordered {
		return &p.slots[i]
	}
	return &p.slots[p.list[i].Load()]
}

// release tells the producer of free slots. It is woken for several at once, since waking
// costs more than a slot is worth: for a quarter of those that are more than the workers
// need, so that meanwhile none of them is without an item for want of a slot.
func (p *pool[In, Out]) release() {
	p.emitted.Store(p.taken)
	if p.taken-p.told >= uint64(max(min((p.limit.Load()-int64(p.Count))/4, block), 1)) {
		p.told = p.taken
		p.producer.wake()
	}
}

// deliverSignal passes the oldest signal on and tells whether it was the End.
func (p *pool[In, Out]) deliverSignal(signal func(Signal) error) (done bool, err error) {
	sig := p.take()
	p.delivered++
	behind := &p.behind[p.delivered%maxSignals]
	p.before += *behind
	*behind = 0
	err = signal(sig)
	p.handed.Store(p.delivered)
	p.producer.wake()
	return sig.Kind == End, err
}

// rest waits for a result, a signal, a timer or the end.
func (p *pool[In, Out]) rest(sig bool, at uint64) {
	p.wanted.Store(p.taken)
	p.consumer.rest(p.seg, func() bool { return p.stirred(sig, at) })
}

// stirred tells whether something happened since the consumer looked.
func (p *pool[In, Out]) stirred(sig bool, at uint64) bool {
	if now, ok := p.signals.next(); ok != sig || now != at {
		return true
	}
	return p.done[p.taken&p.mask].Load() != 0 || p.streams.some()
}
