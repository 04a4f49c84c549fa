package kernel

import "sync"

// Shared is a value that several runs use, one at a time.
type Shared[T any] struct {
	mu    sync.Mutex
	value T
}

// Use calls fn with the value. fn must not block, nor use the Shared.
func (s *Shared[T]) Use(fn func(*T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn(&s.value)
}
