package kernel

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNoWorkers is the misuse of a Scale on a stage without workers.
	ErrNoWorkers = errors.New("the stage has no workers of its own")
	// ErrKeyedWorkers is that on one with keys.
	ErrKeyedWorkers = errors.New("each key has its worker, and its items would overtake each other on the way to another one")
	// ErrFewSlots is that on one whose buffer was set, and is smaller than the most workers.
	ErrFewSlots = errors.New("the buffer of the stage must have room for an item of each worker, of the most that there can be")
)

// Scale has the number of a stage's workers change while it runs. It is an immutable
// description, as a Policy is.
type Scale struct {
	Least, Most int // workers
	// Start is called while a run is wired, with the number that the stage was given. It has
	// to set the one to begin with.
	Start func(r *Roster, given int)
}

// unfit is the misuse of a scale on a stage that cannot have it.
func (s *Scale) unfit(order Order, window int) error {
	switch {
	case s == nil:
		return nil
	case order == Keyed:
		return ErrKeyedWorkers
	case window != 0 && window < s.Most:
		return ErrFewSlots
	}
	return nil
}

// Plain is the site of a stage without workers, on which a Scale is misuse.
func (s Site) Plain() Site {
	if s.Scale != nil {
		s.Err, s.Scale = Join(s.Err, ErrNoWorkers), nil
	}
	return s
}

// Roster says how many of the workers of a stage are wanted: the first ones. The others are
// there and wait.
type Roster struct {
	scale  *Scale
	run    *Run
	wanted atomic.Int64
	call   func(worker int) // that is wanted again

	mu    sync.Mutex // of what follows; nothing waits while it is held
	past  []Change   // the latest
	meter *meter     // nil if nothing is measured
}

// Change is one of the number of workers.
type Change struct {
	At       time.Time // by the clock of the run
	From, To int
	Why      string
}

// mostChanges is how many of them are kept.
const mostChanges = 8

// Least and Most bound the number of workers.
func (r *Roster) Least() int { return r.scale.Least }

// Most is the upper bound.
func (r *Roster) Most() int { return r.scale.Most }

// Look gives how many workers are wanted, and the latest changes of that, the oldest first.
func (r *Roster) Look() (wanted int, past []Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.wanted.Load()), append([]Change(nil), r.past...)
}

// Set changes how many workers are wanted. The first time that is no change. It may be called
// by anybody, at any time, also when the run has ended.
func (r *Roster) Set(n int, why string) {
	now := r.run.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(n, why, now)
}

// OnLeave has fn called when the run is over.
func (r *Roster) OnLeave(fn func()) { r.run.OnLeave(func(bool) { fn() }) }

func (r *Roster) set(n int, why string, at time.Time) {
	from := int(r.wanted.Swap(int64(n)))
	if from == 0 || from == n {
		return
	}
	if len(r.past) == mostChanges {
		r.past = append(r.past[:0], r.past[1:]...)
	}
	r.past = append(r.past, Change{at, from, n, why})
	for i := from; i < n; i++ {
		r.call(i)
	}
}

// Roster is that of a stage whose number of workers changes, nil of any other.
func (s *Stage) Roster() *Roster {
	if s.crew == nil {
		return nil
	}
	return s.crew.roster
}

// scaled makes the workers as many as there can be.
func (w Workers[In, Out]) scaled(s *Scale) Workers[In, Out] {
	if s != nil {
		w.Count = s.Most
	}
	return w
}

// enroll makes the roster of the workers. One that is called may still be at work, or wait for
// items: then it has not noticed that it was not wanted.
func (p *pool[In, Out]) enroll(s *Scale, given int) {
	if s == nil {
		return
	}
	p.roster = &Roster{scale: s, run: p.seg.run, call: func(worker int) { p.staff[worker].idle.wake() }}
	s.Start(p.roster, given)
}

// attend waits while the worker is not wanted, at the end until the consumer has no need of it.
// If it was woken for an item another one has to take that: any that is wanted looks for items
// before it waits.
func (w *worker[In, Out]) attend() error {
	if w.wanted() {
		return nil
	}
	w.p.wakeWorker()
	w.lull()
	w.since = time.Time{}
	return w.idle.wait(w.s.seg, AwaitsItems, w.wanted)
}

func (w *worker[In, Out]) wanted() bool { return int64(w.no) < w.p.roster.wanted.Load() }
