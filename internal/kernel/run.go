package kernel

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/clock"
)

// Options are what the layer above decides about a run. Clock, Logger and Host are
// required.
type Options struct {
	Clock  clock.Clock
	Logger *slog.Logger
	Host   Host
	// Crash leaves panics alone, so that they end the program with their true
	// stack: for bare processors with nobody to tell.
	Crash bool
	// Discreet runs do not tell Spec.Told of panics, which over channels go to the
	// supervisor, or end the program.
	Discreet bool
	// Measured runs know how long their segments waited.
	Measured bool
	// Watching, if set, makes the run live: it can be looked at, drained and held up while
	// it goes on.
	Watching *Watching
}

// Watching is what those who look at a run want to know. A run that nobody looks at does
// not even have room for it, since setting one up is to cost little.
type Watching struct {
	// ID is the run's in the labels of its goroutines.
	ID string
	// Traced has every stage say when its code gets to work, not only those whose code may
	// block.
	Traced bool
	// Tagged is for traced runs: goroutines are labelled with the stage as well.
	Tagged bool
	// Settled, if set, hears what the policy of a stage decided about a failure.
	Settled func(f *Fault, blame error, v Verdict)
	// Probes hear of the calls of all stages.
	Probes []Probe
}

// Host is the layer above, which knows the errors that users see.
type Host interface {
	// Blame makes the error out of a Fault.
	Blame(f *Fault) error
	// Describe completes that error with what user code says of the item. It is called
	// right after Blame, and may unwind.
	Describe(f *Fault, blame error)
	// Late makes the error of a run that was ended by the deadline of its caller, which
	// has cause as its own. The books are complete, but for the result.
	Late(r *Run, cause error) error
	// Misuse makes the error for a stage that cannot run as configured.
	Misuse(site Site, name string, err error) error
	// Supervise gives the context for a processor that is not fused, whose item
	// errors are to arrive at Stage.Elsewhere.
	Supervise(ctx context.Context, s *Stage) context.Context
}

// Run is one execution of a pipeline. It is wired first, which needs no lock, and
// executed once.
type Run struct {
	opts   Options
	outer  context.Context // the caller's
	ctx    context.Context
	cancel context.CancelCauseFunc

	stages []*Stage // in wiring order, the sink first
	segs   []*Segment
	beside int             // of these, those of a Side
	group  *errgroup.Group // nil while there is one segment
	edges  []Edge

	live      *live // nil unless somebody looks
	outermost *Run  // itself, unless it goes on inside a source
	closing   bool  // some stage has something to close
	halted    bool  // a segment ended before its time, set at the end
	prepared  bool  // see Prepare
	leaving   []func(ran bool)
	fresh     []Stage // room for further stages
	naming    sync.Once

	// Wiring only.
	scope  string  // path of the sub-flow being wired, "" or ending in /
	policy *Policy // default of its stages
	probes []Probe // of what is being wired
	slots  slots
	misuse []error

	mu       sync.Mutex
	failures []error // in the order of time
	result   error
	unbooked string // where the books do not balance
	barriers map[uint64]barrier
	lastID   uint64
	late     []Interrupted // of this run and those inside, see Stage.interrupted

	started, ended atomic.Int64 // goroutines
	crashed        atomic.Bool  // a panic is on its way to end the program
}

