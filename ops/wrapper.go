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
func (w *wrapper[In, Out]) attempt(ctx context.Context, p *pace, v In) (Out, error) {
	if w.timeout > 0 {
		return w.limited(ctx, p, v)
	}
	out, err := w.inner.call(ctx, v)
	if err != nil || w.failWhen != nil {
		err = w.judged(out, err)
	}
	return out, err
}

// limited is attempt with a timeout.
func (w *wrapper[In, Out]) limited(given context.Context, p *pace, v In) (Out, error) {
	ctx, cancel := clock.WithTimeout(given, p.clk, w.timeout)
	defer cancel()
	ctx = within(ctx, given)
	out, err := w.inner.call(ctx, v)
	if err = w.judged(out, err); given.Err() == nil && kernel.Echoes(ctx, err) {
		err = kernel.Late(w.timeout, err)
	}
	return out, err
}

// judged tells a result that is a failure, and a failure that is none.
func (w *wrapper[In, Out]) judged(out Out, err error) error {
	switch e := err.(type) {
	case nil:
		return w.judgedOne(out)
	case *severalItems[Out]:
		for _, out := range e.all {
			if err := w.judgedOne(out); err != nil {
				return err
			}
		}
		return e
	}
	if errors.Is(err, ErrFiltered) || w.emptyOK && errors.Is(err, ErrNoOutput) {
		return ErrFiltered
	}
	return err
}

func (w *wrapper[In, Out]) judgedOne(out Out) error {
	if w.failWhen == nil {
		return nil
	}
	return w.failWhen(out)
}

// succeeded tells the errors of an attempt that are results.
func (w *wrapper[In, Out]) succeeded(err error) bool {
	if err == nil || err == ErrFiltered {
		return true
	}
	_, several := err.(*severalItems[Out])
	return several
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

// single is what Call makes of a result: of several items it would lose all but one.
func single[Out any](out Out, err error) (Out, error) {
	if _, ok := err.(*severalItems[Out]); ok {
		err = errSeveral
	}
	return out, err
}

// cancelled tells an error that only says that the stream has ended.
func cancelled(ctx context.Context, err error) bool { return kernel.Echoes(unlimited(ctx), err) }

// work is what a wrapper does with an item. The result is as that of a callee.
type work[In, Out any] func(ctx context.Context, p *pace, v In) (Out, error)

// pace is where a wrapper takes the time from, and waits between two calls: in a stage, or with
// a context alone.
type pace struct {
	clk Clock
	s   *kernel.Stage   // nil outside of one
	ctx context.Context // of its calls, with the clock of the run

	calls int // outside of a stage: for the item

	waiter kernel.Waiter // for slots
	kept   any           // what a wrapper has made for all of its calls in the stage
}

func (w *wrapper[In, Out]) alone(ctx context.Context) *pace {
	return &pace{clk: w.clock(ctx), calls: 1}
}

// paceOf is that of a stage, or of one of its workers.
func paceOf(s *kernel.Stage) *pace {
	return &pace{clk: s.Clock(), s: s, ctx: clock.With(s.Context(), s.Segment().Run().Clock())}
}

// context is what a call gets. A policy may limit that.
func (p *pace) context() context.Context {
	if p.s.Limited() {
		return within(clock.With(p.s.Context(), p.s.Segment().Run().Clock()), p.ctx)
	}
	return p.ctx
}

// wait gives the cause if the context ends before d has passed.
func (p *pace) wait(ctx context.Context, d time.Duration) error {
	if ctx != p.ctx { // the stage would not hear of its end
		return clock.Sleep(ctx, p.clk, d)
	}
	return p.s.Pause(d)
}

// enter takes a slot for a call, see [kernel.Slots].
func (p *pace) enter(ctx context.Context, slots *kernel.Slots, most time.Duration) (ok bool, err error) {
	s := p.s
	if ctx != p.ctx { // the stage would not hear of its end
		s = nil
	}
	return slots.Enter(ctx, s, p.clk, &p.waiter, most)
}

// failed tells those who look at the run of a failure that is not the last.
func (p *pace) failed(item any, err error) {
	if p.s != nil {
		p.s.Repeats(item, err)
	}
}

// repeat counts a call that is about to be repeated.
func (p *pace) repeat() {
	if p.s == nil {
		p.calls++
		return
	}
	p.s.Repeat()
}

// spec completes that of a wrapper: with the workers of the processor inside, if it has some.
// With single each of them takes one item at a time: it may keep it for long.
func (w *wrapper[In, Out]) spec(spec kernel.Spec[In, Out], single bool, do work[In, Out]) kernel.Spec[In, Out] {
	spec.Name, spec.Err, spec.Told, spec.Clock = w.name, w.err(), w.told, w.clk
	spec.Calls, spec.Heeds = kernel.CallsFunc, true
	staff := w.staff()
	if staff.Count > 0 {
		staff.Single, staff.Each = single, func(s *kernel.Stage) func(context.Context, In) (Out, error) {
			return worker(s, do)
		}
		return kernel.Staffed(spec, staff)
	}
	spec.Blocks, spec.Start = true, func(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
		r := &wrapped[In, Out]{do: do, pace: paceOf(s), s: s, mark: s.Mark(), down: down.Push}
		return kernel.Port[In]{Push: r.push, Signal: down.Signal}
	}
	return spec
}

// worker makes the function of one worker.
func worker[In, Out any](s *kernel.Stage, do work[In, Out]) func(context.Context, In) (Out, error) {
	pace := paceOf(s)
	return func(_ context.Context, v In) (Out, error) {
		s.Begin()
		out, err := do(pace.context(), pace, v)
		if err == ErrFiltered {
			err = kernel.ErrNothing
		}
		return out, err
	}
}

// wrapped is the state of one run.
type wrapped[In, Out any] struct {
	do   work[In, Out]
	pace *pace
	s    *kernel.Stage
	mark kernel.Mark
	down func(Out) error
}

func (r *wrapped[In, Out]) push(v In) error {
	s := r.s
	s.In++
	s.Begin()
	r.mark.Enter()
	out, err := r.do(r.pace.context(), r.pace, v)
	if err != nil {
		return r.other(v, err)
	}
	if err := s.Ended(); err != nil { // while it ran
		return err
	}
	s.Passed++
	s.Out++
	return r.down(out)
}

// other is for what is not one result.
func (r *wrapped[In, Out]) other(v In, err error) error {
	several, ok := err.(*severalItems[Out])
	if !ok && err != ErrFiltered {
		return r.s.Fail(v, err)
	}
	if err := r.s.Ended(); err != nil {
		return err
	}
	if !ok {
		r.s.Filtered++
		return nil
	}
	return r.pushAll(several.all)
}

// pushAll keeps the item until the last of its results.
func (r *wrapped[In, Out]) pushAll(all []Out) error {
	s, last := r.s, len(all)-1
	s.Held++
	for i, out := range all {
		if err := s.Next(); err != nil {
			return err
		}
		if i == last {
			s.Held--
			s.Passed++
		}
		if err := r.down(out); err != nil {
			return err
		}
	}
	return nil
}
