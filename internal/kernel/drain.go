package kernel

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrDraining is the cause with which the context of a source ends when it is to stop and
// the run is to deliver what it has accepted.
var ErrDraining = errors.New("streamz: the run is being drained: no more items are taken in")

// intake is where a live run lets items in. It is held up by Pause and closed for good by
// Drain.
type intake struct {
	mu       sync.Mutex
	ends     []context.CancelCauseFunc // of the sources' contexts, set while wiring
	inner    map[*Run]struct{}         // runs that go on inside sources of this one
	draining bool
	paused   atomic.Bool
	gate     chan struct{} // closed when a pause ends
}

// Drain stops the sources: each is told by its context, or by the end of its loop, and End
// follows what it has given. It may be called at any time, by anybody, of a live run, and
// tells whether it was the first time.
func (r *Run) Drain() bool {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	first := !in.draining
	in.draining = true
	for _, end := range in.ends {
		end(ErrDraining)
	}
	for inner := range in.inner {
		inner.Drain()
	}
	return first
}

// Pause holds the sources up before their next item; what they wait for meanwhile is theirs.
// It tells whether they were not held up before.
func (r *Run) Pause() bool {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.paused.Load() {
		return false
	}
	in.gate = make(chan struct{})
	in.paused.Store(true)
	for inner := range in.inner {
		inner.Pause()
	}
	return true
}

// Resume ends a pause, and tells whether there was one.
func (r *Run) Resume() bool {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.paused.Load() {
		return false
	}
	in.paused.Store(false)
	close(in.gate)
	for inner := range in.inner {
		inner.Resume()
	}
	return true
}

// Paused tells whether the sources are held up.
func (r *Run) Paused() bool { return r.live.intake.paused.Load() }

// Draining tells whether the sources were stopped.
func (r *Run) Draining() bool {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.draining
}

// closed gives what ends a pause, nil while there is none.
func (in *intake) closed() <-chan struct{} {
	if !in.paused.Load() {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.paused.Load() {
		return nil
	}
	return in.gate
}

// opening is the part of a live run's intake that one source has, or a stage that makes items.
type opening struct {
	ctx context.Context // of the source: it ends with its segment, or when the run is drained
	in  *intake
}

// openIntake gives a source of a live run its part.
func (s *Stage) openIntake() {
	if s.seg.run.live != nil {
		s.live.opening = s.seg.opening()
	}
}

// opening makes a part of a live run's intake.
func (g *Segment) opening() *opening {
	in := &g.run.live.intake
	ctx, end := context.WithCancelCause(g.ctx)
	in.ends = append(in.ends, end)
	return &opening{ctx, in}
}

// intake is the part of the run's that the stage has, nil unless it is a source of a live run.
func (s *Stage) intake() *opening {
	if s.live == nil {
		return nil
	}
	return s.live.opening
}

// admitted is nil when the source may give its next item. It waits while the run is paused.
func (s *Stage) admitted() error {
	o := s.intake()
	for o.ctx.Err() == nil {
		gate := o.in.closed()
		if gate == nil {
			return nil
		}
		if _, err := await(s.seg, gate, nil, struct{}{}, wait{AwaitsItems, o.ctx.Done()}); err != nil && err != errStopped {
			return err
		}
	}
	return s.closed()
}

// closed is why a source has to end: its segment has, or the run is being drained.
func (s *Stage) closed() error {
	if s.seg.ctx.Err() != nil {
		return s.seg.cause()
	}
	return ErrDraining
}

// shut tells whether the source has to end.
func (o *opening) shut() bool { return o != nil && o.ctx.Err() != nil }

// hold waits while the run is paused, with an item that a channel gave at that moment. The
// timers of the segment go on.
func (o *opening) hold(g *Segment) error {
	for {
		if err := g.arrive(); err != nil || o.shut() {
			return err
		}
		gate := o.in.closed()
		if gate == nil {
			return nil
		}
		o.wait[struct{}](g, gate, nil)
	}
}

// drained tells an error of a source that only says that the run is being drained.
func (s *Stage) drained(err error) bool {
	o := s.intake()
	return o.shut() && s.seg.ctx.Err() == nil && saysOnly(err, context.Canceled, ErrDraining)
}

// nest has a run that goes on inside a source of this one stopped and held up with it.
func (r *Run) nest(inner *Run) {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.inner == nil {
		in.inner = make(map[*Run]struct{})
	}
	in.inner[inner] = struct{}{}
	if in.draining {
		inner.Drain()
	}
	if in.paused.Load() {
		inner.Pause()
	}
}

func (r *Run) unnest(inner *Run) {
	in := &r.live.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.inner, inner)
}
