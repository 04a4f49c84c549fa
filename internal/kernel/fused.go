package kernel

import "slices"

// fit tells whether all ways can be fused with the stage that chooses and with what is
// below, so that none of them needs a goroutine or a queue. It wires them on trial.
func (w Ways[In, Out]) fit(seg *Segment, site Site) bool {
	t := newTrial(seg, seg.run.policyAt(site))
	defer t.Abort()
	g := t.seg
	g.timed, g.blocks, g.clock, g.cue, g.tight = seg.timed, seg.blocks, seg.clock, seg.cue, seg.tight
	for i := range slices.Backward(w.Parts) {
		up, _ := w.attachWay(i, g, site, "", Port[Out]{Push: func(Out) error { return nil }, Signal: accept})
		if !t.fused(up) {
			return false
		}
	}
	return g.tight || !g.timed || !t.blocks(site, CallsFunc)
}

// fuse wires the stage and its ways in the segment of what is below.
func (w Ways[In, Out]) fuse(seg *Segment, site Site, name string, down Port[Out]) (*Segment, Port[In]) {
	f := newFork[In](seg, len(w.Parts))
	j := &joint[Out]{down: down, ways: make([]jointWay, len(w.Parts)), open: len(w.Parts)}
	f.joins, f.over = j.ways, &j.over
	for i := range slices.Backward(w.Parts) {
		l := &f.paths[i]
		l.feed.settle = func(err error) error { return f.left(i, err) }
		_, port := w.attachWay(i, seg.branch(&l.feed), site, name, j.port(i))
		l.push, l.send, l.to, l.queue = port.Push, port.Signal, port.to, port.queue
		f.leadFused(i)
	}
	return attachFork(f, site, w.Choose(f))
}

// leadFused has what the stages of a way do first, and last, done by those that the way is fused
// with.
func (f *Fork[T]) leadFused(i int) {
	way := &f.paths[i].feed
	f.up.starts = append(f.up.starts, way.starts...)
	f.up.exits = append(f.up.exits, way.leave)
	for _, lead := range way.leads {
		f.up.leads = append(f.up.leads, func() error {
			if f.paths[i].ended {
				return nil
			}
			return f.left(i, lead())
		})
	}
}

// passFused is Pass where an item goes through all its ways at once.
func (f *Fork[T]) passFused(v T, ways []int, told func(way int, taken bool)) error {
	s, some := f.s, false
	s.Held++
	for _, i := range ways {
		l := &f.paths[i]
		if told != nil {
			told(i, !l.ended)
		}
		if l.ended {
			continue
		}
		some = true
		s.Out++
		*l.out++
		if err := l.push(v); err != nil {
			if err = f.left(i, err); err != nil {
				if s.Taken(err) {
					f.passed(true)
				}
				return err
			}
		}
	}
	f.passed(some)
	return nil
}

// signalFused is signal for ways that are fused.
func (f *Fork[T]) signalFused(sig Signal) error {
	for i := range f.paths {
		if f.paths[i].ended {
			continue
		}
		if err := f.left(i, f.paths[i].send(sig)); err != nil {
			return err
		}
	}
	return nil
}

// left says what the result of a way means for all. An early end of its own, of which the
// joint has heard, is not theirs, unless it is the last. One from below is, also where it
// comes while a way ends.
func (f *Fork[T]) left(i int, err error) error {
	if err != ErrStop || f.up.ctx.Err() != nil || !f.joins[i].ended || *f.over {
		return err
	}
	if l := &f.paths[i]; !l.ended {
		l.ended = true
		f.up.disarm(&l.feed)
		l.feed.leave()
		f.open.Add(-1)
	}
	f.up.stopped = f.open.Load() == 0
	if f.up.stopped {
		return ErrStop
	}
	return nil
}

// joint is where ways that are fused come together. What they give goes down as it comes.
type joint[T any] struct {
	down  Port[T]
	ways  []jointWay
	open  int
	mark  watermark // that went down
	sent  int       // signals that went down when all ways had passed them on
	later []Signal  // those that some have passed on
	over  bool      // what is below needs no more
}

// jointWay is what came through one of the ways.
type jointWay struct {
	tributary
	passed int // signals
}

// port is what the i-th way leads to.
func (j *joint[T]) port(i int) Port[T] {
	return Port[T]{
		Push: j.down.Push, Signal: func(sig Signal) error { return j.signal(&j.ways[i], sig) },
		room: j.down.room, to: j.down.to, queue: j.down.queue,
	}
}

// signal hands on what a signal of one way means for all: End and others come when all ways
// have passed them on, a watermark as the least of theirs. Items of a way do not wait for
// the others.
func (j *joint[T]) signal(w *jointWay, sig Signal) error {
	switch sig.Kind {
	case End:
		return j.end(w)
	case Watermark:
		if w.mark.take(sig) {
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

// rise hands on the least watermark of the ways, if that rises.
func (j *joint[T]) rise() error {
	return j.mark.lift(func(yield func(*tributary) bool) {
		for i := range j.ways {
			if !yield(&j.ways[i].tributary) {
				return
			}
		}
	}, true, j.send)
}

// send sends a signal down. An item that goes down with it may be the last that is needed.
func (j *joint[T]) send(sig Signal) error {
	err := j.down.Signal(sig)
	j.over = j.over || err == ErrStop
	return err
}
