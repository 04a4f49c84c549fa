package ops

import (
	"context"
	"errors"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// wrapper is what the processors have in common that call another one: how they do that, and
// how they run.
type wrapper[In, Out any] struct {
	base
	inner    callee[In, Out]
	clk      Clock // nil for that of the run
	timeout  time.Duration
	failWhen func(Out) error
	emptyOK  bool
}

func wrap[In, Out any](name string, p Processor[In, Out], clk []Clock) wrapper[In, Out] {
	w := wrapper[In, Out]{name: name}
	w.clk = w.oneClock(clk)
	switch err := kernel.Of(p).Err; err {
	case nil:
		w.inner = calling(p)
	case kernel.ErrNil:
		w.misuse("processor", nil, "must not be nil")
	default:
		w.misuseInside(err)
	}
	return w
}

// misuseInside keeps what is wrong with the processor inside.
func (w *wrapper[In, Out]) misuseInside(err error) {
	switch e := err.(type) {
	case *ConfigError:
		w.misuse(e.Field+" of "+e.Stage, e.Value, e.Want)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			w.misuseInside(err)
		}
	default:
		w.misuse("processor", err, "must be one that can run")
	}
}

func (w *wrapper[In, Out]) limit(d time.Duration) {
	w.timeout = d
	if d < 0 {
		w.misuse("timeout", d, "must not be negative")
	}
}

func (w *wrapper[In, Out]) judge(fail func(Out) error) {
	w.failWhen = fail
	if fail == nil {
		w.misuse("FailWhen", nil, "must not be nil")
	}
}

// staff is that of the processor inside.
func (w *wrapper[In, Out]) staff() (none kernel.Workers[In, Out]) {
	if w.inner.staff == nil {
		return none
	}
	return w.inner.staff.staff()
}

// clock is the wrapper's own or that of a context, for a call outside of any stage.
func (w *wrapper[In, Out]) clock(ctx context.Context) Clock {
	if w.clk != nil {
		return w.clk
	}
	return clock.From(ctx)
}

// attempt calls the processor inside once.
func (w *wrapper[In, Out]) attempt(ctx context.Context, clk Clock, v In) (outputs[Out], error) {
	if w.timeout <= 0 {
		return w.called(ctx, v)
	}
	limited, cancel := clock.WithTimeout(ctx, clk, w.timeout)
	defer cancel()
	out, err := w.called(within(limited, ctx), v)
	if ctx.Err() == nil && kernel.Echoes(limited, err) {
		err = kernel.Late(w.timeout, err)
	}
	return out, err
}

// called tells a result that is a failure, and a failure that is none.
func (w *wrapper[In, Out]) called(ctx context.Context, v In) (out outputs[Out], err error) {
	out, err = w.inner.call(ctx, v)
	switch {
	case err == nil:
		return out, w.failed(out)
	case errors.Is(err, ErrFiltered), w.emptyOK && errors.Is(err, ErrNoOutput):
		return outputs[Out]{none: true}, nil
	}
	return out, err
}

// failed asks FailWhen about each output.
func (w *wrapper[In, Out]) failed(out outputs[Out]) error {
	if w.failWhen == nil || out.none {
		return nil
	}
	if err := w.failWhen(out.first); err != nil {
		return err
	}
	for _, v := range out.rest {
		if err := w.failWhen(v); err != nil {
			return err
		}
	}
	return nil
}

// limits is the key of the context that a call was given before timeouts limited it: where
// that has ended an item is given up, and where only the limit came the call has failed.
type limits struct{}

func within(limited, given context.Context) context.Context {
	return context.WithValue(limited, limits{}, unlimited(given))
}

func unlimited(ctx context.Context) context.Context {
	if given, ok := ctx.Value(limits{}).(context.Context); ok {
		return given
	}
	return ctx
}

// cancelled tells an error that only says that the stream has ended.
func cancelled(ctx context.Context, err error) bool { return kernel.Echoes(unlimited(ctx), err) }

// work is what a wrapper does with an item. The pace knows how to wait.
type work[In, Out any] func(ctx context.Context, p pace, v In) (outputs[Out], error)

