package sketch

import "slices"

// TopN keeps the n greatest items. Of equal ones it keeps those that came first. It is exact
// and holds n items.
type TopN[T any] struct {
	config
	n    int
	cmp  func(a, b T) int
	seen uint64
	heap []ranked[T] // the least on top
}

// ranked is an item with its place in the stream.
type ranked[T any] struct {
	item T
	at   uint64
}

// NewTopN makes a TopN of n items, at least 1. cmp must not be nil: it gives a negative number
// if a is less than b, a positive one if it is greater, else 0, as [cmp.Compare] does.
func NewTopN[T any](n int, cmp func(a, b T) int) *TopN[T] {
	t := &TopN[T]{n: n, cmp: cmp}
	if n < 1 {
		t.misuse("top-n", "n", n, "must be at least 1")
	}
	if cmp == nil {
		t.misuse("top-n", "cmp", nil, "must not be nil")
	}
	t.seal()
	return t
}

// Add takes an item in, in the order of log n at most, and gives the receiver.
func (t *TopN[T]) Add(item T) *TopN[T] {
	t.need()
	t.seen++
	r := ranked[T]{item, t.seen}
	switch {
	case len(t.heap) < t.n:
		t.heap = append(t.heap, r)
		t.up(len(t.heap) - 1)
	case t.cmp(item, t.heap[0].item) > 0:
		t.heap[0] = r
		t.down(0)
	}
	return t
}

// Items gives the items, the greatest first, equal ones as they came.
func (t *TopN[T]) Items() []T {
	t.need()
	sorted := slices.SortedFunc(slices.Values(t.heap), func(a, b ranked[T]) int {
		if t.less(b, a) {
			return -1
		}
		return 1
	})
	items := make([]T, len(sorted))
	for i, r := range sorted {
		items[i] = r.item
	}
	return items
}

// Merge takes the items of the other in, as if they had come after its own. Both must be of
// the same n, else the result is an error, and should have the same cmp.
func (t *TopN[T]) Merge(other *TopN[T]) error {
	t.need()
	other.need()
	if err := unlike("top-n", "n", t.n, other.n); err != nil {
		return err
	}
	for _, item := range other.Items() {
		t.Add(item)
	}
	return nil
}

// less tells which of two is the first to go.
func (t *TopN[T]) less(a, b ranked[T]) bool {
	if c := t.cmp(a.item, b.item); c != 0 {
		return c < 0
	}
	return a.at > b.at
}

func (t *TopN[T]) up(i int) {
	for i > 0 {
		above := (i - 1) / 2
		if !t.less(t.heap[i], t.heap[above]) {
			return
		}
		t.heap[i], t.heap[above] = t.heap[above], t.heap[i]
		i = above
	}
}

func (t *TopN[T]) down(i int) {
	for {
		least := i
		for _, below := range [...]int{2*i + 1, 2*i + 2} {
			if below < len(t.heap) && t.less(t.heap[below], t.heap[least]) {
				least = below
			}
		}
		if least == i {
			return
		}
		t.heap[i], t.heap[least] = t.heap[least], t.heap[i]
		i = least
	}
}
