package kernel

import (
	"math"
	"sync/atomic"
)

// barrier is one that has not arrived.
type barrier struct {
	from *Stage // the source that sent it
	done func(error)
	side any // that it is the part of, nil for one that stays on the line
}

// barrier makes a Barrier. done, unless it is nil, is called exactly once: with nil when
// the barrier has reached the sink, with the end of the run if it never does.
func (s *Stage) barrier(done func(error)) Signal {
	if done == nil {
		done = func(error) {}
	}
	r := s.seg.run
	r.mu.Lock()
	defer r.mu.Unlock()
	return Signal{Kind: Barrier, ID: r.expect(barrier{from: s, done: done}), From: s}
}

// expect gives a barrier its number, under the lock.
func (r *Run) expect(b barrier) uint64 {
	if r.barriers == nil {
		r.barriers = make(map[uint64]barrier)
	}
	r.lastID++
	r.barriers[r.lastID] = b
	return r.lastID
}

// split makes two barriers of one where a stream has a side, of which the new one goes there:
// they are complete when both are.
func (r *Run) split(id uint64, side any) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.barriers[id]
	if !ok {
		return id
	}
	b.done = both(b.done)
	r.barriers[id] = b
	b.side = side
	return r.expect(b)
}

// both makes a function that is to be called twice, for done. That hears of the second nil, or
// of the first error.
func both(done func(error)) func(error) {
	var left atomic.Int32
	left.Store(2)
	return func(err error) {
		switch {
		case err == nil && left.Add(-1) == 0, err != nil && left.Swap(math.MinInt32/2) > 0:
			done(err)
		}
	}
}

// arrivedBeside completes the barriers that are in a side which has ended.
func (g *Segment) arrivedBeside(side any) {
	for _, b := range g.run.takeBeside(side) {
		_ = g.tell(b, nil) // recorded by it
	}
}

func (r *Run) takeBeside(side any) (lost []barrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, b := range r.barriers {
		if b.side == side {
			delete(r.barriers, id)
			lost = append(lost, b)
		}
	}
	return lost
}

// Arrived is what a sink does with a signal last of all: a barrier that came this far is
// complete.
func (s *Stage) Arrived(sig Signal) error { return s.seg.arrived(sig) }

func (g *Segment) arrived(sig Signal) error {
	if sig.Kind != Barrier {
		return nil
	}
	run := g.run
	run.mu.Lock()
	b, ok := run.barriers[sig.ID]
	delete(run.barriers, sig.ID)
	run.mu.Unlock()
	if !ok {
		return nil
	}
	return g.tell(b, nil)
}

// leaveBarriers tells those whose barriers never arrived why, each of them also if a
// Goexit unwinds another.
func (r *Run) leaveBarriers(cause error) {
	for id, b := range r.barriers {
		delete(r.barriers, id)
		defer r.leaveBarriers(cause)
		b.from.seg.labelSegment() // whatever stage was closed last
		b.from.Outside()
		if p := b.from.seg.pulse; p != nil {
			defer p.rest(Finished)
		}
		_ = r.segs[0].tell(b, cause) // recorded by tell
		return
	}
}

// tell calls a barrier's function, on the goroutine of g. It is the source's, so what it
// does wrong is that one's failure.
func (g *Segment) tell(b barrier, cause error) (err error) {
	clean := false
	defer func() {
		if clean {
			return
		}
		value := recover()
		switch {
		case value == nil:
			g.exiting = true
			value = ErrGoexit
		case g.run.opts.Crash:
			g.crash(value)
		}
		err = g.run.fail(b.from.blame(newPanic(b.from, value)))
	}()
	if b.from.live != nil {
		b.from.label()
	}
	b.done(cause)
	clean = true
	return nil
}
