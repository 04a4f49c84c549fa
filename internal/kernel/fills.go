package kernel

import (
	"context"
	"sync"
)

// Fills knows how full the queues of one processor are, in all of its runs that go on.
// It is asked for, and so costs an item nothing. The zero Fills has none.
type Fills struct {
	mu   sync.Mutex
	live map[*queue]struct{}
}

// Watch has the queue in front of down among them while the run of s goes on.
func (f *Fills) Watch[T any](s *Stage, down Port[T]) {
	s.OnOpen(func(context.Context) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.live == nil {
			f.live = make(map[*queue]struct{})
		}
		f.live[down.queue] = struct{}{}
		return nil
	})
	s.OnClose(func(error) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.live, down.queue)
		return nil
	})
}

// Sum gives how many items wait and how many can, in all, and in how many queues.
func (f *Fills) Sum() (items, size int64, queues int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for q := range f.live {
		n, most := q.fill()
		items, size = items+n, size+most
	}
	return items, size, len(f.live)
}
