package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// RestartPolicy says when a [Restart] begins anew. The zero RestartPolicy restarts without
// end and without a wait: give it at least a Wait.
type RestartPolicy struct {
	// Wait is the wait before each restart. It grows from one to the next; after a flow has
	// lasted for Within it is the first one again.
	Wait Backoff

	// Max is how many restarts there may be in Within; one more is the failure of the run.
	// With 0 there is no limit.
	Max int

	// Within is what Max counts in: failures that lie further back are forgotten. With 0 none
	// is.
	Within time.Duration

	// If tells whether to begin anew after an error. Nil stands for always. An error that it
	// does not approve of ends the run.
	If func(error) bool

	// OnEnd begins anew also when the flow has ended without an error, as a connection that
	// was closed by the other side. That counts as a failure.
	OnEnd bool
}

// Restart gives the items of the flow that build makes. When a stage of that fails, and the
// run would end, it is built and run again instead, as a supervisor does, and those below go
// on: what they have accepted they keep, and what was inside the flow that failed is lost and
// counted as held. The failure is logged as a warning and told to observers as [Restarted].
//
// build is called for each beginning, on the goroutine of the source, so what it must not
// share with the one before it makes anew. It must not be nil. Configuration errors in what
// it gives are failures that are not restarted. A panic in it is one of the Restart.
//
// A failure that comes from below, the end of the run and a drain end the flow that goes on,
// and no other begins. Names of its stages begin with that of the Restart, and the books of
// all beginnings are added up. A policy given to it is the default of its stages.
func Restart[T any](policy RestartPolicy, build func() Flow[T]) Flow[T] {
	src := kernel.Source[T]{Name: "restart", Op: "Restart", Err: kernel.Join(notNil(build, "function"), policy.misuse())}
	src.Inside = func(ctx context.Context, s *kernel.Stage, out kernel.Outlet[T]) error {
		r := restarts{RestartPolicy: policy, s: s}
		for {
			start := s.Time()
			err := s.Inside(out, build().connect)
			if again, err := r.again(ctx, start, err); !again {
				return err
			}
		}
	}
	return origin(src)
}

func (p RestartPolicy) misuse() error {
	err := p.Wait.err
	if p.Max < 0 {
		err = kernel.Join(err, &ConfigError{Field: "Max of Restart", Value: p.Max, Want: "must not be negative"})
	}
	if p.Within < 0 {
		err = kernel.Join(err, &ConfigError{Field: "Within of Restart", Value: p.Within, Want: "must not be negative"})
	}
	return err
}

// restarts is what one Restart remembers in a run.
type restarts struct {
	RestartPolicy
	s     *kernel.Stage
	count int         // ever
	row   int         // since one lasted
	past  []time.Time // of the restarts that count, Max at most
}

// again decides about what a flow that began at start has ended with, and waits.
func (r *restarts) again(ctx context.Context, start time.Time, err error) (bool, error) {
	switch over := r.s.Over(); {
	case over == ErrDraining, over == nil && err == nil && !r.OnEnd:
		return false, kernel.Inner(err)
	case over != nil:
		return false, over
	case !r.worth(err):
		return false, kernel.Inner(err)
	}
	now := r.s.Time()
	if r.Within > 0 && now.Sub(start) >= r.Within {
		r.row = 0
	}
	if !r.allowed(now) {
		return false, kernel.Inner(r.tooMany(err))
	}
	r.count++
	r.row++
	wait := r.Wait.before(r.row)
	r.tell(ctx, wait, err)
	if err := r.s.Wait(wait); err != nil {
		return false, err
	}
	return true, nil
}

// worth tells whether a restart may help.
func (r *restarts) worth(err error) bool {
	_, wrong := errors.AsType[*ConfigError](err)
	return !wrong && (err == nil || r.If == nil || r.If(err))
}

