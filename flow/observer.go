package flow

import (
	"fmt"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Observer hears what happens in runs, see [WithObserver]. Observe is called on the
// goroutine that an event happens on, by several at once, and the run waits for it: it has
// to be quick, and must not block. A panic of it ends the run with a *[StageError] of the
// stage "observer"; one while it hears of [RunEnded] comes too late for the [Report], and is
// returned by Run alone. If it calls runtime.Goexit that is such an error as well, but the
// goroutine ends, which may be that of the caller of Run, Drain, Pause, Resume or Stop.
//
// The numbers of a run are not sent but asked for, by [View.Snapshot].
type Observer interface {
	Observe(e Event)
}

// Sampler is an Observer that wants the calls of user functions timed: the first of a stage,
// or of each of its workers, and every n-th after it gives a [CallTimed], with n from Every,
// which is asked when a run is made. With 0 there are none. That costs two readings of the
// clock each.
type Sampler interface {
	Observer
	Every() int
}

// ObserverFunc is a function as an Observer.
type ObserverFunc func(e Event)

// Observe calls the function.
func (f ObserverFunc) Observe(e Event) { f(e) }

// Event is what an [Observer] hears of: one of the types here that have Run, a [View].
type Event interface{ event() }

// RunStarted comes before anything of the run is called.
type RunStarted struct{ Run *View }

// RunEnded comes when nothing of the run is left, with what it has to say of itself, or when
// the run is given up, see [WithGrace]. No event comes after it, unless another goroutine was
// about to tell one.
type RunEnded struct {
	Run    *View
	Report Report
}

// ItemFailed comes when the function of a stage has failed for an item and the stage's
// policy has decided what follows: "stop", "skip", "dead letter", "retry", or "keep" if the
// run ended meanwhile. A source or a method without an item fails with "stop".
type ItemFailed struct {
	Run    *View
	Err    *StageError
	Action string
}

// CallTimed is the time that a stage's own function took for one item, without what lies
// below the stage. It is sent to a [Sampler].
type CallTimed struct {
	Run    *View
	Stage  StageRef
	Took   time.Duration
	Failed bool // by an error or a panic
}

// Restarted comes when a [Restart] has failed, or ended, and will begin anew after Wait.
type Restarted struct {
	Run   *View
	Stage StageRef
	Count int           // restarts so far, with this one
	Wait  time.Duration // before it
	Err   error         // what it ended with, nil if its source ended
}

// PhaseChanged comes when a method of [Running] has paused, resumed, drained or stopped a run,
// on the goroutine that called it. At the moment of the end it may come after RunEnded.
type PhaseChanged struct {
	Run   *View
	Phase Phase
}

// DrainMissed comes when a drain did not finish in its time.
type DrainMissed struct {
	Run *View
	Err *DrainError
}

// Stalled comes when nothing moves though there is work, see [WithWatchdog].
type Stalled struct {
	Run   *View
	Stall *StallError
}

func (RunStarted) event()   {}
func (RunEnded) event()     {}
func (ItemFailed) event()   {}
func (CallTimed) event()    {}
func (Restarted) event()    {}
func (PhaseChanged) event() {}
func (DrainMissed) event()  {}
func (Stalled) event()      {}

// WithObserver has o hear what happens in the run. Of several all hear.
func WithObserver(o Observer) Option {
	return Option{func(opts *options) {
		opts.require(o != nil, "WithObserver")
		opts.observers = append(opts.observers, o)
		opts.live = true
	}}
}

// tell has the observers of a live run hear of an event.
func (o *options) tell(e Event) { o.running.tell(e) }

// tell has the observers hear of an event while the run goes on. One that panics ends it.
func (r *running) tell(e Event) { r.tellOnly(e, r.o.observers...) }

// tellOnly is tell for some of them.
func (r *running) tellOnly(e Event, observers ...Observer) {
	if !r.ended.Load() {
		hear(observers, e, r.run.Fail)
	}
}

// hear has the observers hear of an event, each of them also if another panics or calls
// runtime.Goexit, which failed hears of.
func hear(observers []Observer, e Event, failed func(error)) {
	if len(observers) == 0 {
		return
	}
	defer hear(observers[1:], e, failed)
	observe(observers[0], e, failed)
}

func observe(obs Observer, e Event, failed func(error)) {
	clean := false
	defer func() {
		if clean {
			return
		}
		err := &StageError{Stage: "observer", Op: fmt.Sprintf("%T", obs), Attempt: 1, Err: errGoexit}
		if v := recover(); v != nil {
			err.Err = &PanicError{Processor: "observer", Value: v, Stack: kernel.Stack()}
		}
		failed(err)
	}()
	obs.Observe(e)
	clean = true
}

// probes are those of the observers that want calls timed.
func (o *options) probes() []kernel.Probe {
	var probes []kernel.Probe
	for _, obs := range o.observers {
		if s, ok := obs.(Sampler); ok && s.Every() > 0 {
			probes = append(probes, sampling{s, o})
		}
	}
	return probes
}

// sampling tells a Sampler of the calls that it wants timed.
type sampling struct {
	Sampler
	o *options
}

// Called tells of a call if it was timed.
func (p sampling) Called(s *kernel.Stage, took time.Duration, failed bool) {
	if took >= 0 {
		r := p.o.running
		r.tellOnly(CallTimed{Run: r.view, Stage: refOf(s), Took: took, Failed: failed}, p.Sampler)
	}
}

// Failed concerns no call that was seen.
func (p sampling) Failed(*kernel.Stage) {}
