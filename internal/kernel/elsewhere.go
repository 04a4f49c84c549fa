package kernel

import "sync/atomic"

// elsewhere is for failures of a stage on goroutines that are not its segment's: those
// of a processor that is not fused, and of processors inside it.
type elsewhere struct {
	ctx      *Segment      // whose context the processor was given
	failed   atomic.Int64  // items
	lettered atomic.Int64  // of these
	turn     chan struct{} // of capacity 1: the policy is asked about one item at a time
}

// Foreign tells that the stage runs over channels, on goroutines of its own.
func (s *Stage) Foreign() bool { return s.elsewhere != nil }

// Elsewhere reports that an item failed in a processor that is not fused.
func (s *Stage) Elsewhere(item any, attempt int, err error) {
	e := s.elsewhere
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	f := &Fault{Stage: s, Item: item, Err: err, Attempt: attempt, Nth: e.failed.Add(1), item: true}
	blame := s.seg.run.opts.Host.Blame(f)
	v := s.decide(f, blame)
	if told := s.seg.run.opts.Settled; told != nil {
		defer told(f, blame, v)
	}
	switch v.Action {
	case Aside:
		e.lettered.Add(1)
	case Stop:
		_ = s.seg.run.fail(v.cause(blame))
	}
}

// Broke reports what ended a processor that is not fused, unless that only echoes the
// end of the context it was given.
func (s *Stage) Broke(err error) {
	if err == nil || s.elsewhere.ctx.echo(err) {
		return
	}
	_ = s.seg.run.fail(s.seg.run.opts.Host.Blame(&Fault{Stage: s, Err: err, Attempt: 1}))
}

// book counts the failures among the items that the stage took. One item may have
// become several inside, so that there may be more of them than of those.
func (e *elsewhere) book(c *Counts) {
	if e != nil {
		room := c.In - c.Held
		c.DeadLettered += min(e.lettered.Load(), room)
		c.Failed += min(e.failed.Load()-e.lettered.Load(), room-c.DeadLettered)
	}
}
