package kernel

import "sync"

// Shown is a value that one goroutine of a run changes, and that others may look at.
type Shown[T any] struct {
	mu    sync.Mutex
	value T
}

// Show changes the value.
func (s *Shown[T]) Show(v T) {
	s.mu.Lock()
	s.value = v
	s.mu.Unlock()
}

// Look gives the value.
func (s *Shown[T]) Look() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}
