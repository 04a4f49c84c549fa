package kernel

import "time"

// Load is what the workers of a stage have done since the last decision about their number.
type Load struct {
	Workers int           // that are wanted
	Peak    int           // the most that were at work at once
	Idle    bool          // nobody has been at work, for long
	Elapsed time.Duration // in all

	// Of the calls that began after the last decision and before there were enough of them:
	Calls  int
	Good   int           // that did not fail
	Spent  time.Duration // on them
	Square float64       // of the seconds spent on each, in all
	Queued int           // that began while more items were waiting
}

// Judge decides about the number of workers.
type Judge interface {
	// Enough tells whether there were calls enough for a decision.
	Enough(l Load) bool
	// Decide says how many workers are wanted from here on, and why.
	Decide(l Load) (wanted int, why string)
}

// meter measures the load. It is guarded by the lock of its roster.
//
// What is known of the time that calls take is that of all calls which began in a while. Those
// that have returned by some moment would be the short ones among them.
type meter struct {
	every, quiet time.Duration
	judge        Judge

	load   Load
	at     time.Time     // of the last decision
	took   time.Duration // since then until there were calls enough, 0 as long as there are not
	round  uint64        // how many decisions there were
	out    int           // claims of the round that have not returned
	busy   int           // workers at work
	rested time.Time     // since when nobody is
}

// ticket is what a worker keeps of the beginning of a claim.
type ticket struct {
	began  time.Time
	round  uint64
	counts bool
	queued bool
}

// Measure has the judge decide about the number of workers: when there were enough calls, and
// the last decision is so long ago; and each time that nobody has been at work for quiet. It
// belongs to Scale.Start.
func (r *Roster) Measure(every, quiet time.Duration, j Judge) {
	now := r.run.Now()
	r.meter = &meter{every: every, quiet: quiet, judge: j, at: now, rested: now}
}

// begin notes that a worker begins a claim, and whether more items are waiting.
func (r *Roster) begin(queued bool) ticket {
	now := r.run.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.meter
	m.busy++
	m.load.Peak = max(m.load.Peak, m.busy)
	t := ticket{now, m.round, m.took == 0, queued}
	if t.counts {
		m.out++
	}
	return t
}

// end notes what has become of it, and tells whether nobody is at work now.
func (r *Roster) end(t ticket, calls, good int) (last bool) {
	m, now := r.meter, r.run.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	m.busy--
	if t.counts && t.round == m.round {
		m.out--
		m.load.add(t, calls, good, now.Sub(t.began))
	}
	if m.ripe(now, int(r.wanted.Load())) {
		r.decide(now)
	}
	m.rested = now
	return m.busy == 0
}

func (l *Load) add(t ticket, calls, good int, spent time.Duration) {
	l.Calls += calls
	l.Good += good
	l.Spent += spent
	l.Square += spent.Seconds() * spent.Seconds() / float64(calls)
	if t.queued {
		l.Queued += calls
	}
}

// ripe tells whether the time has come for a decision. For calls that have not returned it
// waits as long as it took to have enough of them.
func (m *meter) ripe(now time.Time, workers int) bool {
	past := now.Sub(m.at)
	if m.took == 0 && past >= m.every {
		m.load.Workers, m.load.Elapsed = workers, past
		if m.judge.Enough(m.load) {
			m.took = past
		}
	}
	return m.took > 0 && (m.out == 0 || past >= 2*m.took)
}

// decide changes how many workers are wanted, and tells whether that is another number.
func (r *Roster) decide(now time.Time) bool {
	m, from := r.meter, int(r.wanted.Load())
	m.load.Workers = from
	wanted, why := m.judge.Decide(m.load)
	m.at, m.load = now, Load{Peak: m.busy}
	m.took, m.out = 0, 0
	m.round++
	r.set(wanted, why, now)
	return wanted != from
}

// idle decides when nobody has been at work for long, and tells whether to look again: not
// where nothing changes any more, and not while somebody is at work.
func (r *Roster) idle() (again bool) {
	m, now := r.meter, r.run.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.busy > 0 {
		return false
	}
	if now.Sub(m.rested) < m.quiet {
		return true
	}
	m.load.Idle = true
	return r.decide(now)
}

// measured is timed with the load.
func (w *worker[In, Out]) measured(claim []uint32) error {
	r, calls, good := w.p.roster, len(claim), w.good.Load()
	t := r.begin(w.p.tail.Load() != w.p.claimed.Load())
	err := w.timed(claim)
	w.last = r.end(t, calls, int(w.good.Load()-good))
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