// NewRun makes a run whose contexts end with ctx. Execute or Abort has to be
// called.
func NewRun(ctx context.Context, opts Options) *Run {
	few := &struct { // what a run of few stages needs, at once
		Run
		segs   [1]*Segment
		stages [8]Stage
		order  [8]*Stage
		edges  [7]Edge // between them, in a line
	}{}
	r := &few.Run
	r.opts = opts
	r.segs, r.fresh, r.stages, r.edges = few.segs[:0], few.stages[:], few.order[:0], few.edges[:0]
	r.outer, r.outermost = ctx, r
	if w := opts.Watching; w != nil {
		r.live = &live{Watching: w, told: make(chan struct{}, 1)}
		r.probes, ctx = w.Probes, labelled(ctx, w)
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// Logger is where the run writes.
func (r *Run) Logger() *slog.Logger { return r.opts.Logger }

// Clock is the run's.
func (r *Run) Clock() clock.Clock { return r.opts.Clock }

// Now reads the run's clock.
func (r *Run) Now() time.Time { return r.opts.Clock.Now() }

// Last makes the segment in which wiring begins: the one of the sink. Execute
// runs it on the caller's goroutine. Of several in a run that is the first.
func (r *Run) Last() *Segment {
	seg := newSegment(r, r.ctx, r.cancel)
	r.segs = append(r.segs, seg)
	return seg
}

// feeder makes a further segment, which will feed the one given. Its scope can end before
// the run's, when nobody needs its items any more, and it starts with that one's turn.
func (g *Segment) feeder() *Segment {
	up := g.run.apart()
	up.turn = g.turn
	g.exits = append(g.exits, up.dismiss)
	return up
}

// apart makes a further segment with a scope of its own.
func (r *Run) apart() *Segment {
	ctx, cancel := context.WithCancelCause(r.ctx)
	seg := newSegment(r, ctx, cancel)
	r.segs = append(r.segs, seg)
	return seg
}

func (r *Run) stage(seg *Segment, site Site, name, op string) *Stage {
	if site.Name != "" {
		name = site.Name
	}
	s := r.newStage()
	s.seg, s.ctx, s.at, s.mark = seg, seg.ctx, &seg.at, int32(len(r.stages))
	s.main, s.attempt = s, 1
	s.name, s.op, s.place, s.policy = r.scope+name, op, site.At, r.policyAt(site)
	s.clock = r.opts.Clock
	if s.policy != nil {
		s.decider = s.policy.Start()
	}
	s.watch = newWatch(s, r.probes)
	if r.live != nil {
		s.live = new(liveStage)
	}
	r.stages = append(r.stages, s)
	return s
}

// newStage makes stages several at a time, the first ones with the run: setting one up
// is to cost little.
func (r *Run) newStage() *Stage {
	if len(r.fresh) == 0 {
		r.fresh = make([]Stage, 8)
	}
	s := &r.fresh[0]
	r.fresh = r.fresh[1:]
	return s
}

// Execute runs the wired pipeline to its end, on the caller's goroutine and one
// more for each further segment. When it returns, all of them have ended.
func (r *Run) Execute() error {
	done := false
	defer func() {
		if !done && !r.crashed.Load() { // a Goexit on the caller's goroutine goes on after this
			r.wait()
			r.finish()
		}
	}()
	last := r.segs[0]
	if r.Prepare(); r.prepared {
		last.labelSegment()
		defer r.unlabel()
	}
	if last.result = r.open(); last.result == nil {
		last.labelSegment()
		r.start()
		last.result = last.work()
		r.wait()
	}
	done = true
	r.finish()
	return r.result
}

// start runs every segment but the last on a goroutine of its own.
func (r *Run) start() {
	if len(r.segs) == 1 {
		return
	}
	r.group = new(errgroup.Group)
	for _, seg := range r.segs[1:] {
		r.started.Add(1)
		r.group.Go(func() error {
			defer r.ended.Add(1)
			seg.labelSegment()
			seg.await()
			seg.result = seg.work()
			return nil // each failure is recorded
		})
	}
}

func (r *Run) wait() {
	if r.group != nil {
		_ = r.group.Wait()
	}
}

// open opens the stages, the sink first, so that no item meets one that is not.
func (r *Run) open() error {
	for _, s := range r.stages {
		if err := s.open(); err != nil {
			return err
		}
	}
	return nil
}

// finish closes the stages and settles how the run ended, whatever a stage's function
// does.
func (r *Run) finish() {
	r.halted = r.cut()
	cause := context.Cause(r.ctx)
	if cause == nil {
		cause = ErrStop
	}
	defer func() {
		r.balance()
		r.lookBack()
		r.result = r.outcome()
		r.cancel(r.result)
		r.leave(true)
		if r.live != nil {
			r.live.settled.Store(true)
		}
	}()
	defer r.leaveBarriers(cause)
	if r.closing {
		r.close(len(r.stages)-1, cause)
	}
}

// close closes the i-th stage and those below it. It goes on with the next one also if
// a Goexit unwinds this one.
func (r *Run) close(i int, cause error) {
	if i < 0 {
		return
	}
	defer r.close(i-1, cause)
	r.stages[i].close(cause)
}

// Result is what Execute returned, or would have if no Goexit had unwound it.
func (r *Run) Result() error { return r.result }

// EndedBy is the cause that Result has, nil if the run came to its own end.
func (r *Run) EndedBy() error {
	if !r.halted {
		return nil
	}
	return r.Cause()
}

// cut tells whether a segment ended before its time.
func (r *Run) cut() bool {
	for _, seg := range r.segs {
		if err := seg.result; err != nil && err != ErrStop {
			return true
		}
	}
	return false
}

// outcome is nil, the root cause, or the root cause joined with what failed after
// it. What ended the run's context first is the cause, be it a failure of its own
// or the caller.
func (r *Run) outcome() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.halted && len(r.failures) == 0 {
		return nil
	}
	cause := context.Cause(r.ctx)
	errs := r.failures
	if r.halted && cause != nil {
		// Two failures at once may be recorded in the other order.
		errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == cause })
		errs = slices.Insert(errs, 0, r.lateness(cause))
	}
	return Join(errs...)
}

