// Package heap keeps things so that the first of them is at hand, and each can be moved or taken
// out. They allocate nothing: a thing holds its own rank.
package heap

// Heap is a heap of things. The zero Heap is empty.
type Heap[T Ranked[T]] struct{ list []T }

// Ranked is a thing in a heap.
type Ranked[T any] interface {
	comparable
	// Before tells whether it comes before another.
	Before(other T) bool
	// Rank is where it notes its place in the heap, counted from 1. It is 0 as long as it is in
	// none.
	Rank() *int
}

// Len is how many things there are.
func (h *Heap[T]) Len() int { return len(h.list) }

// All gives the things in no order. The slice is the heap's own.
func (h *Heap[T]) All() []T { return h.list }

// First is the zero value if the heap is empty.
func (h *Heap[T]) First() (v T) {
	if len(h.list) > 0 {
		v = h.list[0]
	}
	return v
}

// Put adds a thing, or moves the one that is there already to where it now belongs.
func (h *Heap[T]) Put(v T) {
	if *v.Rank() == 0 {
		h.list = append(h.list, v)
		*v.Rank() = len(h.list)
	}
	h.settle(*v.Rank() - 1)
}

// Remove takes a thing out, if it is there.
func (h *Heap[T]) Remove(v T) {
	i := *v.Rank() - 1
	if i < 0 {
		return
	}
	*v.Rank() = 0
	last := len(h.list) - 1
	moved := h.list[last]
	h.list[last] = *new(T)
	h.list = h.list[:last]
	if moved != v {
		h.set(i, moved)
		h.settle(i)
	}
}

func (h *Heap[T]) set(i int, v T) {
	h.list[i] = v
	*v.Rank() = i + 1
}

// settle moves the i-th thing up, or else down, to where it belongs.
func (h *Heap[T]) settle(i int) {
	v := h.list[i]
	for i > 0 && v.Before(h.list[(i-1)/2]) {
		h.set(i, h.list[(i-1)/2])
		i = (i - 1) / 2
	}
	for child := h.lesser(i); child > 0 && h.list[child].Before(v); child = h.lesser(i) {
		h.set(i, h.list[child])
		i = child
	}
	h.set(i, v)
}

// lesser is the child of i that comes before the other, 0 if there is none.
func (h *Heap[T]) lesser(i int) int {
	child := 2*i + 1
	switch {
	case child >= len(h.list):
		return 0
	case child+1 < len(h.list) && h.list[child+1].Before(h.list[child]):
		return child + 1
	}
	return child
}
