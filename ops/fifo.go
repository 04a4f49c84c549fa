package ops

// fifo is a queue in one piece of memory, so that what waits is a slice. It takes no more room
// than twice what it ever held, and in steady state does not allocate.
type fifo[T any] struct {
	buf  []T
	head int
}

func (q *fifo[T]) len() int { return len(q.buf) - q.head }

// all gives what waits, the oldest first. It is valid until the next add or drop.
func (q *fifo[T]) all() []T { return q.buf[q.head:] }

// add appends one. Where that would need more room it first moves what is left of a half
// empty buffer to its beginning.
func (q *fifo[T]) add(v T) {
	if len(q.buf) == cap(q.buf) && q.head > len(q.buf)/2 {
		n := copy(q.buf, q.all())
		clear(q.buf[n:])
		q.buf, q.head = q.buf[:n], 0
	}
	q.buf = append(q.buf, v)
}

// drop forgets the n oldest.
func (q *fifo[T]) drop(n int) {
	clear(q.buf[q.head : q.head+n])
	if q.head += n; q.head == len(q.buf) {
		q.buf, q.head = q.buf[:0], 0
	}
}
