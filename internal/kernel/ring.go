package kernel

import (
	"math/bits"
	"sync/atomic"
)

// block is how many items the consumer takes before it tells the producer: it
// spreads the cost of the shared counters.
const block = 64

// Boundary puts a bounded queue of at least n items in front of down, whose
// segment becomes its consumer, and returns the new segment that will feed it.
//
// The queue is a ring with one producer and one consumer. Both park on a channel
// of capacity one, made in the run, and never spin: a waiting segment costs
// nothing, and testing/synctest sees it as blocked.
func Boundary[T any](seg *Segment, n int, down Port[T]) (*Segment, Port[T]) {
	up := seg.feeder()
	q := newRing[T](n, up, seg)
	seg.head = func() error { return q.drain(down) }
	return up, Port[T]{Push: q.push, Signal: q.signal, to: down.to, queue: &queue{held: q.held, below: down.queue}}
}

type pad [64]byte // keeps what two goroutines write on different cache lines

type ring[T any] struct {
	buf  []T
	mask uint64
	up   *Segment // producer
	seg  *Segment // consumer

	_        pad
	tail     atomic.Uint64 // written by the producer
	lastHead uint64        // the producer's copy of head
	refused  int64         // items that found the consumer gone
	_        pad
	head     atomic.Uint64 // written by the consumer
	taken    uint64        // the consumer's own, ahead of head within a block
	_        pad

	consumer parking
	producer parking

	signals signals
}

func newRing[T any](n int, up, seg *Segment) *ring[T] {
	size := uint64(1) << bits.Len64(uint64(n-1))
	q := &ring[T]{buf: make([]T, size), mask: size - 1, up: up, seg: seg}
	q.consumer.ch = make(chan struct{}, 1)
	q.producer.ch = make(chan struct{}, 1)
	return q
}

// parking lets one goroutine wait for another without losing a wake-up: it
// declares that it is about to wait, looks once more, and only then waits.
type parking struct {
	waiting atomic.Bool
	ch      chan struct{}
}

func (p *parking) wake() {
	if p.waiting.Load() && p.waiting.CompareAndSwap(true, false) {
		p.ch <- struct{}{} // never blocks: waiting was true, so the slot is free
	}
}

// wait parks g until ready is true. Whoever makes it true calls wake after that.
func (p *parking) wait(g *Segment, ready func() bool) error {
	for {
		if ready() {
			return nil
		}
		p.waiting.Store(true)
		if ready() && p.waiting.CompareAndSwap(true, false) {
			return nil
		}
		if err := awaken(g, p.ch); err != nil {
			return err
		}
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
func (q *ring[T]) held() int64 { return int64(q.tail.Load()-q.taken) + q.refused }

func (q *ring[T]) push(v T) error {
	t := q.tail.Load()
	if t-q.lastHead > q.mask {
		if err := q.wait(q.room); err != nil {
			q.refused++
			return err
		}
	}
	q.buf[t&q.mask] = v
	q.tail.Store(t + 1)
	q.consumer.wake()
	return nil
}

// room tells whether there is a free slot.
func (q *ring[T]) room() bool {
	q.lastHead = q.head.Load()
	return q.tail.Load()-q.lastHead <= q.mask
}

// wait parks the producer until ready, which the consumer's progress makes true.
func (q *ring[T]) wait(ready func() bool) error { return q.producer.wait(q.up, ready) }

func (q *ring[T]) signal(sig Signal) error {
	if err := q.up.halted(); err != nil {
		return err
	}
	if at := q.tail.Load(); !q.signals.merge(at, sig) {
		if err := q.wait(func() bool { return !q.signals.full() }); err != nil {
			return err
		}
		q.signals.add(at, sig)
	}
	q.consumer.wake()
	return nil
}

// drain is the head of the consumer.
func (q *ring[T]) drain(down Port[T]) error {
	for {
		if err := q.seg.halted(); err != nil {
			return err
		}
		if err := q.seg.tick(); err != nil {
			return err
		}
		end, sig := q.ready()
		if err := q.deliver(end, down.Push); err != nil {
			return err
		}
		switch {
		case sig:
			if done, err := q.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case q.tail.Load() == end:
			q.park(end)
		}
	}
}

// ready says up to where items may be delivered now, and whether a signal is next
// after them.
func (q *ring[T]) ready() (end uint64, sig bool) {
	end = min(q.tail.Load(), q.taken+block)
	if at, ok := q.signals.next(); ok && at <= end {
		return at, true
	}
	return end, false
}

// deliver pushes the items up to end. taken is counted before the push, which may
// unwind, and a slot is given back before it, so that the queue holds what it is to hold
// beside the item in work: at the end of a block, or for each item that may take long.
func (q *ring[T]) deliver(end uint64, push func(T) error) error {
	var zero T
	for q.taken < end {
		if err := q.seg.halted(); err != nil {
			return err
		}
		slot := &q.buf[q.taken&q.mask]
		v := *slot
		*slot = zero
		q.taken++
		if q.taken == end || q.seg.blocks {
			q.head.Store(q.taken)
			q.producer.wake()
		}
		if err := push(v); err != nil {
			return err
		}
	}
	return nil
}

// deliverSignal passes the oldest signal on and tells whether it was the End.
func (q *ring[T]) deliverSignal(signal func(Signal) error) (done bool, err error) {
	sig := q.signals.take()
	q.producer.wake()
	return sig.Kind == End, signal(sig)
}

// park waits for an item, a signal, a timer or the end.
func (q *ring[T]) park(h uint64) {
	q.consumer.waiting.Store(true)
	if (q.tail.Load() != h || q.signals.pending.Load() > 0) && q.consumer.waiting.CompareAndSwap(true, false) {
		return
	}
	select {
	case <-q.consumer.ch:
		return
	case <-q.seg.rings:
	case <-q.seg.ctx.Done():
	}
	q.consumer.unpark()
}
