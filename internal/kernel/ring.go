package kernel

import (
	"math/bits"
	"sync/atomic"
)

// block is how many items the consumer takes before it tells the producer: it
// spreads the cost of the shared counters.
const block = 64

// Boundary puts a queue of n items in front of down, whose segment becomes its consumer,
// and returns the new segment that will feed it. n items wait in it at most, beside the
// one in work.
//
// The queue is a ring with one producer and one consumer. Both park on a channel
// of capacity one, made in the run, and never spin: a waiting segment costs
// nothing, and testing/synctest sees it as blocked.
func Boundary[T any](seg *Segment, n int, down Port[T]) (*Segment, Port[T]) {
	up := seg.feeder()
	q := newRing[T](n, up, seg)
	seg.head = func() error { return q.drain(down) }
	return up, q.port(down)
}

// port is the ring's upper end. What it delivers goes to down.
func (q *ring[T]) port(down Port[T]) Port[T] {
	books := &queue{held: q.held, fill: q.fill, load: &q.load, below: down.queue}
	q.seg.showQueue(books, &q.taken)
	return Port[T]{Push: q.push, Signal: q.signal, room: q.await, to: down.to, queue: books}
}

type pad [64]byte // keeps what two goroutines write on different cache lines

type ring[T any] struct {
	buf []T
	cursors
}

// cursors are a ring without its items.
type cursors struct {
	mask   uint64
	limit  uint64 // of items; buf may be longer, as the mask needs a power of two
	singly bool   // give each slot back at once, for a producer that does not wait
	link

	_        pad
	tail     atomic.Uint64 // written by the producer
	lastHead uint64        // the producer's copy of head
	refused  int64         // items that found the consumer gone
	_        pad
	head     atomic.Uint64 // written by the consumer
	taken    uint64        // the consumer's own, ahead of head within a block
	load     load          // its own as well
	_        pad
}

func newRing[T any](n int, up, seg *Segment) *ring[T] {
	size := uint64(1) << bits.Len64(uint64(n-1))
	q := &ring[T]{buf: make([]T, size), mask: size - 1, limit: uint64(n)}
	q.connect(up, seg)
	return q
}

// parking lets one goroutine wait for another without losing a wake-up: it
// declares that it is about to wait, looks once more, and only then waits.
type parking struct {
	waiting atomic.Bool
	ch      chan struct{}
}

// wake ends the wait, and tells whether there was one.
func (p *parking) wake() bool {
	if p.waiting.Load() && p.waiting.CompareAndSwap(true, false) {
		p.ch <- struct{}{} // never blocks: waiting was true, so the slot is free
		return true
	}
	return false
}

// wait parks g until ready is true. Whoever makes it true calls wake after that.
func (p *parking) wait(g *Segment, why Activity, ready func() bool) error {
	for {
		if ready() {
			return nil
		}
		if p.needless(ready) {
			return nil
		}
		if err := awaken(g, p.ch, why); err != nil {
			return err
		}
	}
}

// needless declares that a wait is about to begin, and looks once more whether there is nothing
// to wait for: then it takes that back.
func (p *parking) needless(ready func() bool) bool {
	p.waiting.Store(true)
	return ready() && p.waiting.CompareAndSwap(true, false)
}

// rest parks a consumer until somebody wakes it, for its timers, or for its end. It does
// not wait where there is something to do already.
func (p *parking) rest(g *Segment, some func() bool) {
	if p.needless(some) {
		return
	}
	woken := false
	g.pause(AwaitsItems)
	select {
	case <-p.ch:
		woken = true
	case <-g.rings:
	case <-g.cued():
		g.cue.came = true
	case <-g.ctx.Done():
	}
	g.resume()
	if !woken {
		p.unpark()
	}
}

// unpark takes back the declaration of a wait that ended for another reason. If a
// wake-up is already under way it is consumed, so that the slot is free again.
func (p *parking) unpark() {
	if !p.waiting.CompareAndSwap(true, false) {
		<-p.ch
	}
}

