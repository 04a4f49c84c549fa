package flow

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// StageRef says which stage is meant.
type StageRef struct {
	Name string `json:"name"` // unique in the run
	Op   string `json:"op"`   // what the stage does: "TryMap"
	At   string `json:"at"`   // file:line of the builder call
}

// String gives the name, and in brackets what it does and where it was built.
func (s StageRef) String() string {
	if s.At == "" {
		return s.Name + " (" + s.Op + ")"
	}
	return s.Name + " (" + s.Op + " at " + short(s.At) + ")"
}

func refOf(s *kernel.Stage) StageRef {
	return StageRef{Name: s.Name(), Op: s.Op(), At: place(s.At())}
}

// View is a run as it is seen from outside, while it goes on and after it. Its methods may
// be called by any goroutine.
type View struct {
	o     *options
	run   *kernel.Run
	plan  Plan
	start time.Time
	took  atomic.Int64 // once it has ended
}

// Phase is where in its life a run is.
type Phase uint32

const (
	// Active: items flow, or are waited for.
	Active Phase = iota
	// Paused: the sources are held up, see [Running.Pause].
	Paused
	// Draining: the sources have been stopped, what was accepted is delivered.
	Draining
	// Ending: the run was told to end and has not done so yet.
	Ending
	// Ended: nothing of the run is left.
	Ended
)

// String gives the phase in lower case.
func (p Phase) String() string {
	return [...]string{"active", "paused", "draining", "ending", "ended"}[p]
}

// MarshalText gives what String does.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func newView(o *options, run *kernel.Run) *View {
	return &View{o: o, run: run, plan: newPlan(o.name, run), start: o.clock.Now()}
}

// ID tells the run from all others. Its goroutines carry it as the profiler label
// "streamz.run", beside "streamz.segment".
func (v *View) ID() string { return v.o.id }

// Name is what the run was given by [WithName].
func (v *View) Name() string { return v.o.name }

// Logger is where the run writes.
func (v *View) Logger() *slog.Logger { return v.o.logger }

// Plan is how the run was wired.
func (v *View) Plan() Plan { return v.plan }

// Phase is where in its life the run is.
func (v *View) Phase() Phase {
	switch {
	case v.took.Load() > 0:
		return Ended
	case v.run == nil:
		return Ended
	case isDone(v.run.Done()):
		return Ending
	case v.run.Draining():
		return Draining
	case v.run.Paused():
		return Paused
	}
	return Active
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// ended notes that the run is over.
func (v *View) ended() time.Duration {
	took := clock.Since(v.o.clock, v.start)
	v.took.Store(int64(max(took, 1)))
	return took
}
