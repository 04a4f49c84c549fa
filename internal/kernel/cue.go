package kernel

// Cue is a channel of the user's that a stage listens to beside its items. It is answered
// on the goroutine of the stage's segment as a timer fires: between two items, and before
// an item that is ready at the same moment.
//
// A segment can wait for one only, so no two stages with a Cue share a segment.
type Cue struct {
	s     *Stage
	feed  *feed // that the stage is a part of
	ch    <-chan struct{}
	fire  func() error
	armed bool
	came  bool // something was received, or the channel has been closed
}

// Cue makes the stage listen to a channel from its start on, until that gives something or is
// closed. The error of fire is treated like that of Push. Its Spec has to say Cued.
func (s *Stage) Cue(ch <-chan struct{}, fire func() error) *Cue {
	c := &Cue{s: s, feed: s.seg.feed, ch: ch, fire: fire}
	s.seg.cue = c
	s.OnLead(func() error { // behind what stages below emit before all else
		c.armed = true
		return c.answer()
	})
	return c
}

// Came tells whether the channel has given something, for the Push of the stage: a segment
// looks only now and then.
func (c *Cue) Came() bool {
	if !c.came {
		select {
		case <-c.ch:
			c.came = true
		default:
		}
	}
	return c.came
}

// Stop ends the listening.
func (c *Cue) Stop() { c.armed = false }

// answer fires if the cue has come.
func (c *Cue) answer() error {
	if c == nil || !c.armed || !c.Came() {
		return nil
	}
	c.armed = false
	c.s.Outside()
	return c.feed.means(c.fire())
}

// cued is the channel of the cue, nil while none can come.
func (g *Segment) cued() <-chan struct{} {
	if g.cue == nil || !g.cue.armed || g.cue.came {
		return nil
	}
	return g.cue.ch
}
