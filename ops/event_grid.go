package ops

import (
	"math"
	"slices"
	"time"
)

// grid is where windows of one size lie that begin at regular intervals.
type grid struct{ size, slide, offset time.Duration }

// gridWindow is a window that is kept.
type gridWindow[T any] struct {
	Window[T]
	fresh int64 // items that it was not given with yet, of those that are in no window after it
}

// gridWindows is the state of one run of windows that lie on a grid. An item is held in each of
// its windows: they hand out slices of their own in the end anyway.
//
// An item counts as passed with the last of its windows, which is the last one to be given.
type gridWindows[T any] struct {
	grid
	*eventWindowing[T]
	list  fifo[gridWindow[T]] // in order, first those that were given and are kept for late items
	given int                 // how many these are
	base  time.Time           // the Start of the first window of the run: others are numbered from it

	// The windows of a time are next to each other in the list: lo to hi. As long as these stay
	// where they are, all times from since until until are in the same ones.
	since, until time.Time
	lo, hi       int
	grown        int // the number of items that the last window reached
}

func (g grid) start[T any](r *eventWindowing[T]) eventWindows[T] {
	return &gridWindows[T]{grid: g, eventWindowing: r}
}

func (r *gridWindows[T]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	t := r.at(v)
	if (t.Before(r.since) || !t.Before(r.until)) && !r.known(t) {
		if in, err := r.enter(v, t); !in {
			return err
		}
	}
	full := false
	own := r.list.all()[r.lo:r.hi]
	for i := range own {
		own[i].Items = append(own[i].Items, v)
		full = full || len(own[i].Items) >= r.max
	}
	own[len(own)-1].fresh++
	r.held++
	if full || r.lo < r.given {
		return r.giveAtOnce()
	}
	return nil
}

// known finds the window of a time among those that were not given, where windows do not
// overlap: items out of order are mostly for one of a few.
func (r *gridWindows[T]) known(t time.Time) bool {
	if r.slide < r.size {
		return false
	}
	list := r.list.all()[r.given:]
	i, _ := slices.BinarySearchFunc(list, t, func(w gridWindow[T], t time.Time) int {
		if w.End.After(t) {
			return 1
		}
		return -1
	})
	if i == len(list) || t.Before(list[i].Start) {
		return false
	}
	r.lo = r.given + i
	r.hi = r.lo + 1
	r.since, r.until = list[i].Start, list[i].End
	return true
}

// enter finds the windows of a time, and opens those that are not there. It is false if the item
// is in none of them.
func (r *gridWindows[T]) enter(v T, t time.Time) (bool, error) {
	last := aligned(t, r.slide, r.offset)
	end := last.Add(r.size)
	switch {
	case !t.Before(end):
		r.s.Dropped++
		return false, nil
	case r.gone(end):
		return false, r.tooLate(v)
	}
	first := last.Add(-r.before(t, last) * r.slide)
	r.s.Held++
	if err := r.makeRoom(first, last); err != nil {
		return false, err
	}
	r.s.Held--
	r.open(first, last)
	r.bound(first, last)
	return true, nil
}

// before is how many windows of a time begin before the last one of its, without those that are
// gone.
func (r *gridWindows[T]) before(t, last time.Time) time.Duration {
	n := (last.Add(r.size).Sub(t) - 1) / r.slide
	if !r.now.IsZero() {
		n = min(n, (last.Add(r.size+r.lateness).Sub(r.now)-1)/r.slide)
	}
	return n
}

// find gives the place in the list of the first window that does not begin before a time.
func (r *gridWindows[T]) find(start time.Time) int {
	list := r.list.all()
	if n := len(list); n == 0 || list[n-1].Start.Before(start) {
		return n
	}
	i, _ := slices.BinarySearchFunc(list, start, func(w gridWindow[T], t time.Time) int { return w.Start.Compare(t) })
	return i
}

// makeRoom gives the earliest windows before their time, until there is room for those from
// first to last. An item may come for them later: then it begins another one.
func (r *gridWindows[T]) makeRoom(first, last time.Time) error {
	all := int(last.Sub(first)/r.slide) + 1
	for r.list.len()+all > r.windows {
		lo, hi := r.find(first), r.find(last.Add(1))
		if r.list.len()+all-(hi-lo) <= r.windows {
			return nil
		}
		w := r.list.all()[0]
		r.list.drop(1)
		if r.given > 0 {
			r.given--
			continue
		}
		if err := r.give(w); err != nil {
			return err
		}
		if err := r.release(r.ordinal(0)); err != nil {
			return err
		}
	}
	return nil
}

