package kernel

import (
	"math/bits"
	"sync"
)

// Sliding puts a queue of n items in front of down, as [Boundary] does, and gives the
// offer for its stage, which makes a full queue lose its oldest item to the new one.
//
// Since the producer takes items out as well, they are behind a lock, and the consumer
// takes one at a time: what is in the queue can still be replaced.
func Sliding[T any](seg *Segment, n int, down Port[T]) (*Segment, Port[T], Offer[T]) {
	up, q, port := newSliding(seg, n, down)
	return up, port, q.offer
}

func newSliding[T any](seg *Segment, n int, down Port[T]) (*Segment, *sliding[T], Port[T]) {
	up := seg.feeder()
	q, port := slidingBetween(up, seg, n, down)
	return up, q, port
}

// slidingBetween is newSliding where the segment above is there already.
func slidingBetween[T any](up, seg *Segment, n int, down Port[T]) (*sliding[T], Port[T]) {
	size := uint64(1) << bits.Len64(uint64(n-1))
	q := &sliding[T]{buf: make([]T, size), mask: size - 1, limit: uint64(n)}
	q.connect(up, seg)
	seg.head = func() error { return q.drain(down) }
	books := &queue{held: q.held, fill: q.fill, load: &q.load, below: down.queue}
	seg.showQueue(books, &q.taken)
	return q, Port[T]{Signal: q.signal, to: down.to, queue: books}
}

type sliding[T any] struct {
	link
	mask, limit uint64

	items  sync.Mutex
	buf    []T
	oldest uint64 // number of the oldest item
	next   uint64 // number that the next one gets; written by the producer only
	taken  uint64 // how many the consumer took
	load   load
	inHand bool // the consumer has an item that it has not delivered
	lent   bool // the producer works on the oldest item, see combine
}

// held is what waited when the run ended.
func (q *sliding[T]) held() int64 { return int64(q.next - q.oldest) }

// fill is how many items wait, and how many can. It may be called by anybody.
func (q *sliding[T]) fill() (items, size int64) {
	q.items.Lock()
	defer q.items.Unlock()
	return q.held(), int64(q.limit)
}

func (q *sliding[T]) offer(v T) (lost T, full bool, err error) {
	lost, full, err = q.slide(v)
	if err == nil {
		q.consumer.wake()
	}
	return lost, full, err
}

// slide puts v behind the items, and takes the oldest one out where there is no room. Whether
// the segment has ended it asks without the lock: that may publish the books, for which whoever
// looks at the run holds another lock while it looks at this queue.
func (q *sliding[T]) slide(v T) (lost T, full bool, err error) {
	if q.append(v) {
		return lost, false, nil
	}
	if err := q.up.halted(); err != nil {
		return v, false, err
	}
	q.items.Lock()
	defer q.items.Unlock()
	if full = q.next-q.oldest == q.limit; full {
		lost = q.pop()
	}
	q.put(v)
	return lost, full, nil
}

// append puts v behind the items if there is room.
func (q *sliding[T]) append(v T) bool {
	q.items.Lock()
	defer q.items.Unlock()
	if q.next-q.oldest == q.limit {
		return false
	}
	q.put(v)
	return true
}

// put is append under the lock, where there is room.
func (q *sliding[T]) put(v T) {
	q.buf[q.next&q.mask] = v
	q.next++
}

// pop takes the oldest item out.
func (q *sliding[T]) pop() T {
	var zero T
	slot := &q.buf[q.oldest&q.mask]
	v := *slot
	*slot = zero
	q.oldest++
	return v
}

func (q *sliding[T]) signal(sig Signal) error { return q.link.signal(q.next, sig) }

// drain is the head of the consumer.
func (q *sliding[T]) drain(down Port[T]) error {
	for {
		if err := q.seg.arrive(); err != nil {
			return err
		}
		switch v, item, sig := q.pull(); {
		case sig:
			if done, err := q.deliverSignal(down.Signal); done || err != nil {
				return err
			}
		case item:
			if err := down.Push(v); err != nil {
				return err
			}
		default:
			q.consumer.rest(q.seg, q.some)
		}
	}
}

// pull takes the oldest item out, unless a signal stands before it.
func (q *sliding[T]) pull() (v T, item, sig bool) {
	q.items.Lock()
	defer q.items.Unlock()
	item, sig = q.ready()
	if q.inHand = item; !item {
		return v, false, sig
	}
	v = q.pop()
	q.taken++
	q.load.look(q.next - q.oldest)
	return v, true, false
}

// ready tells, under the lock, what is to be delivered next, if anything is.
func (q *sliding[T]) ready() (item, sig bool) {
	at, ok := q.signals.next()
	sig = ok && at <= q.oldest
	return !sig && !q.lent && q.oldest != q.next, sig
}

// some tells whether there is anything to deliver.
func (q *sliding[T]) some() bool {
	q.items.Lock()
	defer q.items.Unlock()
	item, sig := q.ready()
	return item || sig
}
