package ops

import (
	"context"
	"log/slog"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// letters are the latest ones of a processor. When they are size the oldest makes way for the
// next one, which is counted.
type letters[T any] struct {
	size int
	ring []Letter[T]
	next int // where the next one goes if the ring is full
	lost int64
}

// add tells whether one has made way.
func (k *letters[T]) add(l Letter[T]) bool {
	if len(k.ring) < k.size {
		k.ring = append(k.ring, l)
		return false
	}
	k.ring[k.next] = l
	k.next = (k.next + 1) % k.size
	k.lost++
	return true
}

// all gives those that are kept, the oldest first.
func (k *letters[T]) all() []Letter[T] { return slices.Concat(k.ring[k.next:], k.ring[:k.next]) }

// take is all, and they are kept no longer.
func (k *letters[T]) take() []Letter[T] {
	all := k.all()
	k.ring, k.next = nil, 0
	return all
}

// warnLost logs that letters are lost, of which there are so many now, at powers of ten: the
// log neither hides a number that grows nor drowns in it.
func warnLost(ctx context.Context, log *slog.Logger, processor string, lost int64) {
	if kernel.Tenfold(lost) {
		log.WarnContext(ctx, "dead letter lost: too many are kept", "processor", processor, "lost", lost)
	}
}
