package kernel

import "context"

// Source is what produces items: an immutable description, as a Spec is.
type Source[T any] struct {
	Name string
	Op   string
	Err  error

	// User says that code of the user's runs in Stream between the items, so that
	// its pushes need a fence.
	User bool
	// Once, if set, names a thing that can be streamed once: using it in two
	// places of a run is misuse.
	Once any

	// Stream pushes the items and returns nil when there are no more. It may send
	// any signal but End. ctx ends when nobody needs more items.
	Stream func(ctx context.Context, out Outlet[T]) error
	// Chan, if set, takes the place of Stream.
	Chan <-chan T
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
	run.check(site, src.Name, src.Err)
	if src.Err != nil {
		return
	}
	run.once(site, src.Name, src.Once)
	seg, down = separate(seg, false, src.Chan == nil, nil, down)
	s := run.stage(seg, site, src.Name, src.Op)
	run.edge(s, down.to, down.queued)
	if src.Chan != nil {
		push := down.Push
		down.Push = func(v T) error {
			s.Out++
			return push(v)
		}
		seg.head = func() error { return receive(seg, src.Chan, down) }
		return
	}
	out := outlet(s, src.User, down)
	seg.head = func() error {
		s.Outside()
		return s.end(src.Stream(s.seg.ctx, out), down.Signal)
	}
}

// outlet makes what the source writes to. Between two emits of a source of our own
// no user code runs, so a panic below needs no fence.
func outlet[T any](s *Stage, user bool, down Port[T]) Outlet[T] {
	out := Outlet[T]{Watermark: s.signaller(down.Signal)}
	out.Barrier = func(done func(error)) error { return out.Watermark(s.seg.run.barrier(done)) }
	if user {
		out.Emit = (&fence[T]{s: s, out: &s.Out, down: down.Push}).push()
		return out
	}
	push := down.Push
	out.Emit = func(v T) error {
		if err := s.seg.Halted(); err != nil {
			s.stuck = err
			return err
		}
		s.Out++
		err := push(v)
		if err != nil {
			s.stuck = err
		}
		return err
	}
	return out
}

// signaller is the fence for a signal that user code sends.
func (s *Stage) signaller(down func(Signal) error) func(Signal) error {
	var sig Signal
	f := &fence[struct{}]{s: s, out: new(int64), down: func(struct{}) error { return down(sig) }}
	push := f.push()
	return func(next Signal) error {
		sig = next
		return push(struct{}{})
	}
}

// end is what the head of a source returns after the source returned err: it says
// End downstream, unless an early stop, a failure or the context came first.
func (s *Stage) end(err error, signal func(Signal) error) error {
	if err = s.Break(err); err == nil {
		err = s.seg.Halted()
	}
	if err != nil {
		return err
	}
	return signal(Signal{Kind: End})
}

// once books that a one-shot thing is used here, and misuse if it was already.
func (r *Run) once(site Site, name string, key any) {
	if key == nil {
		return
	}
	if other, used := r.Slot(key); used {
		r.Misused(site, name, &UsedTwice{At: other.(Site).At})
		return
	}
	r.SetSlot(key, site)
}

// UsedTwice is the misuse of a thing that can be used once. At is the other place.
type UsedTwice struct{ At uintptr }

func (e *UsedTwice) Error() string { return "it can be used only once" }
