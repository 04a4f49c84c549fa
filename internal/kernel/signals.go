package kernel

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxSignals bounds the signals that wait in a queue, as its size bounds the items.
const maxSignals = 64

// signals are those that wait in a queue. They keep their place among the items, but not
// their space: they are rare, so the items need not be wider for them.
type signals struct {
	mu      sync.Mutex
	list    []placed
	first   [1]placed    // room for the one that most runs have, the End, and for others one by one
	pending atomic.Int64 // len(list)
	added   uint64       // ever; the producer's
}

type placed struct {
	at  uint64 // behind that many items
	sig Signal
}

// full tells the producer to wait.
func (q *signals) full() bool { return q.pending.Load() >= maxSignals }

// merge lets a watermark take the place of one right before it: the later includes the other.
func (q *signals) merge(at uint64, sig Signal) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := len(q.list) - 1
	if last < 0 || sig.Kind != Watermark || q.list[last].sig.Kind != Watermark || q.list[last].at != at {
		return false
	}
	q.list[last].sig = sig.With(q.list[last].sig)
	return true
}

func (q *signals) add(at uint64, sig Signal) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		q.list = q.first[:0]
	}
	q.list = append(q.list, placed{at, sig})
	q.pending.Add(1)
	q.added++
}

// lower puts those that are behind more than so many items behind these, where an item has
// been taken out.
func (q *signals) lower(items uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.list {
		q.list[i].at = min(q.list[i].at, items)
	}
}

// next gives the place of the oldest. It has to be asked after the consumer has looked
// how far the items go: then no signal that stands before one of those is missed.
func (q *signals) next() (at uint64, ok bool) {
	if q.pending.Load() == 0 {
		return 0, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.list[0].at, true
}

// take removes the oldest.
func (q *signals) take() Signal {
	q.mu.Lock()
	defer q.mu.Unlock()
	sig := q.list[0].sig
	q.list = q.list[1:]
	q.pending.Add(-1)
	return sig
}

// drop takes out those that nobody will take any more. They are a copy: one may yet be added, in
// the same room.
func (q *signals) drop() []placed {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := slices.Clone(q.list)
	q.list = nil
	q.pending.Store(0)
	return lost
}
