package kernel

// collector is the part of a pool that is the segment's below.
type collector struct {
	taken  uint64 // items whose results were taken out
	passed int64  // of these, those that were pushed
	from   uint64 // next position of what is ready
	until  uint64 // its end
	told   uint64 // items whose slots the producer was woken for
	read   uint64 // entries of done
	low    uint64 // not in order: all positions before it are emitted
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
		if p.from == p.until {
			p.look()
		}
		at, sig := p.signals.next()
		switch {
		case sig && p.due(at):
			if done, err := p.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case p.from < p.until:
			if err := p.deliver(p.bound(at, sig), down.Push); err != nil {
				return err
			}
		default:
			p.rest(sig, at)
		}
	}
}

// look finds the next results that are ready.
func (p *pool[In, Out]) look() {
	if p.Order == Ordered {
		slot := &p.slots[p.taken&p.mask]
		if n := slot.ready.Load(); n > 0 {
			slot.ready.Store(0)
			p.from, p.until = p.taken, p.taken+n
		}
		return
	}
	entry := &p.done[p.read&p.mask]
	if v := entry.Load(); v != 0 {
		entry.Store(0)
		p.read++
		p.from = v >> 8
		p.until = p.from + v&0xff
	}
}

// due tells whether all items before a position are emitted.
func (p *pool[In, Out]) due(at uint64) bool {
	if p.Order == Ordered {
		return p.taken == at
	}
	return p.emittedTo(at)
}

// emittedTo is due for slots that become free in any order: none may still have an item
// from before. It goes on where the last call stopped, but never looks at more than all
// slots.
func (p *pool[In, Out]) emittedTo(at uint64) bool {
	if size := uint64(len(p.slots)); at > p.low+size {
		p.low = p.oldest(at)
	}
	for p.low < at && p.slots[p.low&p.mask].pos.Load() != p.low+1 {
		p.low++
	}
	return p.low >= at
}

// oldest is the least position of an item in a slot, at most at.
func (p *pool[In, Out]) oldest(at uint64) uint64 {
	for i := range p.slots {
		if pos := p.slots[i].pos.Load(); pos != 0 {
			at = min(at, pos-1)
		}
	}
	return at
}

// bound is up to where results may be emitted now: not past a signal, in order.
func (p *pool[In, Out]) bound(at uint64, sig bool) uint64 {
	if sig && p.Order == Ordered {
		return min(p.until, at)
	}
	return p.until
}

// deliver pushes the results up to end. Slots are given back after the push, so that the
// window bounds all that is accepted: at the end, or for each item if that may take long.
func (p *pool[In, Out]) deliver(end uint64, push func(Out) error) error {
	for p.from < end {
		if err := p.seg.halted(); err != nil {
			return err
		}
		slot := &p.slots[p.from&p.mask]
		if p.Order != Ordered && slot.pos.Load() != p.from+1 {
			p.from++ // a hole
			continue
		}
		p.from++
		v, fate := p.empty(slot)
		if err := p.emit(v, fate, push); err != nil {
			return err
		}
		if p.from == end || p.seg.blocks {
			p.release()
		}
	}
	return nil
}

// empty takes the result out of a slot.
func (p *pool[In, Out]) empty(slot *slot[In, Out]) (Out, fate) {
	var zero Out
	v, f := slot.out, slot.fate
	slot.out, slot.fate = zero, empty
	if p.Order != Ordered {
		slot.pos.Store(0)
	}
	p.taken++
	return v, f
}

func (p *pool[In, Out]) emit(v Out, f fate, push func(Out) error) error {
	switch f {
	case passed:
		p.passed++
		return push(v)
	case last:
		p.passed++
		return ErrStop
	}
	return nil
}

// release tells the producer of free slots. It is woken for several at once, since waking
// costs more than a slot is worth; a consumer that is about to wait wakes it in any case.
func (p *pool[In, Out]) release() {
	p.emitted.Store(p.taken)
	if p.taken-p.told >= min(uint64(p.Steady)/4, block) {
		p.told = p.taken
		p.producer.wake()
	}
}

// deliverSignal passes the oldest signal on and tells whether it was the End.
func (p *pool[In, Out]) deliverSignal(signal func(Signal) error) (done bool, err error) {
	sig := p.signals.take()
	p.producer.wake()
	return sig.Kind == End, signal(sig)
}

// rest waits for a result, a signal, a timer or the end.
func (p *pool[In, Out]) rest(sig bool, at uint64) {
	p.producer.wake()
	p.wanted.Store(p.taken)
	p.consumer.rest(p.seg, func() bool { return p.stirred(sig, at) })
}

// stirred tells whether something happened since the consumer looked.
func (p *pool[In, Out]) stirred(sig bool, at uint64) bool {
	if now, ok := p.signals.next(); ok != sig || now != at {
		return true
	}
	if p.Order == Ordered {
		return p.slots[p.taken&p.mask].ready.Load() != 0
	}
	return p.done[p.read&p.mask].Load() != 0
}
