package flow

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Job is a flow with a sink: it can be run. It is an immutable description as a Flow
// is, and can be run again, also at once. [Job.Named], [Job.OnError] and [Job.Scaled]
// act on the sink. The zero Job cannot run.
type Job struct {
	last settings
	wire func(seg *kernel.Segment, last kernel.Site)
}

// into makes a job of a sink.
func into[T any](f Flow[T], spec kernel.Spec[T, nothing]) Job {
	return attach(f, spec, settings{At: callsite.Here()})
}

func attach[T any](f Flow[T], spec kernel.Spec[T, nothing], last settings) Job {
	return Job{last: last, wire: func(seg *kernel.Segment, last kernel.Site) {
		seg, up := kernel.Attach(seg, last, spec, kernel.Port[nothing]{})
		f.connect(seg, up)
	}}
}

// Named gives the sink a name, for errors, logs and reports.
func (j Job) Named(name string) Job {
	j.last = j.last.named(name)
	return j
}

// OnError says what happens when the sink fails for an item. Without it the run
// stops, see [Stop].
func (j Job) OnError(p Policy) Job {
	j.last = j.last.onError(p)
	return j
}

// Run runs the job on the caller's goroutine, and on one more for each further segment.
// When it returns nothing of the run is left.
//
// It returns nil when the source has ended and all items went through, or when a stage
// ended the flow early. Otherwise
//
//   - a *[ConfigError] for each stage that cannot run as configured, joined: nothing was
//     started then;
//   - a [*StageError], when a stage's function failed and its policy is to stop;
//   - the cause of ctx, see context.Cause, when that ended first; as a *[DeadlineError], if
//     that was its deadline.
//
// When the context has ended, an error of a function that only says so is no failure: its
// item counts as held. That is the context's error or its cause, wrapped in whatever words;
// of errors that are joined each has to be one. Any other is a failure, also then.
//
// Failures that came after the first, as of closing a sink, are joined behind it. A
// panic of a user function is an error of its stage, a *[PanicError]. If such a function
// ends the goroutine with runtime.Goexit, as t.FailNow does, the run is ended and
// awaited first.
//
// Every run balances its books: an item that a stage took was passed on, filtered,
// dropped, failed, or was held when the run ended. If that does not add up Run says so
// in an error, which is a bug of this package.
func (j Job) Run(ctx context.Context, opts ...Option) error {
	_, err := j.run(ctx, opts)
	return err
}

// run is Run, and tells whether the run is over: one that was given up may still use what
// its functions use.
func (j Job) run(ctx context.Context, opts []Option) (over bool, err error) {
	o := newOptions(ctx, opts)
	if o.live {
		return j.runLive(ctx, o)
	}
	run, err := j.prepare(ctx, o)
	if err != nil {
		return true, err
	}
	return true, o.execute(run)
}

// runLive runs the job where somebody looks at it, on the caller's goroutine unless it may
// have to be given up.
func (j Job) runLive(ctx context.Context, o *options) (over bool, err error) {
	if o.grace > 0 {
		r := j.start(ctx, o)
		err := r.wait()
		return r.run == nil || isDone(r.over), err
	}
	r, err := j.ready(ctx, o)
	if err != nil {
		return true, err
	}
	r.execute()
	return true, r.wait()
}

// prepare wires the job, or says all that keeps it from running.
func (j Job) prepare(ctx context.Context, o *options) (*kernel.Run, error) {
	if ctx == nil { // is among the errors of o
		ctx = context.Background()
	}
	run := kernel.NewRun(ctx, o.kernel())
	errs := []error{o.err}
	if j.wire == nil {
		errs = append(errs, &ConfigError{Stage: "job", Field: "job", Want: "must be made by a terminal, as ForEach"})
	} else {
		j.wire(run.Last(), j.last.Site)
	}
	if err := kernel.Join(append(errs, run.Misuse()...)...); err != nil {
		run.Abort()
		if o.report != nil {
			*o.report = Report{Name: o.name, Cause: err}
		}
		return nil, err
	}
	return run, nil
}

// execute runs what is wired. The report is made in any case, also when a Goexit
// unwinds the caller.
func (o *options) execute(run *kernel.Run) error {
	if o.report != nil {
		start := o.clock.Now()
		defer func() { *o.report = newReport(run, o.name, o.clock.Now().Sub(start)) }()
	}
	_ = run.Execute()
	return o.result(run)
}

// result is what a run that has ended came to.
func (o *options) result(run *kernel.Run) error {
	err := run.Result()
	if where := run.Imbalance(); where != "" {
		err = kernel.Join(err, fmt.Errorf("flow: the books of %s do not balance: emit was called from another goroutine than its own, or else this is a bug of streamz:\n%v",
			where, newReport(run, o.name, 0)))
	}
	return err
}

// Run is [Flow.Discard] and [Job.Run].
func (f Flow[T]) Run(ctx context.Context, opts ...Option) error {
	return into(f, discard[T]()).Run(ctx, opts...)
}