// fail records a failure and ends the run. The order matters: whoever sees the
// context end must find the cause.
func (r *Run) fail(err error) error {
	r.mu.Lock()
	r.failures = append(r.failures, err)
	r.mu.Unlock()
	r.cancel(err)
	return err
}

// Crashed tells that a panic is on its way to end the program, which must not see that
// the run has ended.
func (r *Run) Crashed() bool { return r.crashed.Load() }

// Failure joins the failures of the run's own, nil if there was none: the end of the
// caller's context is not one.
func (r *Run) Failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Join(r.failures...)
}

// Cancel ends the run with a cause that is not its own.
func (r *Run) Cancel(cause error) { r.cancel(cause) }

// Done is closed when the run has been told to end, for whatever reason.
func (r *Run) Done() <-chan struct{} { return r.ctx.Done() }

// Cause is why.
func (r *Run) Cause() error { return context.Cause(r.ctx) }

// Told receives when a segment of a live run was told to end because nobody needs its
// items, if somebody looks.
func (r *Run) Told() <-chan struct{} { return r.live.told }

// Fail ends the run with a failure that is its own.
func (r *Run) Fail(err error) { _ = r.fail(err) }

// Abort releases a run that will not be executed.
func (r *Run) Abort() {
	r.cancel(ErrStop)
	r.leave(false)
}

// OnLeave adds a function of our own to be called when the run is over, whether it was
// executed or not. It is for what outlives runs.
func (r *Run) OnLeave(fn func(ran bool)) { r.leaving = append(r.leaving, fn) }

func (r *Run) leave(ran bool) {
	for _, fn := range r.leaving {
		fn(ran)
	}
	r.leaving = nil
}

// Misuse gives the configuration errors found while wiring, in the order from the
// source to the sink.
func (r *Run) Misuse() []error { return r.misuse }

// check books the configuration errors of a stage and of its site.
func (r *Run) check(site Site, name string, err error) {
	r.Misused(site, name, site.Err)
	r.Misused(site, name, err)
}

// Misused books a configuration error. Wiring goes backwards, hence the order.
func (r *Run) Misused(site Site, name string, err error) {
	if err == nil {
		return
	}
	if site.Name != "" {
		name = site.Name
	}
	r.misuse = append([]error{r.opts.Host.Misuse(site, r.scope+name, err)}, r.misuse...)
}

// Stages gives the stages from the source to the sink.
func (r *Run) Stages() []*Stage {
	var stages []*Stage
	for _, s := range slices.Backward(r.stages) {
		stages = append(append(stages, s.inside.all()...), s)
	}
	return stages
}

// Host is the layer above.
func (r *Run) Host() Host { return r.opts.Host }

// Segments is how many goroutines the run has, the caller's among them.
func (r *Run) Segments() int { return len(r.segs) }

// Goroutines gives how many the run has started besides the caller's, and how
// many of them have ended.
func (r *Run) Goroutines() (started, ended int64) { return r.started.Load(), r.ended.Load() }
