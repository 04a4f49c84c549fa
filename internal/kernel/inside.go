package kernel

// inside is what a source keeps of the runs inside it: those that have ended as one, since
// a source that is restarted would else have more and more of them. It is guarded by the
// mutex of the run around them.
type inside struct {
	stages []*Stage // from the source on, with the counts of all
	edges  []Edge
	now    *Run // the one that goes on
}

func (in *inside) all() []*Stage {
	if in == nil {
		return nil
	}
	return in.stages
}

// Inside runs what wire makes as a run of its own on the goroutine of the source s, and
// gives what comes out of it to out. The inner run ends, is drained and held up with the one
// around it. The result is its failure, which is not yet one of the run around it, see
// Inner; or what Over says, and then what the inner run failed with besides is recorded.
//
// Names of inner stages begin with that of s. In the books s takes what the inner run
// gives.
func (s *Stage) Inside[T any](out Outlet[T], wire func(*Segment, Port[T])) (err error) {
	outer := s.seg.run
	run := NewRun(s.seg.ctx, outer.opts)
	run.scope, run.policy, run.probes = s.Name()+"/", s.policy, s.watch.inside()
	run.outermost = outer.outermost
	end := &inlet[T]{s: s, run: run, out: out}
	wire(run.Last(), end.port())
	if err := Join(run.Misuse()...); err != nil {
		run.Abort()
		return err
	}
	s.began(run)
	done := false
	defer func() {
		if run.Crashed() {
			outer.crashed.Store(true)
			return
		}
		s.finished(run, end)
		s.seg.labelSegment()
		s.enter(false)
		if !done { // a Goexit goes on; the failure that it is has been recorded inside, or below
			s.seg.exiting = true
			if s.stuck == nil {
				_ = outer.fail(run.result)
			}
		}
	}()
	s.seg.yield(AwaitsItems)
	err = run.Execute()
	done = true
	if over := s.Over(); over != nil && over != ErrDraining {
		if err := run.Failure(); err != nil {
			_ = outer.fail(err)
		}
		return over
	}
	return err
}

// Over is nil while the source may go on, and else why it must not: what emit returned, the
// end of the segment, or ErrDraining.
func (s *Stage) Over() error {
	switch {
	case s.stuck != nil:
		return s.stuck
	case s.seg.ctx.Err() != nil:
		return s.seg.cause()
	case s.intake().shut():
		return ErrDraining
	}
	return nil
}

// Inner marks the failure of an inner run, for Break to take as it is: it names its stage.
func Inner(err error) error {
	if err == nil {
		return nil
	}
	return &inner{err}
}

type inner struct{ error }

func (e *inner) Unwrap() error { return e.error }

func (s *Stage) began(run *Run) {
	outer := s.seg.run
	if run.live != nil {
		run.segs[0].pulse.carries = s.seg.pulse.carries // it is the same goroutine
		run.live.told = outer.live.told
		run.Prepare()
	}
	outer.mu.Lock()
	s.inside.now = run
	outer.mu.Unlock()
	if outer.live != nil {
		outer.nest(run)
	}
}

// finished takes the books of an inner run over.
func (s *Stage) finished(run *Run, end interface{ stage() *Stage }) {
	outer := s.seg.run
	if outer.live != nil {
		outer.unnest(run)
	}
	outer.mu.Lock()
	defer outer.mu.Unlock()
	s.inside.now = nil
	last := end.stage()
	for _, inner := range run.Stages() {
		if inner == last {
			s.Counts.add(&inner.Counts)
		} else {
			s.inside.stage(inner).Counts.add(&inner.Counts)
		}
	}
	for _, e := range run.Edges() {
		to := s
		if e.To != last {
			to = s.inside.stage(e.To)
		}
		s.inside.edge(s.inside.stage(e.From), to, e)
	}
	if s.seg.pulse != nil {
		s.seg.pulse.publish() // whoever looks has either the run or what it came to
	}
	outer.started.Add(run.started.Load())
	outer.ended.Add(run.ended.Load())
	if run.unbooked != "" {
		outer.unbalanced(run.unbooked)
	}
}

