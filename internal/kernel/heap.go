package kernel

// heap keeps things so that the first of them is at hand, and each can be moved or taken out.
type heap[T ranked[T]] struct{ list []T }

type ranked[T any] interface {
	comparable
	before(other T) bool
	rank() *int // where it stands in the heap, counted from 1, and 0 if it does not
}

// first is the zero value if the heap is empty.
func (h *heap[T]) first() (v T) {
	if len(h.list) > 0 {
		v = h.list[0]
	}
	return v
}

// put adds a thing, or moves the one that is there already to where it now belongs.
func (h *heap[T]) put(v T) {
	if *v.rank() == 0 {
		h.list = append(h.list, v)
		*v.rank() = len(h.list)
	}
	h.settle(*v.rank() - 1)
}

// remove takes a thing out, if it is there.
func (h *heap[T]) remove(v T) {
	i := *v.rank() - 1
	if i < 0 {
		return
	}
	*v.rank() = 0
	last := len(h.list) - 1
	moved := h.list[last]
	h.list[last] = *new(T)
	h.list = h.list[:last]
	if moved != v {
		h.set(i, moved)
		h.settle(i)
	}
}

func (h *heap[T]) set(i int, v T) {
	h.list[i] = v
	*v.rank() = i + 1
}

// settle moves the i-th thing up, or else down, to where it belongs.
func (h *heap[T]) settle(i int) {
	v := h.list[i]
	for i > 0 && v.before(h.list[(i-1)/2]) {
		h.set(i, h.list[(i-1)/2])
		i = (i - 1) / 2
	}
	for child := h.lesser(i); child > 0 && h.list[child].before(v); child = h.lesser(i) {
		h.set(i, h.list[child])
		i = child
	}
	h.set(i, v)
}

// lesser is the child of i that comes before the other, 0 if there is none.
func (h *heap[T]) lesser(i int) int {
	child := 2*i + 1
	switch {
	case child >= len(h.list):
		return 0
	case child+1 < len(h.list) && h.list[child+1].before(h.list[child]):
		return child + 1
	}
	return child
}