// pace is where a wrapper waits between two calls: in a stage, or with a context alone.
type pace struct {
	clk Clock
	s   *kernel.Stage // nil outside of one
}

func (w *wrapper[In, Out]) alone(ctx context.Context) pace { return pace{clk: w.clock(ctx)} }

// wait gives the cause if the context ends before d has passed.
func (p pace) wait(ctx context.Context, d time.Duration) error {
	if p.s == nil || unlimited(ctx) != ctx { // the stage would not hear of the limit
		return clock.Sleep(ctx, p.clk, d)
	}
	return p.s.Pause(d)
}

// repeat counts a call that is about to be repeated.
func (p pace) repeat() {
	if p.s != nil {
		p.s.Repeat()
	}
}

// spec makes a stage of a wrapper: with the workers of the processor inside, if it has some.
func (w *wrapper[In, Out]) spec(self any, op string, do work[In, Out]) kernel.Spec[In, Out] {
	spec := kernel.Spec[In, Out]{
		Self: self, Name: w.name, Op: op, Err: w.err(), Told: w.told, Clock: w.clk,
		Calls: kernel.CallsFunc, Heeds: true, Blocks: true,
	}
	spec.Start = func(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
		r := &wrapped[In, Out]{do: do, at: stand(s), s: s, mark: s.Mark(), down: down.Push}
		return kernel.Port[In]{Push: r.push, Signal: down.Signal}
	}
	return spec
}

// staffed gives a spec the workers of the processor inside. With single each takes one item
// at a time: it may keep it for long.
func (w *wrapper[In, Out]) staffed(spec kernel.Spec[In, Out], single bool, do work[In, Out]) kernel.Spec[In, Out] {
	staff := w.staff()
	if staff.Count == 0 {
		return spec
	}
	spec.Blocks, spec.Start = false, nil
	staff.Single = single
	staff.Each = func(s *kernel.Stage) func(context.Context, In) (Out, error) {
		at := stand(s)
		return func(_ context.Context, v In) (Out, error) {
			s.Begin()
			out, err := do(at.context(), at.pace, v)
			if err == nil && out.none {
				err = kernel.ErrNothing
			}
			return out.first, err
		}
	}
	return kernel.Staffed(spec, staff)
}

// standing is where the calls of a stage, or of one of its workers, come from.
type standing struct {
	pace
	plain context.Context // of the stage
	ctx   context.Context // the same, with the clock of the run
}

func stand(s *kernel.Stage) standing {
	plain := s.Context()
	return standing{pace{s.Clock(), s}, plain, clock.With(plain, s.Segment().Run().Clock())}
}

// context is what a call gets. A policy may limit that.
func (a *standing) context() context.Context {
	if ctx := a.s.Context(); ctx != a.plain {
		return within(clock.With(ctx, a.s.Segment().Run().Clock()), a.ctx)
	}
	return a.ctx
}

// wrapped is the state of one run.
type wrapped[In, Out any] struct {
	do   work[In, Out]
	at   standing
	s    *kernel.Stage
	mark kernel.Mark
	down func(Out) error
}

func (r *wrapped[In, Out]) push(v In) error {
	s := r.s
	s.In++
	s.Begin()
	r.mark.Enter()
	out, err := r.do(r.at.context(), r.at.pace, v)
	if err != nil {
		return s.Fail(v, err)
	}
	if err := s.Ended(); err != nil { // while it ran
		return err
	}
	switch {
	case out.none:
		s.Filtered++
		return nil
	case len(out.rest) > 0:
		return r.pushAll(out)
	}
	s.Passed++
	s.Out++
	return r.down(out.first)
}

// pushAll keeps the item until the last of its outputs.
func (r *wrapped[In, Out]) pushAll(out outputs[Out]) error {
	s := r.s
	s.Held++
	next := out.first
	for _, v := range out.rest {
		if err := s.Next(); err != nil {
			return err
		}
		if err := r.down(next); err != nil {
			return err
		}
		next = v
	}
	if err := s.Next(); err != nil {
		return err
	}
	s.Held--
	s.Passed++
	return r.down(next)
}
