package kernel

import "slices"

// fit tells whether all ways can be fused with the stage that chooses and with what is
// below, so that none of them needs a goroutine or a queue. It wires them for a run that is
// never executed: whatever decides about boundaries then decides about this.
func (w Ways[In, Out]) fit(seg *Segment, site Site) bool {
	opts := seg.run.opts
	opts.Watching = nil
	trial := NewRun(seg.run.ctx, opts)
	defer trial.Abort()
	trial.policy = seg.run.policyAt(site)
	g := trial.Last()
	g.timed, g.blocks, g.clock, g.cue = seg.timed, seg.blocks, seg.clock, seg.cue
	for i := range slices.Backward(w.Parts) {
		up, _ := w.attachWay(i, g, site, "", Port[Out]{Push: func(Out) error { return nil }, Signal: accept})
		if up != g || g.head != nil || len(trial.segs) > 1 {
			return false
		}
	}
	return !g.timed || !trial.blocks(site, CallsFunc)
}

// fuse wires the stage and its ways in the segment of what is below.
func (w Ways[In, Out]) fuse(seg *Segment, site Site, name string, down Port[Out]) (*Segment, Port[In]) {
	f := newFork[In](seg, len(w.Parts))
	j := newJoint(down, len(w.Parts))
	f.over = &j.over
	for i := range slices.Backward(w.Parts) {
		leads := len(seg.leads)
		_, port := w.attachWay(i, seg, site, name, j.port(i))
		f.paths[i] = &path[In]{port: port, to: port.to, queue: port.queue}
		f.paths[i].begin(f, seg.leads[leads:])
	}
	return attachFork(f, site, w.Choose(f))
}

// begin makes what the stages of a way do first a matter of this way.
func (l *path[T]) begin(f *Fork[T], leads []func() error) {
	for i, lead := range leads {
		leads[i] = func() error {
			if l.gone.Load() {
				return nil
			}
			if err := f.ended(l, lead()); err != nil {
				return err
			}
			return f.enough()
		}
	}
}

// giveFused hands an item to a way that is fused with the stage.
func (f *Fork[T]) giveFused(l *path[T], v T) (taken bool, err error) {
	if l.gone.Load() {
		return false, nil
	}
	f.s.Out++
	l.out++
	return true, f.ended(l, l.port.Push(v))
}

// ended says what the result of a way that is fused means for all: its own early end is not
// theirs.
func (f *Fork[T]) ended(l *path[T], err error) error {
	if err != ErrStop || f.up.ctx.Err() != nil {
		return err
	}
	if !*f.over && !l.gone.Load() {
		l.gone.Store(true)
		f.open.Add(-1)
		f.up.stopped = false
	}
	return nil
}

// enough is ErrStop when nobody takes items any more, of ways that are fused. Others end the
// segment of the stage.
func (f *Fork[T]) enough() error {
	switch {
	case f.over == nil || !*f.over && f.open.Load() > 0:
		return nil
	case !*f.over:
		f.up.stopped = true
	}
	return ErrStop
}

// joint is where ways that are fused come together.
type joint[T any] struct {
	down  Port[T]
	over  bool // those below need no more, or the run has failed there
	ways  []jointWay
	open  int
	mark  watermark // that went down
	sent  int       // signals that went down when all ways had passed them on
	later []Signal  // those that some have passed on
}

// jointWay is what came through one of the ways.
type jointWay struct {
	mark   watermark
	passed int // signals
	ended  bool
}

func newJoint[T any](down Port[T], ways int) *joint[T] {
	return &joint[T]{down: down, ways: make([]jointWay, ways), open: ways}
}

// port is what the i-th way leads to.
func (j *joint[T]) port(i int) Port[T] {
	return Port[T]{
		Push: j.push, Signal: func(sig Signal) error { return j.signal(&j.ways[i], sig) },
		room: j.down.room, to: j.down.to, queue: j.down.queue,
	}
}

func (j *joint[T]) push(v T) error {
	err := j.down.Push(v)
	if err != nil {
		j.over = true
	}
	return err
}

// send hands a signal down.
func (j *joint[T]) send(sig Signal) error {
	err := j.down.Signal(sig)
	if err != nil {
		j.over = true
	}
	return err
}

// signal hands on what a signal of one way means for all: End and others come when all ways
// have passed them on, a watermark as the least of theirs. Items of a way do not wait for
// the others.
func (j *joint[T]) signal(w *jointWay, sig Signal) error {
	switch sig.Kind {
	case End:
		return j.end(w)
	case Watermark:
		if w.mark.rise(sig.Time) {
			return j.rise()
		}
		return nil
	}
	if w.passed++; w.passed > j.sent+len(j.later) {
		j.later = append(j.later, sig)
	}
	return j.align()
}

// end is for a way that has come to its end.
func (j *joint[T]) end(w *jointWay) error {
	if w.ended {
		return nil
	}
	w.ended = true
	if j.open--; j.open == 0 {
		return j.send(Signal{Kind: End})
	}
	if err := j.align(); err != nil {
		return err
	}
	return j.rise()
}

// align hands on the signals that all ways have passed on.
func (j *joint[T]) align() error {
	for len(j.later) > 0 && !slices.ContainsFunc(j.ways, func(w jointWay) bool { return !w.ended && w.passed <= j.sent }) {
		sig := j.later[0]
		j.later = j.later[1:]
		j.sent++
		if err := j.send(sig); err != nil {
			return err
		}
	}
	return nil
}

// rise hands on the least watermark of the ways that have not ended, if all have one.
func (j *joint[T]) rise() error {
	var least watermark
	for i := range j.ways {
		switch w := &j.ways[i]; {
		case w.ended:
		case !w.mark.set:
			return nil
		case !least.set || w.mark.time.Before(least.time):
			least = w.mark
		}
	}
	if !least.set || !j.mark.rise(least.time) {
		return nil
	}
	return j.send(Signal{Kind: Watermark, Time: least.time})
}
