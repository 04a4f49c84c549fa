package flow

import (
	"fmt"
	"sync"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Scale changes the number of workers of a stage while it runs, see [Flow.Scaled]. It is made
// by [Auto] or [Manual]; the zero Scale is a configuration error. It is a description, and may
// be given to several stages.
type Scale struct {
	scale *kernel.Scale
	err   error
}

// Scaled has the number of workers of the last stage change while it runs, as s says: of a
// [Flow.AsyncMap], [Flow.AsyncMapUnordered] or [Flow.FlatMapMerge], or of what wraps one. The
// order in which results come is what it was, and nothing is lost. Of two in a row the second
// counts.
//
// As many goroutines as the most workers that there may be run from the start; those that are
// not wanted wait, and take no processor time. A worker that is not wanted any more finishes
// its call first. Buffers have the size for the most workers. [View.Snapshot] shows how many
// workers there are and why.
//
// On a stage without workers it is a configuration error, on a sub-flow too, and on one with
// keys: each key has its worker, and its items would overtake each other on their way to
// another one. So it is where the buffer of the stage was set to less than the most workers.
func (f Flow[T]) Scaled[_ lazy](s Scale) Flow[T] {
	f.last = f.last.scaled(s)
	return f
}

// Scaled is [Flow.Scaled] for the workers of a [Flow.AsyncForEach].
func (j Job) Scaled(s Scale) Job {
	j.last = j.last.scaled(s)
	return j
}

func (s settings) scaled(to Scale) settings {
	if to.scale == nil && to.err == nil {
		to.err = needs("scale", "must be made by Auto or Manual")
	}
	s.Err = kernel.Join(s.Err, to.err)
	if to.err == nil {
		s.Scale = to.scale
	}
	return s
}

// Workers is a number of workers that can be changed while flows run: of all stages that have
// it by [Manual], each of which has so many, in all runs. Its methods may be called by any
// goroutine. It is made by [NewWorkers].
type Workers struct {
	most int
	err  error

	mu    sync.Mutex
	count int
	used  map[*kernel.Roster]struct{} // by stages of runs that go on
}

// NewWorkers makes a number of workers that is n at first and never more than most. n must be
// from 1 to most, and most no more than 1<<20.
func NewWorkers(n, most int) *Workers {
	w := &Workers{most: most, count: n, used: make(map[*kernel.Roster]struct{})}
	w.err = kernel.Join(badMost(most), w.misuse(n))
	return w
}

// Set changes the number, in running flows at once: workers that are wanted now begin with
// their next item, the others end the call that they are at. It must be from 1 to the most
// that [NewWorkers] was given; the error is a *[ConfigError], and nothing changes then.
func (w *Workers) Set(n int) error {
	if w == nil || w.used == nil {
		return misuse(kernel.Site{}, "Set", errNoWorkers())
	}
	if err := kernel.Join(w.err, w.misuse(n)); err != nil {
		return misuse(kernel.Site{}, "Set", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count = n
	for r := range w.used {
		r.Set(n, "set")
	}
	return nil
}

// Count is the number.
func (w *Workers) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

func (w *Workers) misuse(n int) error {
	if n < 1 || n > w.most {
		return &ConfigError{Field: "workers", Value: n, Want: "must be between 1 and the most that there can be"}
	}
	return nil
}

func errNoWorkers() error { return needs("workers", "must be made by NewWorkers") }

func badMost(most int) error { return countTo("most workers", most, maxWorkers) }

// Manual gives a stage as many workers as w says, in place of the number that the stage was
// given.
func Manual(w *Workers) Scale {
	switch {
	case w == nil, w.used == nil:
		return Scale{err: errNoWorkers()}
	case w.err != nil:
		return Scale{err: w.err}
	}
	return Scale{scale: &kernel.Scale{Least: 1, Most: w.most, Start: w.start}}
}

func (w *Workers) start(r *kernel.Roster, _ int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Set(w.count, "")
	w.used[r] = struct{}{}
	r.OnLeave(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.used, r)
	})
}

// ScaleSnapshot is how many workers a stage has whose number changes, see [Flow.Scaled].
type ScaleSnapshot struct {
	Stage   string        `json:"stage"`   // its name
	Workers int           `json:"workers"` // now
	Least   int           `json:"least"`
	Most    int           `json:"most"`
	Changes []ScaleChange `json:"changes"` // the latest eight, the oldest first
}

// ScaleChange is a decision about the number of workers. The reasons of [Auto] are told there;
// that of a [Manual] is "set".
type ScaleChange struct {
	Time   time.Time `json:"time"` // by the clock of the run
	From   int       `json:"from"`
	To     int       `json:"to"`
	Reason string    `json:"reason"`
}

// String says it in a line, with the latest change.
func (s ScaleSnapshot) String() string {
	line := fmt.Sprintf("%d of %d to %d workers of %s", s.Workers, s.Least, s.Most, s.Stage)
	if len(s.Changes) == 0 {
		return line
	}
	return line + ", " + s.Changes[len(s.Changes)-1].String()
}

// String says when and why: "8 to 4 at 12:00:00.1: few items".
func (c ScaleChange) String() string {
	return fmt.Sprintf("%d to %d at %s: %s", c.From, c.To, c.Time.Format("15:04:05.999"), c.Reason)
}

// scaleSnapshot gives that of a stage, if its number of workers changes.
func scaleSnapshot(s *kernel.Stage) (ScaleSnapshot, bool) {
	r := s.Roster()
	if r == nil {
		return ScaleSnapshot{}, false
	}
	wanted, past := r.Look()
	snap := ScaleSnapshot{Stage: s.Name(), Workers: wanted, Least: r.Least(), Most: r.Most()}
	for _, c := range past {
		snap.Changes = append(snap.Changes, ScaleChange{c.At, c.From, c.To, c.Why})
	}
	return snap, true
}
