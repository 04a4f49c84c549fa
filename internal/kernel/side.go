package kernel

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// Overflow says what a queue that is full does with an item.
type Overflow uint8

const (
	// Waits: the item waits for room.
	Waits Overflow = iota
	// LosesNewest: the item is lost.
	LosesNewest
	// LosesOldest: the oldest item in the queue is lost for it.
	LosesOldest
)

// Side is a further end of a line of stages: every item goes there as well as on down the
// line. It runs on goroutines of its own, behind a queue.
//
// Each of the two may come to its own end before the other, which goes on. When no item
// follows, for whatever reason, the side gets End behind what waits, and the run goes on until
// it has done with that.
type Side[T any] struct {
	Name, Op string
	Size     int // of the queue
	Full     Overflow
	// Wire wires the side, whose sink has the segment. Site is where its stages stand.
	Wire func(last *Segment, site Site) (*Segment, Port[T])
}

// Join is the Connect of the stage, in front of down. Stages of the side are "name/stage", and
// a policy of the site is their default.
func (w Side[T]) Join(seg *Segment, site Site, down Port[T]) (*Segment, Port[T]) {
	a := &aside[T]{up: seg, down: down}
	a.wire(w, Site{Name: cmp.Or(site.Name, w.Name), At: site.At, Policy: site.Policy})
	site.Policy = nil // is that of the side
	return Attach(seg, site, Spec[T, T]{Name: w.Name, Op: w.Op, Start: a.start}, Port[T]{})
}

// aside is the state of a Side in one run.
type aside[T any] struct {
	s    *Stage
	up   *Segment // of the line
	last *Segment // of the side's sink
	down Port[T]

	give  func(T) error // an item to the side
	out   int64         // items given there
	to    *Stage
	queue *queue
	ring  *ring[T] // nil if the oldest are lost
	link  *link
	sent  func() uint64 // items in the queue, ever
	ended bool          // the side has been told

	gone atomic.Bool  // nobody takes from the queue any more
	open atomic.Int64 // segments of the side that have not ended
	deaf bool         // no barrier passes the side
}

// wire wires the side, with the queue in front of it.
func (a *aside[T]) wire(w Side[T], site Site) {
	run := a.up.run
	stages, segs, beside := len(run.stages), len(run.segs), run.beside
	a.last = run.apart()
	a.last.turn = a.up.awaited()
	front, port := w.Wire(a.last, site)
	a.deaf = slices.ContainsFunc(run.stages[stages:], (*Stage).Foreign)
	a.up.Within(site, func(part Site) { a.enqueue(w, front, part, port) })
	front.exits = append(front.exits, func() { a.leave(front) })
	own := run.segs[segs:]
	a.open.Store(int64(len(own)))
	run.beside = beside + len(own)
	for _, g := range own {
		g.exits = append(g.exits, func() { a.over(g) })
	}
}

// enqueue puts the queue in front of the side. What loses items is a stage of its own, on the
// line, so that its books say how many.
func (a *aside[T]) enqueue(w Side[T], front *Segment, site Site, port Port[T]) {
	if w.Full == LosesOldest {
		q, down := slidingBetween(a.up, front, w.Size, port)
		a.link, a.sent = &q.link, func() uint64 { return q.next }
		a.lose(site, losing(w.Full, q.offer), down)
		return
	}
	q := newRing[T](w.Size, a.up, front)
	front.head = func() error { return q.drain(port) }
	a.ring, a.link, a.sent = q, &q.link, q.tail.Load
	down := q.port(port)
	if w.Full == LosesNewest {
		q.singly = true
		a.lose(site, losing(w.Full, q.offer), down)
		return
	}
	a.give, a.to, a.queue = a.wait, down.to, down.queue
}

// lose puts the stage that loses items in front of the queue.
func (a *aside[T]) lose(site Site, spec Spec[T, T], down Port[T]) {
	_, port := Attach(a.up, site, spec, down)
	a.to = port.to
	a.give = func(v T) error {
		a.s.Out++
		a.out++
		err := port.Push(v)
		if err != nil { // it goes no further
			a.s.Held++
		}
		return err
	}
}

