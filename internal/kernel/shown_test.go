package kernel_test

import (
	"sync"
	"testing"

	"github.com/go-streamz/streamz/internal/kernel"
)

// TestShown: those who look see what was shown last, whole, and never an older one than before.
func TestShown(t *testing.T) {
	type pair struct{ a, b int }
	s, last := kernel.NewShown[pair](), 10_000
	if got := s.Look(); got != (pair{}) {
		t.Errorf("Look() = %v before anything is shown", got)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for seen := (pair{}); seen.a < last; {
				got := s.Look()
				if got.a != got.b || got.a < seen.a {
					t.Errorf("Look() = %v after %v", got, seen)
					return
				}
				seen = got
			}
		})
	}
	for i := range last + 1 {
		s.Show(pair{i, i})
		if i%100 == 0 {
			if got := s.Look(); got != (pair{i, i}) {
				t.Errorf("Look() = %v, want that of %d", got, i)
			}
		}
	}
	all.Wait()
}