// held is what the producer booked out and the consumer did not book in. It may be
// called when the run has ended.
func (q *cursors) held() int64 { return int64(q.tail.Load()-q.taken) + q.refused }

// fill is how many slots are taken, and how many there are. It may be called by anybody.
func (q *cursors) fill() (items, size int64) {
	head := q.head.Load() // before the tail, which is never behind it
	return int64(min(q.tail.Load()-head, q.limit)), int64(q.limit)
}

func (q *ring[T]) push(v T) error {
	t := q.tail.Load()
	if t-q.lastHead >= q.limit {
		q.refused++ // until there is room: a timer that fires meanwhile may unwind the wait
		if err := q.await(); err != nil {
			return err
		}
		q.refused--
	}
	q.buf[t&q.mask] = v
	q.tail.Store(t + 1)
	q.consumer.wake()
	return nil
}

// await waits until there is a free slot.
func (q *cursors) await() error {
	if q.tail.Load()-q.lastHead < q.limit {
		return nil
	}
	return q.producer.wait(q.up, AwaitsRoom, q.room)
}

// room tells whether there is a free slot.
func (q *cursors) room() bool {
	q.lastHead = q.head.Load()
	return q.tail.Load()-q.lastHead < q.limit
}

func (q *cursors) signal(sig Signal) error { return q.link.signal(q.tail.Load(), sig) }

// drain is the head of the consumer.
func (q *ring[T]) drain(down Port[T]) error {
	q.seg.giveBack = q.giveBack
	for {
		if err := q.seg.halted(); err != nil {
			return err
		}
		if err := q.seg.tick(); err != nil {
			return err
		}
		end, sig := q.ready(block)
		if err := q.deliver(end, down.Push); err != nil {
			return err
		}
		switch {
		case sig:
			if done, err := q.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case q.tail.Load() == end:
			q.consumer.rest(q.seg, q.some)
		}
	}
}

// some tells whether there is anything to deliver.
func (q *cursors) some() bool { return q.tail.Load() != q.taken || q.signals.pending.Load() > 0 }

// ready says up to where items may be delivered now, so many of them at most, and
// whether a signal is next after them.
func (q *cursors) ready(most uint64) (end uint64, sig bool) {
	end = min(q.tail.Load(), q.taken+most)
	if at, ok := q.signals.next(); ok && at <= end {
		return at, true
	}
	return end, false
}

// giveBack frees the slots of a block that is not at its end.
func (q *cursors) giveBack() {
	if q.head.Load() != q.taken {
		q.head.Store(q.taken)
		q.producer.wake()
	}
}

// deliver pushes the items up to end. taken is counted before the push, which may
// unwind, and a slot is given back before it, so that the queue holds what it is to hold
// beside the item in work: at the end of a block, before a wait, or for each item that may
// take long.
func (q *ring[T]) deliver(end uint64, push func(T) error) error {
	if q.taken == end {
		return nil
	}
	var zero T
	singly := q.singly || q.seg.blocks
	for q.taken < end {
		if err := q.seg.halted(); err != nil {
			return err
		}
		if err := q.seg.resumed(); err != nil {
			return err
		}
		slot := &q.buf[q.taken&q.mask]
		v := *slot
		*slot = zero
		q.taken++
		if q.taken == end || singly {
			q.head.Store(q.taken)
			q.producer.wake()
		}
		if err := push(v); err != nil {
			return err
		}
	}
	q.load.look(q.tail.Load() - q.taken)
	return nil
}

// peek gives the oldest item, which is there, and leaves it.
func (q *ring[T]) peek() T { return q.buf[q.taken&q.mask] }

// pull takes the oldest item, which is there, and of those up to end gives the slots back at
// once with the last.
func (q *ring[T]) pull(end uint64) T {
	var zero T
	slot := &q.buf[q.taken&q.mask]
	v := *slot
	*slot = zero
	q.taken++
	if q.taken == end || q.seg.blocks {
		q.giveBack()
	}
	return v
}