// allowed tells whether there may be one more restart, and counts it.
func (r *restarts) allowed(now time.Time) bool {
	if r.Max == 0 {
		return true
	}
	for r.Within > 0 && len(r.past) > 0 && now.Sub(r.past[0]) >= r.Within {
		r.past = r.past[1:]
	}
	if len(r.past) >= r.Max {
		return false
	}
	r.past = append(r.past, now)
	return true
}

// RestartError says that a [Restart] has failed too often.
type RestartError struct {
	StageRef
	Max    int           // restarts that it may have
	Within time.Duration // in this time, 0 for ever
	Err    error         // the last failure, nil if the source ended
}

// Error says how often, and the last failure.
func (e *RestartError) Error() string {
	within, last := "", "its source ended"
	if e.Within > 0 {
		within = fmt.Sprintf(" within %v", e.Within)
	}
	if e.Err != nil {
		last = e.Err.Error()
	}
	return fmt.Sprintf("%s: more than %d restart%s%s: %s", e.StageRef, e.Max, plural(int64(e.Max)), within, last)
}

// Unwrap gives the last failure.
func (e *RestartError) Unwrap() error { return e.Err }

func (r *restarts) tooMany(err error) error {
	return &RestartError{StageRef: refOf(r.s), Max: r.Max, Within: r.Within, Err: err}
}

func (r *restarts) tell(ctx context.Context, wait time.Duration, err error) {
	o, ok := r.s.Segment().Run().Host().(*options)
	if !ok { // inside a processor over channels
		return
	}
	o.logger.LogAttrs(ctx, slog.LevelWarn, "flow restarts", slog.String("stage", r.s.Name()),
		slog.Int("restarts", r.count), slog.Duration("wait", wait), slog.Any("error", err))
	if len(o.observers) > 0 {
		r.s.Notify(func() {
			o.tell(Restarted{Run: o.running.view, Stage: refOf(r.s), Count: r.count, Wait: wait, Err: err})
		})
	}
}

// Using gives the items of a flow that lives on a resource: open makes it when the flow
// starts, build the flow of it, and release is called once, when that flow has ended, however
// it did. The error of open is the failure of the source; that of release is one that comes
// after, so Run returns it also behind another.
//
// release gets what ended the flow, as the Close of a [Sink]: nil, [ErrStop] after an early
// end, else the cause. What open gives is released also if build panics. To open a resource
// anew after a failure put Using inside a [Restart].
//
// Names of its stages begin with that of the Using, and a policy given to it is their default.
func Using[R, T any](open func(ctx context.Context) (R, error), release func(r R, cause error) error, build func(R) Flow[T]) Flow[T] {
	src := kernel.Source[T]{Name: "using", Op: "Using", Err: kernel.Join(
		notNil(open, "function open"), notNil(release, "function release"), notNil(build, "function build"))}
	src.Inside = func(ctx context.Context, s *kernel.Stage, out kernel.Outlet[T]) error {
		return using(ctx, s, out, open, release, build)
	}
	return origin(src)
}

func using[R, T any](
	ctx context.Context, s *kernel.Stage, out kernel.Outlet[T],
	open func(context.Context) (R, error), release func(R, error) error, build func(R) Flow[T],
) (err error) {
	resource, err := open(ctx)
	if err != nil {
		return err
	}
	cause := errBuild
	defer func() {
		if s.Segment().Run().Crashed() {
			return
		}
		closed := s.Attempt(func() error { return release(resource, cause) })
		if err == nil {
			err = closed
		}
	}()
	var f Flow[T]
	err = s.Attempt(func() error { f = build(resource); return nil })
	if err == nil {
		err = s.Break(kernel.Inner(s.Inside(out, f.connect))) // recorded before release is called
	}
	if cause = err; err == ErrDraining {
		cause = nil
	}
	return err
}

// errBuild is what release gets where nothing else says what ended the flow.
var errBuild = errors.New("the flow was ended by runtime.Goexit")