// losing is the stage of a queue that loses items.
func losing[T any](full Overflow, offer Offer[T]) Spec[T, T] {
	spec := Spec[T, T]{Name: "dropping-buffer", Op: "DroppingBuffer", Books: Selected}
	if full == LosesOldest {
		spec.Name, spec.Op = "sliding-buffer", "SlidingBuffer"
	}
	spec.Start = func(s *Stage, down Port[T]) Port[T] {
		return Port[T]{Push: Losing(s, offer, func(T) {}), Signal: down.Signal}
	}
	return spec
}

func (a *aside[T]) start(s *Stage, _ Port[T]) Port[T] {
	a.s = s
	s.seg.run.lead(s, a.to, a.queue, &a.out, s.seg)
	s.seg.run.lead(s, a.down.to, a.down.queue, &s.Passed, s.seg)
	a.up.exits = append(a.up.exits, a.exit)
	return Port[T]{Push: a.push, Signal: a.signal}
}

// push gives an item to the side and then on. What waits for the side is the stage's.
func (a *aside[T]) push(v T) error {
	s := a.s
	s.In++
	if !a.gone.Load() {
		if err := a.give(v); err != nil {
			return a.ending(err)
		}
	}
	s.Passed++
	s.Out++
	if err := a.down.Push(v); err != nil {
		return a.ending(err)
	}
	return nil
}

// wait gives an item to a side that the line waits for.
func (a *aside[T]) wait(v T) error {
	q := a.ring
	if q.tail.Load()-q.lastHead >= q.limit {
		if err := a.room(); err != nil || a.gone.Load() {
			return err
		}
	}
	a.s.Out++
	a.out++
	return q.push(v)
}

// room waits until there is a free slot, or never will be.
func (a *aside[T]) room() error {
	q := a.ring
	a.s.Held++ // until then: a timer that fires meanwhile may unwind the wait
	err := q.producer.wait(a.up, AwaitsRoom, func() bool { return a.gone.Load() || q.room() })
	if err == nil {
		a.s.Held--
	}
	return err
}

// ending tells the side that no item follows if err, the result of a push or a signal, says so.
func (a *aside[T]) ending(err error) error {
	if err != nil {
		a.end()
	}
	return err
}

// signal gives both a signal. A barrier is complete when it has come to both ends.
func (a *aside[T]) signal(sig Signal) error {
	if sig.Kind == End {
		a.end()
	} else if err := a.tell(sig); err != nil {
		return a.ending(err)
	}
	return a.ending(a.down.Signal(sig))
}

// tell gives the side a signal other than End, unless that has ended.
func (a *aside[T]) tell(sig Signal) error {
	if a.gone.Load() {
		return nil
	}
	if sig.Kind != Barrier {
		return a.link.signal(a.sent(), sig)
	}
	if a.deaf {
		return nil
	}
	sig.ID = a.up.run.split(sig.ID, a)
	if err := a.link.signal(a.sent(), sig); err != nil {
		return err
	}
	if a.gone.Load() { // and may not have seen it
		return a.up.arrived(sig)
	}
	return nil
}

// end tells the side that no item follows, unless the run has ended before its time: then that
// does. It is not to wait, and the segment may have been dismissed, so it goes past what bounds
// signals.
func (a *aside[T]) end() {
	if a.ended {
		return
	}
	a.ended = true
	if a.up.run.ctx.Err() == nil {
		a.link.signals.add(a.sent(), Signal{Kind: End})
		a.link.consumer.wake()
	}
}

// exit is for a line that has ended, however it did. If its turn has not come it never will, and
// the side waits for the same.
func (a *aside[T]) exit() {
	a.end()
	if !a.last.begins() {
		a.last.dismiss()
	}
}

// leave says that nobody takes from the queue any more. A barrier in it needs only come to the
// end of the line.
func (a *aside[T]) leave(front *Segment) {
	a.gone.Store(true)
	lost := a.link.signals.drop()
	a.link.producer.wake()
	if a.up.run.ctx.Err() != nil {
		return
	}
	for _, p := range lost {
		_ = front.arrived(p.sig) // recorded by it
	}
}

// over is for a segment of the side that has ended. With the last one, barriers that were lost
// in the side need only come to the end of the line.
func (a *aside[T]) over(g *Segment) {
	if a.open.Add(-1) == 0 && a.up.run.ctx.Err() == nil {
		g.arrivedBeside(a)
	}
}
