package kernel

// An Offer hands an item to a queue that never makes its producer wait. If the queue is
// full, one item is lost: lost, which the queue does not count. An error says that nobody
// takes items any more; then v was not taken.
type Offer[T any] func(v T) (lost T, full bool, err error)

// Dropping puts a queue of n items in front of down, as [Boundary] does, and gives the
// offer for its stage, whose item is lost where the queue is full. With 0 an item is taken
// only if the receiver is waiting for it: over channels that of the output, else the
// segment of down.
func Dropping[T any](seg *Segment, n int, down Port[T]) (*Segment, Port[T], Offer[T]) {
	if n == 0 && down.offer != nil {
		return seg, down, down.offer
	}
	up := seg.feeder()
	q := newRing[T](max(n, 1), up, seg)
	q.singly = true // what is lost for want of room must have found none
	seg.head = func() error { return q.drain(down) }
	if n == 0 {
		return up, q.port(down), q.handOver
	}
	return up, q.port(down), q.offer
}

// Losing is the push of the stage of an offer. An item that has to make way for a newer one is
// counted among the dropped, and the newer one takes its place among the passed. drop hears of
// it.
func Losing[T any](s *Stage, offer Offer[T], drop func(T)) func(T) error {
	return func(v T) error {
		s.In++
		lost, full, err := offer(v)
		switch {
		case err != nil:
			s.Held++
			return err
		case full:
			s.Dropped++
			drop(lost)
		default:
			s.Passed++
		}
		return nil
	}
}

// offer is push that does not wait.
func (q *ring[T]) offer(v T) (lost T, full bool, err error) {
	if q.tail.Load()-q.lastHead >= q.limit && !q.room() {
		return v, true, q.up.halted()
	}
	return lost, false, q.push(v)
}

// handOver is offer to a consumer that waits.
func (q *ring[T]) handOver(v T) (lost T, full bool, err error) {
	if !q.consumer.waiting.Load() {
		return v, true, q.up.halted()
	}
	return q.offer(v)
}

// trySend is the offer to a channel.
func trySend[T any](g *Segment, out chan<- T) Offer[T] {
	return func(v T) (lost T, full bool, err error) {
		if err := g.halted(); err != nil {
			return v, false, err
		}
		select {
		case out <- v:
			return lost, false, nil
		default:
			return v, true, nil
		}
	}
}
