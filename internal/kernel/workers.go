package kernel

import (
	"context"
	"math/bits"
	"sync/atomic"
)

// Order says in which order a stage with workers emits its results.
type Order uint8

const (
	// Ordered: in the order of the items.
	Ordered Order = iota
	// Unordered: as they come.
	Unordered
	// Keyed: as they come, but those of one key in the order of its items.
	Keyed
)

// Workers call a function on several goroutines.
type Workers[In, Out any] struct {
	Call   func(ctx context.Context, v In) (Out, error)
	Count  int
	Window int // the most items that are accepted and not emitted, at least Count
	Steady int // the same while calls are not quick, at most Window
	Order  Order
	Key    func(In) uint64 // for Keyed: what is equal for equal keys
	Ends   bool            // ErrStop of Call ends the stream early
}

// pool is the state of a stage with workers: a ring of slots that each item stays in
// from the moment it is accepted until its result is emitted.
//
// The segment above writes an item into a free slot. A worker claims it, calls the
// function, and leaves the result there. The segment below emits it and frees the slot.
// In order, slot i&mask belongs to item i, and the consumer waits for one slot after the
// other. Else slots become free in any order: the producer passes over those that are
// not, and their positions are holes that no worker finds an item in; the consumer is
// told of finished slots through a ring of their positions.
type pool[In, Out any] struct {
	*Workers[In, Out]
	s     *Stage // on the segment above
	up    *Segment
	seg   *Segment // the one below
	slots []slot[In, Out]
	mask  uint64
	staff []*worker[In, Out]
	sink  bool // nothing is below

	_        pad
	tail     atomic.Uint64 // positions up to which items may be claimed
	accepted uint64        // the producer's: items
	lastFree uint64        // its copy of emitted
	limit    uint64        // Window or Steady
	producer parking
	_        pad
	claimed  atomic.Uint64 // positions
	idle     atomic.Int64  // workers that wait for work
	work     chan struct{} // wakes one of them
	closed   atomic.Bool   // no item follows
	_        pad
	finished atomic.Uint64 // entries written to done
	done     []atomic.Uint64
	mean     atomic.Int64 // time of a call in ns, -1 before the first
	single   bool         // claims are of one item
	_        pad
	emitted  atomic.Uint64 // items whose slots are free again
	wanted   atomic.Uint64 // in order: the position that the consumer waits for
	consumer parking
	collector

	signals signals
}

// slot is the place of one item.
type slot[In, Out any] struct {
	pos   atomic.Uint64 // not in order: position of the item + 1, 0 if the slot is free
	ready atomic.Uint64 // in order: how many results are ready from here on
	in    In
	out   Out
	fate  fate
}

// fate is what became of the item of a slot.
type fate uint8

const (
	empty   fate = iota
	waiting      // for a worker
	gone         // a worker has it, or it failed and is booked
	passed       // its result is in the slot
	last         // passed, and the function wants no more
)

// attachWorkers makes the stage: its producing end in a new segment, its workers, and its
// consuming end as the head of seg.
func attachWorkers[In, Out any](seg *Segment, site Site, spec Spec[In, Out], down Port[Out]) (*Segment, Port[In]) {
	up := seg.feeder()
	s := up.run.stage(up, site, spec.Name, spec.Op)
	s.books, s.told, s.heeds, s.turn = Counted, spec.Told, spec.Heeds, make(chan struct{}, 1)
	up.run.edge(s, down.to, down.queue)
	p := newPool(s, seg, spec.Workers, down.Push == nil)
	if p.sink {
		down.Push, down.Signal = func(Out) error { return nil }, seg.arrived
	}
	for range p.Count {
		p.hire()
	}
	s.heeds = false // the workers do
	seg.head = func() error { return p.drain(down) }
	s.good, s.tally, s.busy = p.good, p.book, p.busy
	port := Port[In]{Push: p.push, Signal: p.signal, to: s}
	if p.Order == Keyed {
		port.Push = underPolicy(s, port.Push)
		up.blocks = up.run.blocks(site, spec.Calls)
	}
	return up, port
}

