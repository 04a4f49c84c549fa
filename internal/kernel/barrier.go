package kernel

// barrier is one that has not arrived.
type barrier struct {
	from *Stage // the source that sent it
	done func(error)
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
	if r.barriers == nil {
		r.barriers = make(map[uint64]barrier)
	}
	r.lastID++
	r.barriers[r.lastID] = barrier{from: s, done: done}
	return Signal{Kind: Barrier, ID: r.lastID, From: s}
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
