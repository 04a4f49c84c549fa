package kernel

import (
	"context"
	"errors"
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

// Workers call a function on several goroutines. At the end of a flow, where nothing is
// below, its ErrStop ends the stream early.
type Workers[In, Out any] struct {
	Call func(ctx context.Context, v In) (Out, error)
	Each func(s *Stage) func(context.Context, In) (Out, error) // makes it for each worker, in place of Call
	// Stream, in place of both, makes for each worker what gives any number of results for an
	// item, by emit. Its Order is Unordered; results of one item come in order.
	Stream func(emit func(Out) error) func(context.Context, In) error
	Count  int
	Window int // the most items that are accepted and not emitted, at least Count; 0 for the default
	Steady int // the same while calls are not quick, at most Window; with a Window of 0 the default
	Ahead  int // in place of both: so many for each worker
	Order  Order
	Key    func(In) uint64 // for Keyed: what is equal for equal keys
	Single bool            // a worker takes one item at a time, however quick calls are

	segs []*Segment // of the workers, if they are there already
}

// ErrNothing is the result of a call from Workers.Each that has discarded its item.
var ErrNothing = errors.New("streamz: nothing comes of the item")

// Default windows.
const (
	quickWindow = 1024 // while calls are quick: with less the workers wait for each other
	leastWindow = 16   // while they are not
	perWorker   = 4    // the same for each worker: calls take a varying time
	mostWindow  = 1 << 20
)

// sized fills in the default windows.
func (w Workers[In, Out]) sized() Workers[In, Out] {
	switch {
	case w.Ahead > 0:
		w.Window = w.Ahead * w.Count
		w.Steady = w.Window
	case w.Window == 0:
		w.Steady = max(leastWindow, min(perWorker*w.Count, mostWindow), w.Count)
		w.Window = max(quickWindow, w.Steady)
	}
	return w
}

// Staffed is a spec whose stage has workers. It goes by Connect, so that only those who use
// workers have to compile them.
func Staffed[In, Out any](spec Spec[In, Out], w Workers[In, Out]) Spec[In, Out] {
	whole := spec
	whole.Nature = staffed
	whole.Connect = func(seg *Segment, site Site, down Port[Out]) (*Segment, Port[In]) {
		return attachWorkers(seg, site, &spec, w, down)
	}
	return whole
}

// pool is the state of a stage with workers: slots that each item stays in from the
// moment it is accepted until its result is emitted.
//
// The segment above writes an item into a free slot. A worker claims it, calls the
// function, and leaves the result there. The segment below emits it and frees the slot.
// In order, slots are used in turn, and the consumer waits for one after the other. Else
// they become free in any order, so a ring of slot numbers tells which is whose: at the
// place of an item stands the slot that it has, then the slot that was finished as that
// many-th, and that is the slot of a later item once the consumer has gone over it.
type pool[In, Out any] struct {
	Workers[In, Out]
	link
	s      *Stage // on the segment above
	slots  []slot[In, Out]
	mask   uint64
	staff  []*worker[In, Out]
	roster *Roster // nil unless their number changes
	sink   bool    // nothing is below
	single bool    // claims are of one item

	streams *streams[Out] // nil without Workers.Stream; here, where nobody writes

	_        pad
	tail     atomic.Uint64 // items that may be claimed
	accepted uint64        // the producer's copy of tail
	lastFree uint64        // its copy of emitted
	limit    atomic.Int64  // Window or Steady, as the producer last found right
	_        pad
	claimed  atomic.Uint64 // items
	idle     atomic.Int64  // workers that wait for work
	work     chan struct{} // wakes one of them
	closed   atomic.Bool   // no item follows
	_        pad
	finished atomic.Uint64   // not in order: items
	list     []atomic.Uint32 // not in order: the ring of slot numbers
	done     []atomic.Uint32 // how many results are ready from here on
	mean     atomic.Int64    // time of a call in ns, -1 before the first
	_        pad
	emitted  atomic.Uint64 // items whose slots are free again
	wanted   atomic.Uint64 // in order: the item that the consumer waits for
	collector
}

// slot is the place of one item.
type slot[In, Out any] struct {
	epoch uint64 // signals before the item
	next  uint32 // keyed: in a list of its worker, the number of a slot + 1
	fate  fate
	in    In
	out   Out
}

// fate is what became of the item of a slot.
type fate uint8

const (
	empty    fate = iota
	waiting       // for a worker
	gone          // a worker has it, or it failed and is booked
	passed        // its result is in the slot
	last          // passed, and the function wants no more
	nothing       // it was discarded
	streamed      // all of its results are in the ring of its worker
)

// attachWorkers makes the stage: its producing end in a new segment, its workers, and its
// consuming end as the head of seg.
func attachWorkers[In, Out any](
	seg *Segment, site Site, spec *Spec[In, Out], w Workers[In, Out], down Port[Out],
) (*Segment, Port[In]) {
	seg.run.fit(site, spec.Name, Use{Item: (*In)(nil), Calls: spec.Calls, Heeds: spec.Heeds})
	if err := site.Scale.unfit(w.Order, w.Window); err != nil {
		seg.run.Misused(site, spec.Name, err)
		return seg, Port[In]{}
	}
	given := w.Count
	w = w.scaled(site.Scale).sized()
	up := seg.feeder()
	s := up.run.stage(up, site, spec.Name, spec.Op)
	if spec.Calls == CallsNothing { // a policy is that of what the workers do
		s.policy, s.decider, s.watch = nil, nil, nil
	}
	s.books, s.told, s.decides, s.heeds = Counted, spec.Told, spec.Decides, spec.Heeds
	if spec.Clock != nil {
		s.clock = spec.Clock
	}
	up.run.edge(s, down.to, down.queue)
	p := newPool(s, seg, w, down.Push == nil)
	up.show(s, func(to *Counts) { to.In, to.Held = s.In, s.Held })
	seg.show(s, p.showPassed)
	if p.sink {
		down.Push, down.Signal = func(Out) error { return nil }, seg.arrived
	}
	if p.Stream != nil {
		p.streams = new(streams[Out])
		seg.giveBack, down.Push = p.streams.giveBack, p.streams.counted(down.Push)
	}
	for range p.Count {
		p.hire(site.Scale != nil)
	}
	p.enroll(site.Scale, given)
	s.heeds = false // the workers do
	seg.head = func() error { return p.drain(down) }
	s.crew = &crew{count: p.Count, turn: make(chan struct{}, 1), good: p.good, busy: p.busy, tally: p.book, limit: p.limit.Load, roster: p.roster}
	port := Port[In]{Push: visible(s, false, p.push), Signal: p.signal, to: s}
	if p.Order == Keyed {
		port.Push = underPolicy(s, port.Push)
		up.blocks = up.run.blocks(site, spec.Calls)
	}
	return up, port
}

func newPool[In, Out any](s *Stage, seg *Segment, w Workers[In, Out], sink bool) *pool[In, Out] {
	size := uint64(1) << bits.Len64(uint64(w.Window-1))
	p := &pool[In, Out]{Workers: w, s: s, sink: sink, mask: size - 1}
	p.connect(s.seg, seg)
	p.slots, p.done = make([]slot[In, Out], size), make([]atomic.Uint32, size)
	if w.Order != Ordered {
		p.list = make([]atomic.Uint32, size)
		for i := range p.list {
			p.list[i].Store(uint32(i))
		}
	}
	p.work = make(chan struct{}, w.Count)
	p.limit.Store(int64(p.Steady))
	p.mean.Store(-1)
	p.single = w.Single || w.Count == 1 || s.policy != nil && s.policy.Repeats
	return p
}

// busy is the mean of the workers'.
func (p *pool[In, Out]) busy() float64 {
	sum := 0.0
	for _, w := range p.staff {
		sum += w.s.seg.busy()
	}
	return sum / float64(len(p.staff))
}

// showPassed publishes what the segment below took out.
func (p *pool[In, Out]) showPassed(to *Counts) {
	to.Filtered, to.Passed, to.Out = p.filtered, p.passed, p.out()
}

// out is how many results were pushed.
func (p *pool[In, Out]) out() int64 {
	switch {
	case p.sink:
		return 0
	case p.streams != nil:
		return p.streams.given
	}
	return p.passed
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
	c.Passed, c.Filtered, c.Out = p.passed, p.filtered, p.out()
	if given := p.s.crew.given; given != nil {
		c.Out = given()
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
