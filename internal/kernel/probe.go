package kernel

import (
	"slices"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Probe hears of the calls of user functions that are made for items, on the goroutines
// that make them.
type Probe interface {
	// Every says which calls are to be timed: the first of a stage, or of each of its
	// workers, and each so-many-th. With 0 none is.
	Every() int
	// Called tells of a call that has ended. took is negative if it was not timed. It leaves
	// out what lies below the stage, also where the function emits in the middle.
	Called(s *Stage, took time.Duration, failed bool)
	// Failed tells of an item that failed in a processor that is not fused, whose calls
	// nobody sees.
	Failed(s *Stage)
}

// Probing wires stages whose calls p hears of.
func (g *Segment) Probing(p Probe, wire func()) {
	if g.again != nil {
		wire()
		return
	}
	r := g.run
	outer := r.probes
	r.probes = append(slices.Clip(outer), p)
	wire()
	r.probes = outer
}

// watch takes the time of the calls of one stage, or of one worker, for its probes.
type watch struct {
	s      *Stage
	probes []Probe
	ears   []ear
	born   time.Time

	open   bool // a call runs
	timed  bool // and somebody wants to know how long
	paused bool // it is in an emit
	since  time.Duration
	took   time.Duration
}

// ear is one probe.
type ear struct {
	Probe
	every, left int  // calls from one that is timed to the next, and before the next
	due         bool // it wants the time of this call
}

// newWatch makes that of a stage that is being wired, nil if nobody asks.
func newWatch(s *Stage, probes []Probe) *watch {
	if len(probes) == 0 {
		return nil
	}
	w := &watch{s: s, probes: probes}
	for _, p := range probes {
		w.ears = append(w.ears, ear{Probe: p, every: p.Every()})
	}
	return w
}

// again makes that of a worker of the stage.
func (w *watch) again(worker *Stage) *watch {
	if w == nil {
		return nil
	}
	return &watch{s: worker, ears: slices.Clone(w.ears)}
}

// inside gives the probes of what a source runs inside it.
func (w *watch) inside() []Probe {
	if w == nil {
		return nil
	}
	return w.probes
}

// above stands around the push of the stage, below whatever repeats it.
func (w *watch) above[T any](push func(T) error) func(T) error {
	if w == nil {
		return push
	}
	return func(v T) error {
		w.begin()
		err := push(v)
		w.end(false)
		return err
	}
}

// below stands in front of what lies below the stage. A function that emits goes on after
// it, any other has returned by then.
func (w *watch) below[T any](emits bool, push func(T) error) func(T) error {
	if w == nil || push == nil {
		return push
	}
	return func(v T) error {
		if !emits {
			w.end(false)
			return push(v)
		}
		w.pause()
		err := push(v)
		w.resume()
		return err
	}
}

func (w *watch) begin() {
	w.open, w.timed, w.paused, w.took = true, false, false, 0
	for i := range w.ears {
		w.timed = w.ears[i].wants() || w.timed
	}
	if w.timed {
		w.since = w.now()
	}
}

// wants counts a call and tells whether it is one to be timed.
func (e *ear) wants() bool {
	e.due = e.every > 0 && e.left == 0
	if e.due {
		e.left = e.every
	}
	e.left--
	return e.due
}

func (w *watch) pause() {
	if w.open && w.timed && !w.paused {
		w.took += w.now() - w.since
		w.paused = true
	}
}

func (w *watch) resume() {
	if w.open && w.timed && w.paused {
		w.since = w.now()
		w.paused = false
	}
}

// end tells of the call, unless that was done before.
func (w *watch) end(failed bool) {
	if !w.open {
		return
	}
	w.pause()
	w.open = false
	for i := range w.ears {
		took := time.Duration(-1)
		if e := &w.ears[i]; w.timed && e.due {
			took = w.took
		}
		w.ears[i].Called(w.s, took, failed)
	}
}

// stop ends the time of a call whose failure is about to be settled.
func (w *watch) stop() {
	if w != nil {
		w.pause()
	}
}

// fail tells of a call that failed, or of one that was not seen, as that of a key function.
func (w *watch) fail() {
	if w == nil {
		return
	}
	if !w.open {
		w.open, w.timed = true, false
	}
	w.end(true)
}

// elsewhere tells of a failure in a processor that is not fused.
func (w *watch) elsewhere() {
	if w != nil {
		for i := range w.ears {
			w.ears[i].Failed(w.s)
		}
	}
}

// now is for differences only, which cost one cheap reading each.
func (w *watch) now() time.Duration {
	if w.born.IsZero() {
		w.born = w.s.clock.Now()
	}
	return clock.Since(w.s.clock, w.born)
}

// Noting gives the port with a function that is called for every item which is given to
// it, before the item is pushed.
func (p Port[T]) Noting(note func()) Port[T] {
	push, offer := p.Push, p.offer
	p.out = nil // whoever sends there himself would not be heard
	p.Push = func(v T) error {
		note()
		return push(v)
	}
	if offer != nil {
		p.offer = func(v T) (lost T, full bool, err error) {
			if lost, full, err = offer(v); !full && err == nil {
				note()
			}
			return lost, full, err
		}
	}
	return p
}