func newPool[In, Out any](s *Stage, seg *Segment, w *Workers[In, Out], sink bool) *pool[In, Out] {
	size := uint64(1) << bits.Len64(uint64(w.Window-1))
	p := &pool[In, Out]{Workers: w, s: s, up: s.seg, seg: seg, sink: sink, mask: size - 1}
	p.slots = make([]slot[In, Out], size)
	if w.Order != Ordered {
		p.done = make([]atomic.Uint64, size)
	}
	p.work = make(chan struct{}, w.Count)
	p.producer.ch, p.consumer.ch = make(chan struct{}, 1), make(chan struct{}, 1)
	p.limit = uint64(p.Steady)
	p.mean.Store(-1)
	p.single = w.Count == 1 || s.policy != nil && s.policy.Repeats
	return p
}

// push accepts an item.
func (p *pool[In, Out]) push(v In) error {
	p.s.In++
	key := uint64(0)
	if p.Order == Keyed {
		p.s.Mark().Enter()
		key = p.Key(v)
	}
	if p.accepted-p.lastFree >= p.limit {
		p.s.Held++ // until there is room: a timer that fires meanwhile may unwind the wait
		if err := p.wait(p.room); err != nil {
			return err
		}
		p.s.Held--
	}
	t := p.free()
	slot := &p.slots[t&p.mask]
	slot.in, slot.fate = v, waiting
	p.accepted++
	switch p.Order {
	case Keyed:
		slot.pos.Store(t + 1)
		p.tail.Store(t + 1)
		p.staff[key%uint64(p.Count)].give(t)
		return nil
	case Unordered:
		slot.pos.Store(t + 1)
	}
	p.tail.Store(t + 1)
	p.wakeWorker()
	return nil
}

// free finds a free slot; there is one. In order it is the next.
func (p *pool[In, Out]) free() uint64 {
	t := p.tail.Load()
	if p.Order != Ordered {
		for p.slots[t&p.mask].pos.Load() != 0 {
			t++
		}
	}
	return t
}

// room tells whether an item may be accepted: many while calls are quick, when few would
// leave the workers waiting, and else no more than they need.
func (p *pool[In, Out]) room() bool {
	p.limit = uint64(p.Steady)
	if p.brisk() {
		p.limit = uint64(p.Window)
	}
	p.lastFree = p.emitted.Load()
	return p.accepted-p.lastFree < p.limit
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
	return p.producer.wait(p.up, ready)
}

// signal sends a signal after the items that were accepted. Not in order, later items could
// overtake a barrier; so none is accepted before it has gone.
func (p *pool[In, Out]) signal(sig Signal) error {
	if err := p.up.halted(); err != nil {
		return err
	}
	if at := p.tail.Load(); !p.signals.merge(at, sig) {
		if err := p.wait(func() bool { return !p.signals.full() }); err != nil {
			return err
		}
		p.signals.add(at, sig)
	}
	p.consumer.wake()
	switch {
	case sig.Kind == End:
		p.close()
	case sig.Kind != Watermark && p.Order != Ordered:
		return p.wait(func() bool { return p.signals.pending.Load() == 0 })
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

// busy is the mean of the workers'.
func (p *pool[In, Out]) busy() float64 {
	sum := 0.0
	for _, w := range p.staff {
		sum += w.s.seg.busy()
	}
	return sum / float64(len(p.staff))
}

// good is how many items the workers are done with that did not fail.
func (p *pool[In, Out]) good() int64 {
	var n int64
	for _, w := range p.staff {
		n += w.good.Load()
	}
	return n
}

// book counts what the workers and the segment below did.
func (p *pool[In, Out]) book(c *Counts) {
	c.Passed = p.passed
	if !p.sink {
		c.Out = p.passed
	}
	for _, w := range p.staff {
		c.Held += w.s.Held
		c.Retried += w.s.Retried
	}
	for i := range p.slots {
		if f := p.slots[i].fate; f != empty && f != gone {
			c.Held++
		}
	}
}
