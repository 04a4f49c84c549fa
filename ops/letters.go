package ops

import (
	"context"
	"log/slog"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// letterRing keeps the latest letters of a processor, for all its runs. When it is full the
// oldest goes, which is counted and logged.
type letterRing[T any] struct {
	size int
	kept kernel.Shared[letters[T]]
}

// letters are a ring once it is full.
type letters[T any] struct {
	ring []Letter[T]
	next int // where the next one goes then
	lost int64
}

func newLetterRing[T any](size int) *letterRing[T] { return &letterRing[T]{size: size} }

// put keeps a letter.
func (r *letterRing[T]) put(ctx context.Context, log *slog.Logger, l Letter[T]) {
	var lost int64
	r.kept.Use(func(kept *letters[T]) { lost = kept.add(l, r.size) })
	if tenfold(lost) {
		log.WarnContext(ctx, "dead letter lost: too many are kept", "processor", l.Stage, "lost", lost)
	}
}

// add gives how many letters have been lost if it has lost one, else 0.
func (k *letters[T]) add(l Letter[T], size int) int64 {
	if len(k.ring) < size {
		k.ring = append(k.ring, l)
		return 0
	}
	k.ring[k.next] = l
	k.next = (k.next + 1) % size
	k.lost++
	return k.lost
}

func (k *letters[T]) inOrder() []Letter[T] { return slices.Concat(k.ring[k.next:], k.ring[:k.next]) }

// all gives the letters that are kept, the oldest first.
func (r *letterRing[T]) all() (all []Letter[T]) {
	r.kept.Use(func(kept *letters[T]) { all = kept.inOrder() })
	return all
}

// take is all, and they are kept no longer.
func (r *letterRing[T]) take() (all []Letter[T]) {
	r.kept.Use(func(kept *letters[T]) {
		all = kept.inOrder()
		kept.ring, kept.next = nil, 0
	})
	return all
}

// losses is how many letters have gone for want of room.
func (r *letterRing[T]) losses() (lost int64) {
	r.kept.Use(func(kept *letters[T]) { lost = kept.lost })
	return lost
}

// tenfold tells 1, 10, 100 and so on: what is logged of a number that grows, so that the log
// neither hides it nor drowns.
func tenfold(n int64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
