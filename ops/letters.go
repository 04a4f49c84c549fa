package ops

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// letterRing keeps the latest letters of a processor, for all its runs. When it is full the
// oldest goes, which is counted and logged.
type letterRing[T any] struct {
	size int

	mu   sync.Mutex
	kept []Letter[T] // a ring once it is full
	next int         // where the next one goes then
	lost int64
}

// put keeps a letter.
func (r *letterRing[T]) put(ctx context.Context, log *slog.Logger, l Letter[T]) {
	if lost := r.add(l); tenfold(lost) {
		log.WarnContext(ctx, "dead letter lost: too many are kept", "processor", l.Stage, "lost", lost)
	}
}

// add gives how many letters have been lost if it has lost one, else 0.
func (r *letterRing[T]) add(l Letter[T]) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < r.size {
		r.kept = append(r.kept, l)
		return 0
	}
	r.kept[r.next] = l
	r.next = (r.next + 1) % r.size
	r.lost++
	return r.lost
}

// all gives the letters that are kept, the oldest first.
func (r *letterRing[T]) all() []Letter[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.kept[r.next:], r.kept[:r.next])
}

// take is all, and they are kept no longer.
func (r *letterRing[T]) take() []Letter[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Concat(r.kept[r.next:], r.kept[:r.next])
	r.kept, r.next = nil, 0
	return all
}

// losses is how many letters have gone for want of room.
func (r *letterRing[T]) losses() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// tenfold tells 1, 10, 100 and so on: what is logged of a number that grows, so that the log
// neither hides it nor drowns.
func tenfold(n int64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
