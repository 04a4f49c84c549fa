package ops

import (
	"context"
	"errors"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Gatherer is a processor of your own that is fused like ours: it sees the items
// one by one and emits any number of items for each, before it, or at the end.
type Gatherer[In, Out any] interface {
	// Start makes the state of one run. An error ends the run before its first
	// item.
	Start(ctx context.Context) (Pusher[In, Out], error)
}

// Pusher is the state of one run of a [Gatherer]. Its methods are called on one
// goroutine, one at a time, and may block as long as they watch ctx.
//
// emit hands an item downstream, in order; it is valid until the method returns,
// on the goroutine of the call. Once it has returned an error it does nothing and
// returns that error again: return it, or simply return. [ErrStop] from emit means
// that nobody needs more items.
type Pusher[In, Out any] interface {
	// Push takes an item. An error is the item's failure; what was emitted stays.
	// ErrStop, if emit did not return it, ends the stream here.
	Push(ctx context.Context, v In, emit func(Out) error) error
	// End is called once when the input has ended, and not after an early stop, a
	// failure or a cancellation.
	End(ctx context.Context, emit func(Out) error) error
}

// Flusher is what a [Pusher] implements that holds items and can emit them before
// the end. It is called before a barrier passes.
type Flusher[Out any] interface {
	Flush(ctx context.Context, emit func(Out) error) error
}

// Closer is what a [Pusher] implements that has something to release. Close is
// called once, however the run ends: cause is nil after End, [ErrStop] after an
// early stop, else what ended the run. Its error is returned by the run.
type Closer interface {
	Close(cause error) error
}

// Gathering is a processor made of a [Gatherer].
//
//   - Emits: what the gatherer emits
//   - Holds: what the gatherer holds
//   - Backpressures: while an emitted item waits for its receiver
//   - Completes: when the input ends, after the gatherer's End
//   - Cancels: drops what the gatherer holds; Close is called
//
// An item counts as passed when its Push returns.
type Gathering[In, Out any] struct {
	base
	g Gatherer[In, Out]
}

// Gather makes a processor of g, named "gatherer". g must not be nil.
//
//streamz:stage Gather
//streamz:example flow.Of(1, 1, 2).Gather(ops.NewGatherer(func() int { return 0 }, func(last *int, n int, emit func(int) error) error { if n == *last { return nil }; *last = n; return emit(n) }, nil))
//streamz:output [1 2]
func Gather[In, Out any](g Gatherer[In, Out]) *Gathering[In, Out] {
	p := &Gathering[In, Out]{name: "gatherer", g: g}
	if kernel.IsNil(g) {
		p.misuse("gatherer", nil, "must not be nil")
	}
	if f, ok := g.(interface{ complete() bool }); ok && !f.complete() {
		p.misuse("push", nil, "must not be nil")
	}
	return p
}

// WithName gives a copy with another name.
func (p *Gathering[In, Out]) WithName(name string) *Gathering[In, Out] {
	c := *p
	c.name = name
	return &c
}

// OnError gives a copy that hands each failed item to handle, one at a time, on
// the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (p *Gathering[In, Out]) OnError(handle func(context.Context, *ItemError)) *Gathering[In, Out] {
	c := *p
	c.onError(handle)
	return &c
}

// Process runs the gatherer over channels, see [Processor].
func (p *Gathering[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, p.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (p *Gathering[In, Out]) Kernel() kernel.Spec[In, Out] {
	return kernel.Spec[In, Out]{
		Self: p, Name: p.name, Op: "Gather", Err: p.err(), Told: p.told,
		Calls: kernel.CallsEmitter, Blocks: true, Start: p.start,
	}
}

var errNoPusher = errors.New("Start returned a nil Pusher")

// gathering is the state of one run.
type gathering[In, Out any] struct {
	g      Gatherer[In, Out]
	s      *kernel.Stage
	down   kernel.Port[Out]
	pusher Pusher[In, Out]
}

func (p *Gathering[In, Out]) start(s *kernel.Stage, down kernel.Port[Out]) kernel.Port[In] {
	r := &gathering[In, Out]{g: p.g, s: s, down: down}
	s.OnOpen(r.open)
	s.OnClose(r.close)
	return kernel.Port[In]{Push: r.push, Signal: r.signal}
}

func (r *gathering[In, Out]) open(ctx context.Context) (err error) {
	r.pusher, err = r.g.Start(ctx)
	if err != nil {
		return err
	}
	if r.pusher == nil {
		return errNoPusher
	}
	if method, want := kernel.Misshapen(r.pusher); want != "" {
		return errors.New("the Pusher's " + method + " " + want)
	}
	return nil
}

func (r *gathering[In, Out]) close(cause error) error {
	if c, ok := r.pusher.(Closer); ok {
		return c.Close(cause)
	}
	return nil
}

func (r *gathering[In, Out]) push(v In) error {
	r.s.Hold()
	err := r.pusher.Push(r.s.Context(), v, r.down.Push)
	if err == nil {
		return r.s.Release()
	}
	if !errors.Is(err, ErrStop) {
		return r.s.Fail(v, err)
	}
	if err := r.s.Release(); err != nil {
		return err
	}
	return r.s.Enough(r.down.Signal)
}

func (r *gathering[In, Out]) signal(sig kernel.Signal) error {
	var err error
	switch flusher, ok := r.pusher.(Flusher[Out]); {
	case sig.Kind == kernel.End:
		r.s.Outside()
		err = r.pusher.End(r.s.Context(), r.down.Push)
	case ok && sig.Kind != kernel.Watermark:
		r.s.Outside()
		err = flusher.Flush(r.s.Context(), r.down.Push)
	}
	if err = r.s.Break(err); err != nil {
		return err
	}
	return r.down.Signal(sig)
}

// funcs is the Gatherer that NewGatherer makes.
type funcs[S, In, Out any] struct {
	start func() S
	push  func(*S, In, func(Out) error) error
	end   func(*S, func(Out) error) error
}

// NewGatherer makes a [Gatherer] of functions over a state of type S: start makes
// it for each run, push takes an item, end is called when the input has ended.
// start and end may be nil: then the state begins as its zero value, and the end
// emits nothing. push must not be nil.
func NewGatherer[S, In, Out any](
	start func() S,
	push func(state *S, v In, emit func(Out) error) error,
	end func(state *S, emit func(Out) error) error,
) Gatherer[In, Out] {
	return funcs[S, In, Out]{start, push, end}
}

func (f funcs[S, In, Out]) complete() bool { return f.push != nil }

func (f funcs[S, In, Out]) Start(context.Context) (Pusher[In, Out], error) {
	r := &funcsRun[S, In, Out]{funcs: f}
	if f.start != nil {
		r.state = f.start()
	}
	return r, nil
}

type funcsRun[S, In, Out any] struct {
	funcs[S, In, Out]
	state S
}

func (r *funcsRun[S, In, Out]) Push(_ context.Context, v In, emit func(Out) error) error {
	return r.push(&r.state, v, emit)
}

func (r *funcsRun[S, In, Out]) End(_ context.Context, emit func(Out) error) error {
	if r.end == nil {
		return nil
	}
	return r.end(&r.state, emit)
}
