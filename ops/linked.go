package ops

import "iter"

// links are the place of something in a list, of which it is a part.
type links[E any] struct {
	before, after *links[E]
	of            *E
}

// linked is a list of things from which any can be taken out at once. The zero value is not
// ready to use.
type linked[E any] struct{ root links[E] }

func (l *linked[E]) clear() { l.root.before, l.root.after = &l.root, &l.root }

// first is nil if the list is empty.
func (l *linked[E]) first() *E { return l.root.after.of }

// last is nil if the list is empty.
func (l *linked[E]) last() *E { return l.root.before.of }

// append makes e, whose place this is, the last one. It must be in no place.
func (l *linked[E]) append(place *links[E], e *E) {
	place.of, place.before, place.after = e, l.root.before, &l.root
	place.before.after, place.after.before = place, place
}

// remove takes it out of its list.
func (place *links[E]) remove() {
	place.before.after, place.after.before = place.after, place.before
}

// all gives them from the first to the last. The list must not change meanwhile.
func (l *linked[E]) all() iter.Seq[*E] {
	return func(yield func(*E) bool) {
		for place := l.root.after; place != &l.root && yield(place.of); place = place.after {
			continue
		}
	}
}
