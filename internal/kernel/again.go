package kernel

import (
	"slices"
	"time"
)

// again is the wiring of a piece of a flow of which the stages are there already, and have their
// names and their books: only their state is new. It goes on within the run, on the goroutine
// of the stages, and touches nothing that others see.
type again struct {
	stages []*Stage // in wiring order
	next   int      // of these
	seg    *Segment // that the stage in hand is wired in
	slots  slots
}

// stage gives the next one, for new state of which only the stage's own goroutine knows.
func (a *again) stage(seg *Segment) *Stage {
	s := a.stages[a.next]
	a.next++
	a.seg = seg
	return s
}

// wiring is the segment of what is being wired for the stage.
func (s *Stage) wiring() *Segment {
	if again := s.seg.again; again != nil {
		return again.seg
	}
	return s.seg
}

// Awaits gives the function by which a stage tells, each time that a watermark has come, which
// one it waits for: what comes before a time changes nothing in it. A stage that never tells
// gets every watermark, as does one that has got an item since.
func (s *Stage) Awaits() func(time.Time) {
	for f := s.wiring().feed; f != nil; f = f.within {
		if f.due != nil {
			f.asked = true
			return f.due
		}
	}
	return func(time.Time) {}
}

// wired tells how many stages have been wired so far.
func (g *Segment) wired() int {
	if g.again != nil {
		return g.again.next
	}
	return len(g.run.stages)
}

// wiredAfter gives those that have been wired after so many.
func (g *Segment) wiredAfter(n int) []*Stage {
	if g.again != nil {
		return g.again.stages[n:g.again.next]
	}
	return slices.Clone(g.run.stages[n:])
}
