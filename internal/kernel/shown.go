package kernel

import (
	"sync"
	"sync/atomic"
)

// Shown is a value that one goroutine of a run changes, and that others may look at.
//
// There are three of it: one that is written, one that is looked at, and between these the
// newest, for which either side gives its own in exchange. So neither waits for the other, and
// a change takes one atomic operation, where a lock would take two.
type Shown[T any] struct {
	values [3]T
	mine   uint32        // the number of the one that is written
	newest atomic.Uint32 // that of the newest, with unseen until somebody has looked

	mu     sync.Mutex // of those who look
	theirs uint32     // the number of the one that is looked at
}

// unseen is set in the number of a value at which nobody has looked.
const unseen = 4

// NewShown makes one of the zero value.
func NewShown[T any]() *Shown[T] { return &Shown[T]{mine: 1, theirs: 2} }

// Show changes the value.
func (s *Shown[T]) Show(v T) {
	s.values[s.mine] = v
	s.mine = s.newest.Swap(s.mine|unseen) &^ unseen
}

// Look gives the value.
func (s *Shown[T]) Look() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest.Load()&unseen != 0 {
		s.theirs = s.newest.Swap(s.theirs) &^ unseen
	}
	return s.values[s.theirs]
}
