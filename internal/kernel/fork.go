package kernel

import (
	"slices"
	"sync/atomic"
)

// Fork is the state of the Ways in one run.
type Fork[T any] struct {
	s     *Stage // that chooses
	up    *Segment
	paths []path[T]
	open  atomic.Int64 // ways that have not ended
	deaf  bool         // signals do not pass some way
	joins []jointWay   // of ways that are fused, else nil
	over  *bool        // what is below those needs no more
	freed parking      // of the stage, for all rings, where it waits for any
	next  int          // the way after the last one that any item was given to
}

// path leads to one way.
type path[T any] struct {
	*ring[T]               // nil if the way is fused
	push     func(T) error // of one that is
	feed     feed          // its stages
	ended    bool          // and takes no more
	out      *int64        // given to the way
	gone     atomic.Bool   // a way with a ring has ended
	send     func(Signal) error
	to       *Stage
	queue    *queue
}

func newFork[T any](up *Segment, ways int) *Fork[T] {
	f := &Fork[T]{up: up, paths: make([]path[T], ways)}
	f.open.Store(int64(ways))
	return f
}

// attachFork wires the stage that chooses.
func attachFork[T any](f *Fork[T], site Site, spec Spec[T, struct{}]) (*Segment, Port[T]) {
	start := spec.Start
	if spec.Calls == CallsNothing {
		site.Policy = nil // is that of the ways
	}
	spec.Start = func(s *Stage, down Port[struct{}]) Port[T] {
		f.s = s
		if s.outs == nil { // else the ways are wired again
			s.outs = make([]int64, len(f.paths))
		}
		for i := range slices.Backward(f.paths) {
			l := &f.paths[i]
			l.out = &s.outs[i]
			s.seg.run.lead(s, l.to, l.queue, l.out, s.seg)
			l.push = apart(s, l.push)
		}
		port := start(s, down)
		port.Signal = f.signal
		return port
	}
	return Attach(f.up, site, spec, Port[struct{}]{})
}

// apart keeps what lies in a way that is fused out of the stage's own calls: their time, and
// their failures, for which it may have a policy.
func apart[T any](s *Stage, push func(T) error) func(T) error {
	if push == nil || !s.calling {
		return push
	}
	if s.guarded() {
		fenced := (&fence[T]{s: s, down: push}).emit
		push = func(v T) error {
			err := fenced(v)
			if err == ErrStop { // of this way alone
				s.stuck = nil
			}
			return err
		}
	}
	return s.watch.below(false, push)
}

// Pass gives an item that the stage has booked in to some of its ways, one after the other,
// and books it. It waits for room; until all have it the item is the stage's. told hears,
// unless it is nil, of each way whether it takes any.
func (f *Fork[T]) Pass(v T, ways []int, told func(way int, taken bool)) error {
	if f.joins != nil {
		return f.passFused(v, ways, told)
	}
	f.s.Held++
	some := false
	for _, i := range ways {
		taken, err := f.give(&f.paths[i], v)
		if err != nil {
			return err
		}
		if told != nil {
			told(i, taken)
		}
		some = some || taken
	}
	f.passed(some)
	return nil
}

// passed books an item that all ways have, which are to, if any is.
func (f *Fork[T]) passed(some bool) {
	f.s.Held--
	if some {
		f.s.Passed++
	} else {
		f.s.Filtered++
	}
}

// give hands an item to a way with a ring, and tells whether that takes any.
func (f *Fork[T]) give(l *path[T], v T) (taken bool, err error) {
	if l.tail.Load()-l.lastHead >= l.limit {
		if err := l.producer.wait(f.up, AwaitsRoom, l.ready); err != nil {
			return false, err
		}
	}
	if l.gone.Load() {
		return false, f.up.halted()
	}
	f.s.Out++
	*l.out++
	return true, l.ring.push(v)
}

// ready tells whether there is room, or never will be.
func (l *path[T]) ready() bool { return l.gone.Load() || l.room() }

// PassAny gives an item that the stage has booked in to the way in front of which the fewest
// wait, of several the next one, and books it. It waits until there is room in front of one.
func (f *Fork[T]) PassAny(v T) error {
	f.s.Held++
	l := f.idlest()
	if l == nil {
		if err := f.freed.wait(f.up, AwaitsRoom, func() bool { l = f.idlest(); return l != nil }); err != nil {
			return err
		}
	}
	f.s.Out++
	*l.out++
	if err := l.ring.push(v); err != nil {
		return err
	}
	f.passed(true)
	return nil
}

// idlest is the way with the fewest items in front of it, nil if none has room.
func (f *Fork[T]) idlest() (best *path[T]) {
	var least uint64
	first := f.next
	for k := range f.paths {
		i := (first + k) % len(f.paths)
		l := &f.paths[i]
		if l.gone.Load() || !l.room() {
			continue
		}
		if n := l.tail.Load() - l.lastHead; best == nil || n < least {
			best, least, f.next = l, n, i+1
		}
		if least == 0 {
			break
		}
	}
	return best
}

// leave says that a way with a segment of its own has ended.
func (f *Fork[T]) leave(l *path[T]) {
	l.gone.Store(true)
	l.signals.drop()
	l.producer.wake()
	if f.open.Add(-1) == 0 {
		f.up.dismiss()
	}
}

// signal gives every way a signal. One that is to come from all of them, and cannot, is lost,
// as in front of a single processor that no signal passes.
func (f *Fork[T]) signal(sig Signal) error {
	if sig.Idle > 0 {
		sig.Idle++ // each way alone is not
	}
	switch {
	case f.joins != nil:
		return f.signalFused(sig)
	case f.deaf && sig.Kind != End:
		return nil
	}
	for i := range f.paths {
		if l := &f.paths[i]; !l.gone.Load() {
			if err := l.ring.signal(sig); err != nil {
				return err
			}
		}
	}
	return nil
}
