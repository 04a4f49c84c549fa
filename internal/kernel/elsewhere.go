package kernel

import "sync/atomic"

// elsewhere is for failures of a stage on goroutines that are not its segment's: those
// of a processor that is not fused, and of processors inside it.
type elsewhere struct {
	ctx      *Segment      // whose context the processor was given
	failed   atomic.Int64  // items
	lettered atomic.Int64  // of these
	kept     atomic.Int64  // items that the end of the context kept in the processor
	turn     chan struct{} // of capacity 1: the policy is asked about one item at a time
}

// Foreign tells that the stage runs over channels, on goroutines of its own.
func (s *Stage) Foreign() bool { return s.elsewhere != nil }

// Elsewhere reports that an item failed in a processor that is not fused. An error that
// only echoes the end of the context it was given is no failure.
func (s *Stage) Elsewhere(item any, attempt int, err error) {
	e := s.elsewhere
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	s.besides(func() {
		if e.ctx.echo(err) {
			e.keep(s, err)
			return
		}
		e.settle(&Fault{Stage: s, Item: item, Err: err, Attempt: attempt, Nth: e.failed.Add(1), item: true})
	})
}

func (e *elsewhere) settle(f *Fault) {
	s := f.Stage
	s.watch.elsewhere()
	blame := s.blame(f)
	v := s.decide(f, blame)
	if told := s.seg.run.settled(); told != nil {
		defer told(f, blame, v)
	}
	switch v.Action {
	case Aside:
		e.lettered.Add(1)
	case Keep:
		e.failed.Add(-1)
		e.keep(s, v.Err)
	case Stop:
		_ = s.seg.run.fail(v.cause(blame))
	}
}

// keep counts an item that the end of the context kept in the processor.
func (e *elsewhere) keep(s *Stage, err error) {
	e.kept.Add(1)
	if run := s.seg.run; run.overdue() && e.ctx.cause() != ErrStop {
		run.interrupt(Interrupted{Stage: s, Calls: 1, Err: err})
	}
}

// besides runs what calls user code, as a policy or a method of an error, on a goroutine of
// the processor. A panic of it is a failure of the stage and not the end of the program. A
// Goexit goes on after it was recorded.
func (s *Stage) besides(fn func()) {
	clean := false
	defer func() {
		if !clean {
			s.unwound(recover())
		}
	}()
	fn()
	clean = true
}

func (s *Stage) unwound(value any) {
	switch {
	case value == nil:
		value = ErrGoexit
	case s.seg.run.opts.Crash:
		s.seg.crash(value)
	}
	f := newPanic(s, value)
	blame := s.blame(f)
	_ = s.seg.run.fail(blame)
	if told := s.seg.run.settled(); told != nil {
		told(f, blame, Verdict{})
	}
}

// Broke reports what ended a processor that is not fused, unless that only echoes the
// end of the context it was given.
func (s *Stage) Broke(err error) {
	s.besides(func() {
		if err != nil && !s.elsewhere.ctx.echo(err) {
			_ = s.seg.run.fail(s.blame(&Fault{Stage: s, Err: err, Attempt: 1}))
		}
	})
}

// book counts the failures among the items that the stage took. One item may have
// become several inside, so that there may be more of them than of those.
func (e *elsewhere) book(c *Counts) {
	if e != nil {
		room := c.In - c.Held
		take := func(n int64) int64 {
			n = min(n, room)
			room -= n
			return n
		}
		c.DeadLettered += take(e.lettered.Load())
		c.Failed += take(e.failed.Load() - e.lettered.Load())
		c.Held += take(e.kept.Load())
	}
}
