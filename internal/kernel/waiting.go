package kernel

// What a producer can still do to an item that waits for the consumer. Both kinds of queue
// are those of Sliding, of which no item is lost.

// Retracting puts a queue in front of down, as [Boundary] does, for a stage that never waits.
// The function takes the newest item out again, and tells whether it did: while that waits
// behind another one. Who calls it before each push has two items waiting at most.
//
// Over channels the item that waits for the receiver of the output is the other one. In a
// flow that is a matter of what is below.
func Retracting[T any](seg *Segment, down Port[T]) (*Segment, Port[T], func() bool) {
	up, q, port := newSliding(seg, 2, down)
	port.Push = q.add
	sends := down.offer != nil
	return up, port, func() bool { return q.retract(sends) }
}

// add is offer where there is room.
func (q *sliding[T]) add(v T) error {
	_, _, err := q.offer(v)
	return err
}

func (q *sliding[T]) retract(sends bool) bool {
	q.items.Lock()
	defer q.items.Unlock()
	waiting := q.next - q.oldest
	behind := waiting > 1 || waiting == 1 && sends && q.inHand
	if !behind {
		return false
	}
	var zero T
	q.next--
	q.buf[q.next&q.mask] = zero
	q.signals.lower(q.next)
	return true
}

// A Combine puts v into a queue, or, if an item waits there, what merge makes of the two, in
// the place of that. If merge panics the item that waits stays as it is. It tells whether an
// item was waiting.
type Combine[T any] func(v T, merge func(acc, next T) T) bool

// Combining puts a queue of one item in front of down, as [Boundary] does, for a stage that
// never waits, and gives the function for it. A signal behind an item comes behind what becomes
// of that.
func Combining[T any](seg *Segment, down Port[T]) (*Segment, Port[T], Combine[T]) {
	up, q, port := newSliding(seg, 1, down)
	return up, port, q.combine
}

// combine calls merge without the lock, for it is the user's. The consumer waits meanwhile.
func (q *sliding[T]) combine(v T, merge func(acc, next T) T) bool {
	acc, some := q.lend(v)
	if some {
		defer q.redeem(&acc)
		acc = merge(acc, v)
		return true
	}
	q.consumer.wake()
	return false
}

// lend gives the item that waits, which stays in its place. Without one v takes that place.
func (q *sliding[T]) lend(v T) (acc T, some bool) {
	q.items.Lock()
	defer q.items.Unlock()
	if q.next == q.oldest {
		q.put(v)
		return acc, false
	}
	q.lent = true
	return q.buf[q.oldest&q.mask], true
}

// redeem puts the item back.
func (q *sliding[T]) redeem(acc *T) {
	q.items.Lock()
	q.buf[q.oldest&q.mask] = *acc
	q.lent = false
	q.items.Unlock()
	q.consumer.wake()
}
