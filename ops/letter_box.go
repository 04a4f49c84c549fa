package ops

import (
	"github.com/go-streamz/streamz/internal/kernel"
)

// letterBox is where a DeadLetterQueue puts its letters, those of all its runs.
type letterBox[T any] struct{ shared kernel.Shared[boxed[T]] }

// boxed is what is in a letterBox: letters go into a channel while somebody has asked for one,
// else they are kept, and the next channel gets them.
type boxed[T any] struct {
	kept    letters[T]
	out     *kernel.Mailbox[Letter[T]] // that somebody has, nil if it was closed
	lost    int64                      // for want of room in a channel
	running int
	ran     bool // one of these, or of those at the same time, was executed
	ended   bool // it has ended since a channel was closed
}

func newLetterBox[T any](size int) *letterBox[T] {
	b := new(letterBox[T])
	b.shared.Use(func(s *boxed[T]) { s.kept.size = size })
	return b
}

// put gives how many letters have been lost in all if this one has cost another, else 0.
func (b *letterBox[T]) put(l Letter[T]) (lost int64) {
	b.shared.Use(func(s *boxed[T]) {
		if s.put(l) {
			lost = s.lost + s.kept.lost
		}
	})
	return lost
}

// put tells whether this has cost another one.
func (s *boxed[T]) put(l Letter[T]) bool {
	if s.out == nil {
		return s.kept.add(l)
	}
	n := s.out.Put(l)
	s.lost += n
	return n > 0
}

// losses is how many letters have been lost.
func (b *letterBox[T]) losses() (lost int64) {
	b.shared.Use(func(s *boxed[T]) { lost = s.lost + s.kept.lost })
	return lost
}

// all gives those that are kept, and take keeps them no longer.
func (b *letterBox[T]) all() (all []Letter[T]) {
	b.shared.Use(func(s *boxed[T]) { all = s.kept.all() })
	return all
}

func (b *letterBox[T]) take() (all []Letter[T]) {
	b.shared.Use(func(s *boxed[T]) { all = s.kept.take() })
	return all
}

// channel gives the one that is open, or one that is closed at the end of the runs: if none
// goes on and one has ended for which nobody has asked, it has ended already.
func (b *letterBox[T]) channel() (c <-chan Letter[T]) {
	b.shared.Use(func(s *boxed[T]) { c = s.channel() })
	return c
}

func (s *boxed[T]) channel() <-chan Letter[T] {
	if s.out != nil {
		return s.out.C()
	}
	out := kernel.NewMailbox[Letter[T]](s.kept.size)
	for _, l := range s.kept.take() {
		out.Put(l)
	}
	s.out = &out
	if s.ended {
		s.close()
	}
	return out.C()
}

// enter notes that a run has been made.
func (b *letterBox[T]) enter(run *kernel.Run) {
	b.shared.Use(func(s *boxed[T]) {
		s.running++
		s.ended = false
	})
	run.OnLeave(b.leave)
}

// leave notes that one is over. One that was never executed ends nothing.
func (b *letterBox[T]) leave(ran bool) {
	b.shared.Use(func(s *boxed[T]) { s.leave(ran) })
}

func (s *boxed[T]) leave(ran bool) {
	s.running--
	s.ran = s.ran || ran
	if s.running > 0 || !s.ran {
		return
	}
	s.ran, s.ended = false, true
	if s.out != nil {
		s.close()
	}
}

func (s *boxed[T]) close() {
	s.out.Close()
	s.out, s.ended = nil, false
}
