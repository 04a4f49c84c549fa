package kernel

import "time"

// await is the one way in which a segment waits while it has an item in hand: until it
// has received from one channel or sent v on the other, of which one is nil, or until the
// segment ends.
func await[R, S any](g *Segment, from <-chan R, to chan<- S, v S) error {
	g.fresh = false // the time goes on
	select {
	case <-from:
	case to <- v:
	case <-g.ctx.Done():
		return g.cause()
	}
	return nil
}

// awaken waits for what comes from a channel.
func awaken[T any](g *Segment, from <-chan T) error {
	return await(g, from, nil, struct{}{})
}

// Wait blocks the segment's goroutine for d, by the clock of the stage: that of its
// processor, else that of the run. The result is nil after d, and the cause of the
// segment's end once that has come, also if both happen together. It is for the
// goroutine of the segment alone, and for stages that are declared to block.
func (s *Stage) Wait(d time.Duration) error {
	if err := s.seg.halted(); err != nil || d <= 0 {
		return err
	}
	if s.alarm == nil {
		s.alarm = s.clock.NewTimer(d)
	} else {
		s.alarm.Reset(d)
	}
	defer s.alarm.Stop()
	if err := awaken(s.seg, s.alarm.C()); err != nil {
		return err
	}
	return s.seg.halted()
}

// Time reads the clock of the stage.
func (s *Stage) Time() time.Time { return s.clock.Now() }
