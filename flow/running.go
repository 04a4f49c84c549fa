package flow

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Running is a job that was started, see [Job.Start]. Its methods may be called by any
// goroutine, any number of times. Whoever starts a job has to call Wait, or Drain.
type Running struct {
	*View
	r      *running
	unused *reminder // see WithReportUnwaited, nil without
}

// running is what the goroutines of a run know of it.
type running struct {
	view *View
	o    *options
	run  *kernel.Run // nil if it could not start

	begun  chan struct{}  // closed when RunStarted was told
	over   chan struct{}  // closed when the run has ended, which may be later than done
	guards sync.WaitGroup // who watch over the run

	once   sync.Once
	ended  atomic.Bool   // RunEnded was told, or is about to be: nothing is told after it
	done   chan struct{} // closed when err and report are there
	err    error
	report Report

	mu     sync.Mutex
	missed *missedDrain
}

// Start runs the job on goroutines of its own and returns at once. What keeps the job from
// running is what [Running.Wait] returns.
//
// ctx ends the run as that of [Job.Run] does: to stop it in order there is [Running.Drain].
// A function that calls runtime.Goexit, as t.FailNow does, ends no goroutine of the caller's
// here: that is a failure of its stage.
func (j Job) Start(ctx context.Context, opts ...Option) *Running {
	o := newOptions(ctx, opts)
	o.live = true
	running := &Running{}
	if o.unwaited != nil {
		running.unused = remind(callsite.Here(), o.unwaited)
	}
	running.r = j.start(ctx, o)
	running.View = running.r.view
	return running
}

// WithReportUnwaited finds a [Running] that nobody waits for, whose failure nobody will hear
// of. If it becomes garbage and none of Wait, Done and Drain was called, report is called with
// the file:line of the call of Start. See [Flow.ReportUnused], to which the same applies.
func WithReportUnwaited(report func(at string)) Option {
	return Option{func(o *options) {
		o.require(report != nil, "WithReportUnwaited")
		o.unwaited = report
	}}
}

// awaited notes that somebody cares how the run ends.
func (r *Running) awaited() *running {
	if r.unused != nil {
		r.unused.settle()
	}
	return r.r
}

// start runs the job on a goroutine of its own.
func (j Job) start(ctx context.Context, o *options) *running {
	r, err := j.ready(ctx, o)
	if err != nil {
		r.settle(err, Report{Name: o.name})
		return r
	}
	go r.execute()
	<-r.begun
	return r
}

// ready wires the job for a run that is watched.
func (j Job) ready(ctx context.Context, o *options) (*running, error) {
	run, err := j.prepare(ctx, o)
	r := &running{o: o, run: run, begun: make(chan struct{}), over: make(chan struct{}), done: make(chan struct{})}
	if err != nil {
		r.view = &View{o: o, plan: Plan{Name: o.name}, start: o.clock.Now()}
		r.view.ended()
		return r, err
	}
	run.Prepare()
	r.view = newView(o, run)
	o.running = r
	return r, nil
}

// execute runs the job to its end. It goes on after the run was given up, see WithGrace.
func (r *running) execute() {
	defer r.conclude()
	defer r.carryOut() // also if an observer ends its goroutine: the failure is the run's
	r.begin()
}

// begin tells the first event, before anybody can bring about another.
func (r *running) begin() {
	defer close(r.begun)
	r.tell(RunStarted{r.view})
}

func (r *running) carryOut() {
	if r.o.grace > 0 {
		r.guards.Go(r.guard)
	}
	if r.o.stall > 0 {
		r.guards.Go(r.watch)
	}
	_ = r.run.Execute()
}

// conclude says what became of the run.
func (r *running) conclude() {
	if r.run.Crashed() {
		return
	}
	close(r.over)
	r.guards.Wait()
	if isDone(r.done) { // it was given up
		return
	}
	err := r.o.result(r.run)
	report := newReport(r.run, r.o.name, r.view.ended())
	if r.o.leaks {
		leaked := r.leaked()
		err = kernel.Join(err, leaked)
		if found, ok := leaked.(*LeakError); ok {
			report.Leaks = found.Leaks
		}
	}
	r.settle(r.explain(err, r.run.EndedBy(), report), report)
}

// settle fixes the outcome, once, and lets those go on who wait for it.
func (r *running) settle(err error, report Report) {
	r.once.Do(func() {
		r.err, r.report = err, report
		defer r.publish() // whatever an observer does
		if r.run == nil {
			return
		}
		r.report.Drain = r.drained(report)
		r.report.Cause = err
		r.ended.Store(true)
		hear(r.o.observers, RunEnded{r.view, r.report}, func(err error) { r.err = kernel.Join(r.err, err) })
	})
}

func (r *running) publish() {
	r.report.Cause = r.err
	if r.o.report != nil {
		*r.o.report = r.report
	}
	close(r.done)
}

// Wait waits for the end of the run and gives what [Job.Run] would have returned: nil also
// after a drain that was completed.
func (r *Running) Wait() error { return r.awaited().wait() }

func (r *running) wait() error {
	<-r.done
	return r.err
}

// Done is closed when the run has ended, and Wait does not block any more.
func (r *Running) Done() <-chan struct{} { return r.awaited().done }

// Report is what the run has to say of itself once Done is closed. Before that it has the
// name only; numbers of a run that goes on are those of [View.Snapshot].
func (r *Running) Report() Report {
	if !isDone(r.r.done) {
		return Report{Name: r.r.o.name}
	}
	return r.r.report
}

// Stop ends the run at once, with cause for what Wait returns, [context.Canceled] if it is
// nil. What is in work counts as held. It does not wait for the end.
func (r *Running) Stop(cause error) {
	if r.r.run != nil {
		r.r.run.Cancel(cause)
		r.r.phase(Ending)
	}
}

// Pause holds the sources up: none gives a further item until Resume. What they have given
// goes on. A source that is waiting for something goes on with that, and is held up when it
// emits; of a channel one item at most is taken. Timers go on.
func (r *Running) Pause() {
	if r.r.run != nil && r.r.run.Pause() {
		r.r.phase(Paused)
	}
}

// Resume ends a Pause.
func (r *Running) Resume() {
	if r.r.run != nil && r.r.run.Resume() {
		r.r.phase(Active)
	}
}

// Drain stops the sources and waits until all that was accepted is delivered: batches,
// windows and retries as well. It returns nil then, or what the run failed with meanwhile.
//
// The context of a source ends, with [ErrDraining] as its cause, and a source that is a
// channel is not read any more. A source may still emit until it returns, and an error from
// it that only says that its context has ended is no failure. Sources that are held up by
// Pause are stopped as well.
//
// If ctx ends first the run is ended, and the result is a *[DrainError] that says what was
// not delivered and who held things up. Drain then waits for the end of the run no longer
// than [WithGrace] says, or a second.
func (r *Running) Drain(ctx context.Context) error {
	if ctx == nil {
		return &ConfigError{Stage: "run", Field: "context of Drain", Want: "must not be nil"}
	}
	if r.awaited().run == nil {
		return r.r.err
	}
	if r.r.run.Drain() {
		r.r.phase(Draining)
	}
	select {
	case <-r.r.done:
		return r.r.err
	case <-ctx.Done():
	}
	if isDone(r.r.done) {
		return r.r.err
	}
	return r.r.missDrain(context.Cause(ctx))
}

// phase tells the observers that the run has come to p, unless it is past that.
func (r *running) phase(p Phase) {
	if !isDone(r.over) && r.view.Phase() == p {
		r.tell(PhaseChanged{r.view, p})
	}
}
