package kernel

import (
	"slices"
	"sort"
	"time"
)

// shelf has what is kept of one input and one key, in the order of time, of equal times in that
// in which it came. Of those that have something the one with the oldest comes first.
type shelf[G, T any] struct {
	group *G // that it is a part of
	items []stamped[T]
	gone  int // of the items, from the front
	stand int // its rank in the heap of shelves
}

// stamped is an item that is kept.
type stamped[T any] struct {
	at     time.Time
	item   T
	paired bool // it was in some pair
}

// Rank is for the heap of shelves.
func (s *shelf[G, T]) Rank() *int { return &s.stand }

// Before is for that heap.
func (s *shelf[G, T]) Before(other *shelf[G, T]) bool { return s.oldest().Before(other.oldest()) }

// oldest is the time of the oldest item; there is one.
func (s *shelf[G, T]) oldest() time.Time { return s.items[s.gone].at }

// live gives what is there.
func (s *shelf[G, T]) live() []stamped[T] { return s.items[s.gone:] }

// add puts an item in its place, and tells whether it is the oldest.
func (s *shelf[G, T]) add(v stamped[T]) bool {
	if len(s.items) == cap(s.items) && s.gone > len(s.items)/2 {
		s.compact()
	}
	n := len(s.items)
	if n == s.gone || !v.at.Before(s.items[n-1].at) {
		s.items = append(s.items, v)
		return n == s.gone
	}
	i := s.until(v.at)
	s.items = slices.Insert(s.items, s.gone+i, v)
	return i == 0
}

// compact moves what is there to the front.
func (s *shelf[G, T]) compact() {
	n := copy(s.items, s.live())
	clear(s.items[n:])
	s.items, s.gone = s.items[:n], 0
}

// between gives what is from a time to another, both included.
func (s *shelf[G, T]) between(from, to time.Time) []stamped[T] {
	return s.live()[s.since(from):s.until(to)]
}

// since is how many are earlier than a time, and until how many are not later.
func (s *shelf[G, T]) since(t time.Time) int {
	live := s.live()
	return sort.Search(len(live), func(i int) bool { return !live[i].at.Before(t) })
}

func (s *shelf[G, T]) until(t time.Time) int {
	live := s.live()
	return sort.Search(len(live), func(i int) bool { return live[i].at.After(t) })
}

// spareItems is how much room an empty shelf may have: it is used again, for another key.
const spareItems = 64

// drop removes the first n, and tells whether nothing is left.
func (s *shelf[G, T]) drop(n int) bool {
	clear(s.items[s.gone : s.gone+n])
	s.gone += n
	if s.gone < len(s.items) {
		return false
	}
	s.items, s.gone = s.items[:0], 0
	if cap(s.items) > spareItems {
		s.items = nil
	}
	return true
}
