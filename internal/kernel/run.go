package kernel

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/clock"
)

// Options are what the layer above decides about a run. All fields but Crash are
// required.
type Options struct {
	Clock  clock.Clock
	Logger *slog.Logger
	Host   Host
	// Crash leaves panics alone, so that they end the program with their true
	// stack: for bare processors with nobody to tell.
	Crash bool
}

// Host is the layer above, which knows the errors that users see.
type Host interface {
	// Blame makes the error out of a Fault.
	Blame(f *Fault) error
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
	ctx    context.Context
	cancel context.CancelCauseFunc

	stages []*Stage // in wiring order, the sink first
	segs   []*Segment
	edges  []Edge

	// Wiring only.
	scope  string // path of the sub-flow being wired, "" or ending in /
	policy Policy // default of its stages
	slots  map[any]any
	misuse []error

	mu       sync.Mutex
	failures []error // in the order of time
	result   error
	barriers map[uint64]func(error)
	lastID   uint64

	started, ended atomic.Int64 // goroutines
	crashed        atomic.Bool  // a panic is on its way to end the program
}

// Edge is what leads from one stage to the next.
type Edge struct {
	From, To *Stage
	queued   func() int64
}

// Queued is the number of items that the sender has booked out and the receiver
// not yet in. It may be called when the run has ended.
func (e Edge) Queued() int64 {
	if e.queued == nil {
		return 0
	}
	return e.queued()
}

// NewRun makes a run whose contexts end with ctx. Execute or Abort has to be
// called.
func NewRun(ctx context.Context, opts Options) *Run {
	r := &Run{opts: opts}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// Context is the run's own.
func (r *Run) Context() context.Context { return r.ctx }

// Logger is where the run writes.
func (r *Run) Logger() *slog.Logger { return r.opts.Logger }

// Last makes the segment in which wiring begins: the one of the sink. Execute
// runs it on the caller's goroutine.
func (r *Run) Last() *Segment {
	seg := &Segment{run: r, ctx: r.ctx, cancel: r.cancel, done: r.ctx.Done(), clock: r.opts.Clock}
	r.segs = append(r.segs, seg)
	return seg
}

// segment makes a further one. Its scope can end before the run's, when nobody
// needs its items any more.
func (r *Run) segment() *Segment {
	ctx, cancel := context.WithCancelCause(r.ctx)
	seg := &Segment{run: r, ctx: ctx, cancel: cancel, done: ctx.Done(), clock: r.opts.Clock}
	r.segs = append(r.segs, seg)
	return seg
}

func (r *Run) stage(seg *Segment, site Site, name, op string) *Stage {
	if site.Name != "" {
		name = site.Name
	}
	if site.Policy == nil {
		site.Policy = r.policy
	}
	s := &Stage{seg: seg, mark: int32(len(r.stages)), name: r.scope + name, op: op, site: site}
	r.stages = append(r.stages, s)
	return s
}

// Execute runs the wired pipeline to its end, on the caller's goroutine and one
// more for each further segment. When it returns, all of them have ended.
func (r *Run) Execute() (err error) {
	finished := false
	var group errgroup.Group
	results := make([]error, len(r.segs))
	defer func() {
		if !finished && !r.crashed.Load() { // a Goexit on the caller's goroutine goes on after this
			_ = group.Wait()
			r.finish(results)
		}
	}()
	r.name()
	if r.open() == nil {
		for i, seg := range r.segs[1:] {
			r.spawn(&group, seg, &results[i+1])
		}
		results[0] = r.segs[0].work()
		_ = group.Wait() // each result is in results, each failure recorded
	}
	finished = true
	return r.finish(results)
}

func (r *Run) spawn(group *errgroup.Group, seg *Segment, result *error) {
	r.started.Add(1)
	group.Go(func() error {
		defer r.ended.Add(1)
		*result = seg.work()
		return nil
	})
}

// open opens the stages, the sink first, so that no item meets one that is not.
func (r *Run) open() error {
	for _, s := range r.stages {
		if len(s.opens) == 0 {
			s.opened = true
		} else if err := s.open(); err != nil {
			return err
		}
	}
	return nil
}

// finish closes the stages, the source first, and says how the run ended.
func (r *Run) finish(results []error) error {
	halted := r.halted(results)
	cause := context.Cause(r.ctx)
	if cause == nil {
		cause = ErrStop
	}
	for i := len(r.stages) - 1; i >= 0; i-- {
		if s := r.stages[i]; len(s.closes) > 0 {
			s.close(cause)
		}
	}
	r.result = r.outcome(halted)
	r.leaveBarriers(r.result)
	r.cancel(r.result)
	return r.result
}

// Result is what Execute returned, or would have if no Goexit had unwound it.
func (r *Run) Result() error { return r.result }

func (r *Run) halted(results []error) bool {
	for _, err := range results {
		if err != nil && err != ErrStop {
			return true
		}
	}
	return false
}

// outcome is nil, the root cause, or the root cause joined with what failed after
// it. What ended the run's context first is the cause, be it a failure of its own
// or the caller.
func (r *Run) outcome(halted bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !halted && len(r.failures) == 0 {
		return nil
	}
	cause := context.Cause(r.ctx)
	errs := r.failures
	if halted && cause != nil && (len(errs) == 0 || errs[0] != cause) {
		errs = append([]error{cause}, errs...)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
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

// failure joins the failures of the run's own, nil if there was none.
func (r *Run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failures...)
}

// Abort releases a run that will not be executed.
func (r *Run) Abort() { r.cancel(ErrStop) }

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
	stages := make([]*Stage, len(r.stages))
	for i, s := range r.stages {
		stages[len(stages)-1-i] = s
	}
	return stages
}

// Edges gives the edges from the source to the sink.
func (r *Run) Edges() []Edge {
	edges := make([]Edge, len(r.edges))
	for i, e := range r.edges {
		edges[len(edges)-1-i] = e
	}
	return edges
}

func (r *Run) edge(from, to *Stage, queued func() int64) {
	if to != nil {
		r.edges = append(r.edges, Edge{From: from, To: to, queued: queued})
	}
}

// Goroutines gives how many the run has started besides the caller's, and how
// many of them have ended.
func (r *Run) Goroutines() (started, ended int64) { return r.started.Load(), r.ended.Load() }

// Imbalance names the first stage or edge whose books do not balance, "" if all
// do. It may be called when the run has ended.
func (r *Run) Imbalance() string {
	for _, s := range r.stages {
		if c := s.Final(); c.imbalance() != 0 || c.Passed < 0 {
			return s.String()
		}
	}
	for _, s := range r.stages {
		if arrived, fed := r.arrived(s); fed && arrived != s.In {
			return "what leads to " + s.String()
		}
	}
	return ""
}

// arrived is what the stages above say that s was given.
func (r *Run) arrived(s *Stage) (n int64, fed bool) {
	for _, e := range r.edges {
		if e.To == s {
			n, fed = n+e.From.Final().Out-e.Queued(), true
		}
	}
	return n, fed
}