// open puts windows where there are none yet, from first to last, and finds all of these.
func (r *gridWindows[T]) open(first, last time.Time) {
	r.lo = r.find(first)
	r.hi = r.lo
	for start := first; !start.After(last); start = start.Add(r.slide) {
		if r.hi == r.list.len() || !r.list.all()[r.hi].Start.Equal(start) {
			r.insert(r.hi, start)
		}
		r.hi++
	}
}

// insert opens a window. It may have a few more items than the last one that was given, as long
// as there are few: else these would be much memory.
func (r *gridWindows[T]) insert(at int, start time.Time) {
	w := gridWindow[T]{Start: start, End: start.Add(r.size)}
	if r.grown > 0 && r.list.len() < 4 {
		w.Items = make([]T, 0, r.grown+r.grown/8)
	}
	if r.list.len() == 0 && r.waiting.len() == 0 {
		r.base = start
	}
	r.list.add(w)
	list := r.list.all()
	copy(list[at+1:], list[at:])
	list[at] = w
	if r.over(w.End) {
		r.given++
	}
}

// bound says which times are in the same windows as the one in hand.
func (r *gridWindows[T]) bound(first, last time.Time) {
	r.since, r.until = last, last.Add(r.slide)
	if end := first.Add(r.size); end.Before(r.until) {
		r.until = end
	}
	if before := first.Add(r.size - r.slide); before.After(r.since) {
		r.since = before
	}
}

// forget is for when windows are no more where they were.
func (r *gridWindows[T]) forget() { r.until = r.since }

// giveAtOnce gives the windows of the item in hand that were given already, again, and those
// that have their maximum of items.
func (r *gridWindows[T]) giveAtOnce() error {
	r.forget()
	for i := r.lo; i < r.hi; i++ {
		w := r.list.all()[i]
		switch {
		case len(w.Items) >= r.max:
			r.remove(i)
			i--
			r.hi--
		case i < r.given:
			r.list.all()[i].fresh = 0
			w.Items = slices.Clone(w.Items)
		default:
			continue
		}
		if err := r.give(w); err != nil {
			return err
		}
	}
	return r.release(r.ordinal(0))
}

// remove takes a window out of the list.
func (r *gridWindows[T]) remove(at int) {
	if at < r.given {
		r.given--
	}
	list := r.list.all()
	copy(list[1:at+1], list[:at])
	r.list.drop(1)
}

// give gives a window.
func (r *gridWindows[T]) give(w gridWindow[T]) error {
	r.pass(w.fresh)
	r.grown = len(w.Items)
	return r.emit(w.Window)
}

// ordinal is the number of a window that was not given, the first of these or one so many
// behind, and beyond all others if there is none.
func (r *gridWindows[T]) ordinal(behind int) int64 {
	if r.given+behind >= r.list.len() {
		return math.MaxInt64
	}
	return int64(r.list.all()[r.given+behind].Start.Sub(r.base) / r.slide)
}

// closeOver gives the windows that end before the watermark, and lets go of those that no item
// comes to any more.
func (r *gridWindows[T]) closeOver() error {
	for r.given < r.list.len() && r.over(r.list.all()[r.given].End) {
		if err := r.closeNext(); err != nil {
			return err
		}
	}
	r.letGo()
	r.tellNext()
	return r.release(r.ordinal(0))
}

// tellNext says which watermark changes something next: that which completes a window, or after
// which one need not be kept any more.
func (r *gridWindows[T]) tellNext() {
	list := r.list.all()
	if r.given > 0 {
		r.awaits(list[0].End.Add(r.lateness))
	}
	if r.given < len(list) {
		r.awaits(list[r.given].End)
	}
}

// closeNext gives the first window that was not. It is kept as long as items may come that are
// late.
func (r *gridWindows[T]) closeNext() error {
	w := &r.list.all()[r.given]
	next := *w
	if w.fresh = 0; r.gone(w.End) {
		w.Items = nil
	} else {
		next.Items = slices.Clone(w.Items)
	}
	r.given++
	return r.give(next)
}

func (r *gridWindows[T]) letGo() {
	n := 0
	for _, w := range r.list.all()[:r.given] {
		if !r.gone(w.End) {
			break
		}
		n++
	}
	if n > 0 {
		r.list.drop(n)
		r.given -= n
		r.forget()
	}
}

// closeAll gives all windows that were not, and does not keep them.
func (r *gridWindows[T]) closeAll() error {
	r.forget()
	for r.given < r.list.len() {
		w := r.list.all()[r.given]
		r.remove(r.given)
		if err := r.give(w); err != nil {
			return err
		}
	}
	return r.release(math.MaxInt64)
}

func (r *gridWindows[T]) upTo() (no int64, some bool) {
	open := r.list.len() - r.given
	if open == 0 {
		return 0, false
	}
	return r.ordinal(open-1) + 1, true
}
