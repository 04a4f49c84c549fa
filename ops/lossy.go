package ops

import (
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// lossy is what the buffers that lose items have in common.
type lossy[T any] struct {
	base
	size   int
	onDrop func(T)
	queue  func(*kernel.Segment, int, kernel.Port[T]) (*kernel.Segment, kernel.Port[T], kernel.Offer[T])

	dropped *atomic.Int64 // of this value, not of the copies that options make
}

// DroppedCount gives how many items were dropped so far, in all runs. It may be called at
// any time, by anybody.
func (l *lossy[T]) DroppedCount() int64 {
	if l.dropped == nil { // not made by its constructor
		return 0
	}
	return l.dropped.Load()
}

// needSize keeps the misuse of a size.
func (l *lossy[T]) needSize(least int, want string) {
	if l.size < least || l.size > maxBuffer {
		l.misuse("size", l.size, want)
	}
}

// setName and setOnDrop change what is already a copy, which counts its own.
func (l *lossy[T]) setName(name string) { l.name, l.dropped = name, new(atomic.Int64) }

func (l *lossy[T]) setOnDrop(told func(T)) {
	if told == nil {
		l.misuse("OnDrop", nil, "must not be nil")
	}
	l.onDrop, l.dropped = told, new(atomic.Int64)
}

// spec describes the stage, which stands in front of a queue of its own.
func (l *lossy[T]) spec(self any, op string) kernel.Spec[T, T] {
	connect := func(seg *kernel.Segment, site kernel.Site, down kernel.Port[T]) (*kernel.Segment, kernel.Port[T]) {
		seg, down, offer := l.queue(seg, l.size, down)
		start := func(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
			push := kernel.Losing(s, offer, func(lost T) { l.drop(s, lost) })
			return kernel.Port[T]{Push: push, Signal: down.Signal}
		}
		return kernel.Attach(seg, site, kernel.Spec[T, T]{
			Name: l.name, Op: op, Books: kernel.Selected, Start: start,
		}, down)
	}
	return kernel.Spec[T, T]{Self: self, Name: l.name, Op: op, Err: l.err(), Connect: connect}
}

// drop tells of an item that was dropped.
func (l *lossy[T]) drop(s *kernel.Stage, lost T) {
	l.dropped.Add(1)
	if l.onDrop != nil {
		s.Outside()
		l.onDrop(lost)
	}
}
