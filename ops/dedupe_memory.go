package ops

import (
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DedupeMemory holds the keys of a [Dedupe] from one run to the next, see
// [Dedupe.WithMemory]. Several runs may use it at once, and several processors if their
// limits and their clocks are the same.
type DedupeMemory[K comparable] struct {
	shared kernel.Shared[recent[K]]
}

// NewDedupeMemory makes a memory without keys.
func NewDedupeMemory[K comparable]() *DedupeMemory[K] { return new(DedupeMemory[K]) }

// Len is how many keys it holds. It may be called at any time, by anybody.
func (m *DedupeMemory[K]) Len() (n int) {
	m.shared.Use(func(r *recent[K]) { n = r.n })
	return n
}

// Forget empties the memory. It may be called at any time, by anybody.
func (m *DedupeMemory[K]) Forget() {
	m.shared.Use(func(r *recent[K]) { *r = recent[K]{} })
}

// recent are keys in the order in which they were remembered.
type recent[K comparable] struct {
	keys  map[K]struct{}
	queue []remembered[K] // a ring whose length is a power of two
	first int             // in queue
	n     int             // in queue
	born  time.Time
}

type remembered[K comparable] struct {
	key K
	at  time.Duration // since born
}

// claim adds a key that note is to follow for, and tells whether it was not there: it
// writes first and looks at the length, because that is one map operation in place of two.
func (r *recent[K]) claim(key K) bool {
	if r.keys == nil {
		r.keys = make(map[K]struct{})
	}
	before := len(r.keys)
	r.keys[key] = struct{}{}
	return len(r.keys) > before
}

// has tells whether a key is there.
func (r *recent[K]) has(key K) bool {
	_, ok := r.keys[key]
	return ok
}

// note puts a key that was claimed behind all others. If they are more than most then, the
// oldest is forgotten.
func (r *recent[K]) note(key K, now time.Time, most int) (forgot bool) {
	if r.born.IsZero() {
		r.born = now
	}
	if forgot = r.n == most; forgot {
		r.drop()
	}
	if r.n == len(r.queue) {
		r.grow()
	}
	*r.at(r.n) = remembered[K]{key, now.Sub(r.born)}
	r.n++
	return forgot
}

// expire drops the keys that are as old as ttl.
func (r *recent[K]) expire(now time.Time, ttl time.Duration) {
	if r.n == 0 {
		return
	}
	for age := now.Sub(r.born) - ttl; r.n > 0 && r.at(0).at <= age; {
		r.drop()
	}
}

// left is how long it takes until all keys are as old as ttl. With none it frees the room
// that they had.
func (r *recent[K]) left(now time.Time, ttl time.Duration) time.Duration {
	if r.n == 0 {
		*r = recent[K]{}
		return 0
	}
	return r.at(r.n-1).at + ttl - now.Sub(r.born)
}

// at is the i-th place behind the oldest key.
func (r *recent[K]) at(i int) *remembered[K] { return &r.queue[(r.first+i)&(len(r.queue)-1)] }

// drop removes the oldest key.
func (r *recent[K]) drop() {
	oldest := r.at(0)
	delete(r.keys, oldest.key)
	*oldest = remembered[K]{}
	r.first, r.n = r.first+1, r.n-1
}

func (r *recent[K]) grow() {
	queue := make([]remembered[K], max(8, 2*len(r.queue)))
	for i := range r.n {
		queue[i] = *r.at(i)
	}
	r.queue, r.first = queue, 0
}
