package kernel

import "time"

// Load is what the workers of a stage have done since the last decision about their number.
type Load struct {
	Workers int           // that are wanted
	Peak    int           // the most that were at work at once
	Idle    bool          // nobody has been at work, for long
	Elapsed time.Duration // in all

	// Of the calls that have returned, and began after the last change of the number:
	Calls  int
	Good   int           // that did not fail
	Spent  time.Duration // on them
	Queued int           // that began while more items were waiting
}

// Decide says how many workers are wanted from here on, and why. If ok is false there is no
// decision yet, and the load goes on growing.
type Decide func(l Load) (wanted int, why string, ok bool)

// meter measures the load. It is guarded by the lock of its roster.
type meter struct {
	every, quiet time.Duration
	decide       Decide
	at           time.Time // of the last decision
	changed      time.Time // when the number changed last
	busy         int       // workers at work
	rested       time.Time // since when nobody is
	load         Load
}

// Measure has decide asked for a number of workers, when a call returns and the last decision
// is so long ago, and each time that nobody has been at work for quiet. It belongs to
// Scale.Start.
func (r *Roster) Measure(every, quiet time.Duration, decide Decide) {
	now := r.run.Now()
	r.meter = &meter{every: every, quiet: quiet, decide: decide, at: now, changed: now, rested: now}
}

// begin notes that a worker begins a claim, and whether more items are waiting.
func (r *Roster) begin() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.meter
	m.busy++
	m.load.Peak = max(m.load.Peak, m.busy)
	return r.run.Now()
}

// end notes what has become of it, and tells whether nobody is at work now.
func (r *Roster) end(began time.Time, calls, good int, queued bool) (last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, now := r.meter, r.run.Now()
	m.busy--
	if !began.Before(m.changed) {
		m.load.add(calls, good, now.Sub(began), queued)
	}
	if now.Sub(m.at) >= m.every {
		r.consider(now)
	}
	m.rested = now
	return m.busy == 0
}

func (l *Load) add(calls, good int, spent time.Duration, queued bool) {
	l.Calls += calls
	l.Good += good
	l.Spent += spent
	if queued {
		l.Queued += calls
	}
}

// consider asks for a number of workers, and tells whether that has changed.
func (r *Roster) consider(now time.Time) bool {
	m := r.meter
	m.load.Workers, m.load.Elapsed = int(r.wanted.Load()), now.Sub(m.at)
	wanted, why, ok := m.decide(m.load)
	if !ok {
		return false
	}
	m.at, m.load = now, Load{Peak: m.busy}
	if wanted == int(r.wanted.Load()) {
		return false
	}
	m.changed = now
	r.set(wanted, why, now)
	return true
}

// idle decides when nobody has been at work for long, and tells whether to look again: not
// where nothing changes any more, and not while somebody is at work.
func (r *Roster) idle() (again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, now := r.meter, r.run.Now()
	if m.busy > 0 {
		return false
	}
	if now.Sub(m.rested) < m.quiet {
		return true
	}
	m.load.Idle = true
	return r.consider(now)
}

// measured is timed with the load.
func (w *worker[In, Out]) measured(claim []uint32) error {
	r := w.p.roster
	calls, good, queued := len(claim), w.good.Load(), w.p.tail.Load() != w.p.claimed.Load()
	began := r.begin()
	err := w.timed(claim)
	w.last = r.end(began, calls, int(w.good.Load()-good), queued)
	return err
}

// lull has the worker that was the last one at work look now and then, while it waits, whether
// fewer would do. At first that is the first.
func (w *worker[In, Out]) lull() {
	r := w.p.roster
	if r == nil || r.meter == nil || !w.last {
		return
	}
	w.last = false
	g := w.s.seg
	if w.alarm == nil {
		w.alarm = w.s.Timer(w.look)
		w.alarm.looks, g.watching = true, true
	}
	g.fresh = false
	w.alarm.Reset(r.meter.quiet)
}

func (w *worker[In, Out]) look() error {
	if r := w.p.roster; r.idle() {
		w.alarm.Reset(r.meter.quiet)
	}
	return nil
}