// stage gives the one that stands for all of that name.
func (in *inside) stage(inner *Stage) *Stage {
	for _, s := range in.stages {
		if s.name == inner.Name() {
			s.seg, s.crew = inner.seg, inner.crew
			return s
		}
	}
	own := &Stage{
		name: inner.Name(), op: inner.op, place: inner.place, seg: inner.seg, books: inner.books,
		crew: inner.crew, elsewhere: inner.elsewhere,
	}
	own.main = own
	in.stages = append(in.stages, own)
	return own
}

// edge adds what is queued on an edge.
func (in *inside) edge(from, to *Stage, e Edge) {
	for i := range in.edges {
		if known := &in.edges[i]; known.From == from && known.To == to {
			known.Queued += e.Queued
			known.queue = e.queue
			return
		}
	}
	in.edges = append(in.edges, Edge{From: from, To: to, Queued: e.Queued, queue: e.queue})
}

func (c *Counts) add(more *Counts) {
	c.In += more.In
	c.Passed += more.Passed
	c.Out += more.Out
	c.Filtered += more.Filtered
	c.Dropped += more.Dropped
	c.DeadLettered += more.DeadLettered
	c.Failed += more.Failed
	c.Held += more.Held
	c.Retried += more.Retried
}

// inlet is the end of an inner run.
type inlet[T any] struct {
	s   *Stage // the source that the run is inside of
	run *Run
	out Outlet[T]
	own *Stage // in the inner run
}

func (i *inlet[T]) stage() *Stage { return i.own }

// port makes the stage that takes what the inner run gives.
func (i *inlet[T]) port() Port[T] {
	_, port := Attach(i.run.segs[0], Site{At: i.s.place}, Spec[T, struct{}]{
		Name: "", Op: i.s.op, Books: Absorbed, Blocks: true,
		Start: func(own *Stage, _ Port[struct{}]) Port[T] {
			i.own = own
			own.name = i.s.Name()
			return Port[T]{Push: i.push, Signal: i.signal}
		},
	}, Port[struct{}]{})
	return port
}

func (i *inlet[T]) push(v T) error {
	i.own.In++
	i.own.Held++
	before, clean := i.s.Out, false
	defer func() {
		if !clean { // a Goexit from below, where it was recorded
			i.own.seg.exiting = true
		}
	}()
	i.descend()
	err := i.out.Emit(v)
	i.ascend()
	clean = true
	if i.s.Out != before {
		i.own.Held--
	}
	if err != nil { // what it was at when that came, below the source, is known there
		own, outer := i.own.seg, i.s.seg
		own.idle, own.noted = own.idle || outer.idle, own.noted || outer.noted
	}
	return err
}

// descend and ascend say that what is below the source is at work, and that what is inside it is
// again: both run on one goroutine.
func (i *inlet[T]) descend() {
	i.own.seg.yield(AwaitsRoom)
	i.s.seg.yield(Working)
}

func (i *inlet[T]) ascend() {
	i.s.seg.yield(AwaitsItems)
	i.own.seg.yield(Working)
}

func (i *inlet[T]) signal(sig Signal) error {
	i.descend()
	err := i.pass(sig)
	i.ascend()
	return err
}

// pass hands on what concerns those below the source. Barriers get a number of the run around.
func (i *inlet[T]) pass(sig Signal) error {
	switch sig.Kind {
	case Watermark:
		return i.out.Watermark(sig)
	case Barrier:
		i.run.mu.Lock()
		b, ok := i.run.barriers[sig.ID]
		delete(i.run.barriers, sig.ID)
		i.run.mu.Unlock()
		if ok {
			return i.out.Barrier(b.done)
		}
	}
	return nil
}
