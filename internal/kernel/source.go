package kernel

import (
	"context"

	"github.com/go-streamz/streamz/internal/callsite"
)

// Source is what produces items: an immutable description, as a Spec is.
type Source[T any] struct {
	Name string
	Op   string
	Err  error

	// Once, if set, names a thing that can be streamed once: using it in two
	// places of a run is misuse.
	Once any

	// Stream runs user code: it pushes the items and returns nil when there are no
	// more. It may send any signal but End. ctx ends when the segment does.
	Stream func(ctx context.Context, out Outlet[T]) error
	// Heedless says that Stream is the user's own, with a context, and may ignore the error
	// of emit: then its context ends with the first one, too. In a drain others are told by
	// emit, after it has taken one more item.
	Heedless bool
	// Loop, if set, takes the place of Stream for a source between whose items no user
	// code runs, so that they need no fence. It asks s.Next before each item, and its
	// error is that of Next, push or s.Break.
	Loop func(s *Stage, push func(T) error) error
	// Chan, if set, takes the place of both.
	Chan <-chan T
	// Inside, if set, takes the place of Stream for a source that has runs inside, see
	// Stage.Inside. Its policy is the default of theirs.
	Inside func(ctx context.Context, s *Stage, out Outlet[T]) error
}

// Outlet is what a source writes to.
type Outlet[T any] struct {
	Emit      func(T) error
	Watermark func(Signal) error
	Barrier   func(done func(error)) error
}

// Feed makes the source the head of seg.
func Feed[T any](seg *Segment, site Site, src Source[T], down Port[T]) {
	run := seg.run
	site = site.Plain()
	run.check(site, src.Name, src.Err)
	if src.Err != nil {
		return
	}
	if site.Policy != nil && site.Policy != StopAll && src.Inside == nil {
		run.Misused(site, src.Name, ErrSourcePolicy)
	}
	seg.once(site, src.Name, src.Once)
	seg, down = separate(seg, false, src.Chan == nil, nil, down)
	s := run.stage(seg, site, src.Name, src.Op)
	s.source, s.heeds, s.calling = true, src.Heedless || src.Inside != nil, src.Stream != nil
	s.showAll()
	s.openIntake()
	run.edge(s, down.to, down.queue)
	switch {
	case src.Chan != nil:
		seg.head = func() error { return receive(seg, s.intake(), src.Chan, counted(s, down), s.keep) }
	case src.Loop != nil:
		if o := s.intake(); o != nil {
			s.ctx = o.ctx
		}
		seg.head = func() error { return s.loop(src.Loop, down) }
	default:
		stream, out := src.Stream, outlet(s, down)
		if src.Inside != nil {
			s.inside = new(inside)
			stream = func(ctx context.Context, out Outlet[T]) error { return src.Inside(ctx, s, out) }
		}
		seg.head = func() error { return s.stream(stream, out, src.Heedless, down.Signal) }
	}
}

// loop runs a source between whose items no user code runs, unless it has to end already.
func (s *Stage) loop[T any](run func(*Stage, func(T) error) error, down Port[T]) error {
	if s.intake().shut() {
		return s.end(s.closed(), down.Signal)
	}
	return s.end(run(s, down.Push), down.Signal)
}

// stream runs the user's part of a source.
func (s *Stage) stream[T any](run func(context.Context, Outlet[T]) error, out Outlet[T], heedless bool, signal func(Signal) error) error {
	if err := s.seg.halted(); err != nil {
		return err
	}
	ctx := s.ctx
	if o := s.intake(); o != nil {
		if ctx = o.ctx; ctx.Err() != nil {
			return s.end(s.closed(), signal)
		}
	}
	if heedless {
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		ctx, s.refused = own, cancel
	}
	s.Outside()
	err := s.Break(run(ctx, out))
	s.retire()
	return s.end(err, signal)
}

// keep books an item that a source has taken and cannot give.
func (s *Stage) keep() {
	s.In++
	s.Held++
}

// counted books what goes down.
func counted[T any](s *Stage, down Port[T]) Port[T] {
	push := down.Push
	down.Push = func(v T) error {
		s.Out++
		return push(v)
	}
	return down
}

// outlet makes what user code writes to.
func outlet[T any](s *Stage, down Port[T]) Outlet[T] {
	out := Outlet[T]{
		Emit:      (&fence[T]{s: s, out: &s.Out, down: down.Push}).emitter(),
		Watermark: s.signaller(down.Signal),
	}
	out.Barrier = func(done func(error)) error { return out.Watermark(s.barrier(done)) }
	return out
}

// signaller is the fence for a signal that user code sends.
func (s *Stage) signaller(down func(Signal) error) func(Signal) error {
	var sig Signal
	f := &fence[struct{}]{s: s, out: new(int64), down: func(struct{}) error { return down(sig) }}
	push := f.emitter()
	return func(next Signal) error {
		sig = next
		return push(struct{}{})
	}
}

// end is what the head of a source returns after the source returned err: it says
// End downstream, unless an early stop, a failure or the context came first.
func (s *Stage) end(err error, signal func(Signal) error) error {
	if err == nil || err == ErrDraining {
		err = s.seg.halted()
	}
	if err != nil {
		return err
	}
	return signal(Signal{Kind: End})
}

// once books that a one-shot thing is used here, and misuse if it was already.
func (g *Segment) once(site Site, name string, key any) {
	if key == nil {
		return
	}
	if other, used := g.Slot(key); used {
		g.run.Misused(site, name, &UsedTwice{At: other.(Site).At})
		return
	}
	g.SetSlot(key, site)
}

// UsedTwice is the misuse of a thing that can be used once. At is the other place.
type UsedTwice struct{ At callsite.Site }

func (e *UsedTwice) Error() string { return "it can be used only once" }
