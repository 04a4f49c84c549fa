package ops

import (
	"sync"

	"github.com/go-streamz/streamz/internal/kernel"
)

// letterBox is where a DeadLetterQueue puts its letters, those of all its runs: into a channel
// while somebody has asked for one, else into a ring, from which the next channel gets them.
type letterBox[T any] struct {
	size int

	mu      sync.Mutex
	kept    letterRing[T]
	out     *kernel.Mailbox[Letter[T]] // that somebody has, nil if it was closed
	lost    int64                      // for want of room in a channel
	running int
	ran     bool // one of these, or of those at the same time, was executed
	ended   bool // it has ended since a channel was closed
}

func newLetterBox[T any](size int) *letterBox[T] {
	return &letterBox[T]{size: size, kept: letterRing[T]{size: size}}
}

// put gives how many letters have been lost in all if this one has cost another, else 0.
func (b *letterBox[T]) put(l Letter[T]) (lost int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out == nil {
		if b.kept.add(l) == 0 {
			return 0
		}
		return b.lost + b.kept.losses()
	}
	n := b.out.Put(l)
	if b.lost += n; n == 0 {
		return 0
	}
	return b.lost + b.kept.losses()
}

// losses is how many letters have been lost.
func (b *letterBox[T]) losses() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost + b.kept.losses()
}

// channel gives the one that is open, or one that is closed at the end of the runs: if none
// goes on and one has ended for which nobody has asked, it has ended already.
func (b *letterBox[T]) channel() <-chan Letter[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out != nil {
		return b.out.C()
	}
	out := kernel.NewMailbox[Letter[T]](b.size)
	for _, l := range b.kept.take() {
		out.Put(l)
	}
	b.out = &out
	if b.ended {
		b.close()
	}
	return out.C()
}

// enter notes that a run has been made.
func (b *letterBox[T]) enter(run *kernel.Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running++
	b.ended = false
	run.OnLeave(b.leave)
}

// leave notes that one is over. One that was never executed ends nothing.
func (b *letterBox[T]) leave(ran bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	b.ran = b.ran || ran
	if b.running > 0 || !b.ran {
		return
	}
	b.ran, b.ended = false, true
	if b.out != nil {
		b.close()
	}
}

func (b *letterBox[T]) close() {
	b.out.Close()
	b.out, b.ended = nil, false
}
