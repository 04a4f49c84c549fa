package kernel

import (
	"errors"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// wait says what a segment waits for, and what else ends it, nil for nothing.
type wait struct {
	why  Activity
	stop <-chan struct{}
}

// errStopped is the result of a wait that was ended by its stop.
var errStopped = errors.New("streamz: the wait was stopped")

// await is the one way in which a segment waits while it has an item in hand: until it
// has received from one channel or sent v on the other, of which one is nil, or until the
// segment ends. Timers that watch fire meanwhile.
func await[R, S any](g *Segment, from <-chan R, to chan<- S, v S, w wait) (r R, err error) {
	if g.giveBack != nil {
		g.giveBack()
	}
	for {
		rang := false
		g.pause(w.why)
		select {
		case r = <-from:
		case to <- v:
		case <-w.stop:
			err = errStopped
		case <-g.watched():
			rang = true
		case <-g.ctx.Done():
			err = g.cause()
		}
		g.resume()
		if rang {
			err = g.watch()
		}
		if !rang || err != nil {
			g.realign()
			return r, err
		}
	}
}

// awaken waits for what comes from a channel.
func awaken[T any](g *Segment, from <-chan T, why Activity) error {
	_, err := await(g, from, nil, struct{}{}, wait{why: why})
	return err
}

// pause begins a wait, and resume ends it. Where somebody will ask for them, waits are
// measured: reading the clock is little beside a wait that lasts, but not beside the short
// ones of two segments in step. Nothing is measured between waits.
func (g *Segment) pause(why Activity) {
	g.fresh, g.waits = false, true // the time goes on
	if g.pulse != nil {
		g.pulse.rest(why)
	}
	if g.measured {
		g.since = clock.Since(g.clock, g.born)
	}
}

func (g *Segment) resume() {
	g.idle = g.ctx.Err() != nil
	if g.pulse != nil {
		g.pulse.set(Working)
	}
	if g.measured {
		g.waited += clock.Since(g.clock, g.born) - g.since
	}
}

// live is drive, measured where somebody will ask for it.
func (g *Segment) live() error {
	if g.measured = g.measured || g.run.opts.Measured; g.measured {
		g.born = g.Time()
		defer func() { g.lived = clock.Since(g.clock, g.born) }()
	}
	return g.drive()
}

// Waited is how long the segment of a stage that watches has waited so far: for items, for
// room, for a receiver. The time that a wait still takes is in it when a timer fires that watches.
func (s *Stage) Waited() time.Duration { return s.seg.waited }

// busy is the share of its time, from 0 to 1, in which the segment did not wait, when it has
// ended. It is 0 where no time passed.
func (g *Segment) busy() float64 {
	if g.lived <= 0 {
		return 0
	}
	return min(max(1-float64(g.waited)/float64(g.lived), 0), 1)
}

// Busy is the share of its time, from 0 to 1, in which the segment of the stage did not
// wait, when a run with Options.Measured has ended. Of a stage with workers it is their mean, and 0 of one that
// is not fused, whose goroutines are its own.
func (s *Stage) Busy() float64 {
	switch {
	case s.elsewhere != nil:
		return 0
	case s.crew != nil:
		return s.crew.busy()
	}
	return s.seg.busy()
}

// Wait blocks the segment's goroutine for d, by the clock of the stage: that of its
// processor, else that of the run. The result is nil after d, and the cause of the
// segment's end once that has come, also if both happen together. That of a source is
// ErrDraining when the run is being drained. It is for the goroutine of the segment alone, and
// for stages that are declared to block.
func (s *Stage) Wait(d time.Duration) error {
	err := s.waitFor(d)
	if err != nil {
		s.interrupted(AwaitsTime, nil)
	}
	return err
}

// Pause is Wait between two calls for an item: what it returns has to be the error of the
// item.
func (s *Stage) Pause(d time.Duration) error {
	err := s.waitFor(d)
	if err != nil {
		s.ownCalls().cut = true
	}
	return err
}

// stay waits with an item in hand until something comes from one channel, or another stops that
// with errStopped. The cause of the segment's end has to be the error of the item.
func (s *Stage) stay[R any](from <-chan R, stop <-chan struct{}) error {
	if p := s.seg.pulse; p != nil {
		p.mark = s.mark
	}
	_, err := await(s.seg, from, nil, struct{}{}, wait{why: AwaitsTime, stop: stop})
	switch {
	case s.seg.ctx.Err() != nil:
		s.ownCalls().cut = true
		return s.seg.cause()
	case err == nil, err == errStopped:
		s.enter(true) // the item is still in hand
	}
	return err
}

func (s *Stage) waitFor(d time.Duration) error {
	if err := s.seg.halted(); err != nil {
		return err
	}
	o := s.intake()
	if o.shut() {
		return s.closed()
	}
	if d <= 0 {
		return nil
	}
	if p := s.seg.pulse; p != nil {
		p.mark = s.mark
	}
	rings := s.alarm(d)
	defer s.calls.alarm.Stop()
	w := wait{why: AwaitsTime}
	if o != nil {
		w.stop = o.ctx.Done()
	}
	if _, err := await(s.seg, rings, nil, struct{}{}, w); err != nil {
		if err == errStopped {
			return s.closed()
		}
		return err
	}
	return s.seg.halted()
}

// alarm sets that of the stage. Whoever does stops it after the wait.
func (s *Stage) alarm(d time.Duration) <-chan time.Time {
	own := s.ownCalls()
	if own.alarm == nil {
		own.alarm = s.clock.NewTimer(d)
	} else {
		own.alarm.Reset(d)
	}
	return own.alarm.C()
}

// Clock is that of the stage: of its processor, else of the run.
func (s *Stage) Clock() clock.Clock { return s.clock }

// Time reads the clock of the stage.
func (s *Stage) Time() time.Time { return s.clock.Now() }
