// Package linked has lists of things from which any can be taken out at once. They allocate
// nothing: a thing holds its own place.
package linked

import "iter"

// Place is that of a thing in a list. The thing has it as a part.
type Place[E any] struct {
	before, after *Place[E]
	of            *E
}

// List is a list. It must be cleared before anything else is done with it.
type List[E any] struct{ root Place[E] }

// Clear makes the list empty.
func (l *List[E]) Clear() { l.root.before, l.root.after = &l.root, &l.root }

// First is nil if the list is empty.
func (l *List[E]) First() *E { return l.root.after.of }

// Last is nil if the list is empty.
func (l *List[E]) Last() *E { return l.root.before.of }

// Append makes e, whose place this is, the last one. It must be in no list by it.
func (l *List[E]) Append(place *Place[E], e *E) {
	place.of, place.before, place.after = e, l.root.before, &l.root
	place.before.after, place.after.before = place, place
}

// Remove takes it out of its list.
func (place *Place[E]) Remove() {
	place.before.after, place.after.before = place.after, place.before
}

// All gives them from the first to the last. The one that it has given may be removed, and no
// other.
func (l *List[E]) All() iter.Seq[*E] {
	return func(yield func(*E) bool) {
		for place := l.root.after; place != &l.root; {
			next := place.after
			if !yield(place.of) {
				return
			}
			place = next
		}
	}
}
