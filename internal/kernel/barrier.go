package kernel

// barrier makes a Barrier. done is called exactly once: with nil when it has
// reached the sink, with the end of the run if it never does.
func (r *Run) barrier(done func(error)) Signal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.barriers == nil {
		r.barriers = make(map[uint64]func(error))
	}
	r.lastID++
	r.barriers[r.lastID] = done
	return Signal{Kind: Barrier, ID: r.lastID}
}

// Arrived is what a sink does with a signal last of all: a barrier that came this
// far is complete.
func (s *Stage) Arrived(sig Signal) error {
	if sig.Kind != Barrier {
		return nil
	}
	run := s.seg.run
	run.mu.Lock()
	done := run.barriers[sig.ID]
	delete(run.barriers, sig.ID)
	run.mu.Unlock()
	if done != nil {
		s.Outside()
		done(nil)
	}
	return nil
}

// leaveBarriers tells those whose barriers never arrived why.
func (r *Run) leaveBarriers(cause error) {
	r.mu.Lock()
	left := r.barriers
	r.barriers = nil
	r.mu.Unlock()
	for _, done := range left {
		_ = r.stages[0].protect(func() error { // recorded by protect
			done(cause)
			return nil
		})
	}
}
