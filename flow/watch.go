package flow

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// WithWatchdog looks for stages that hold things up: one that has worked on the same call
// for d, by the clock of the run, while items wait in front of it or its source shares its
// goroutine. That is logged as a warning, and told to observers as [Stalled], once a call. It
// looks four times in d.
func WithWatchdog(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithWatchdog")
		o.stall, o.live, o.traced = d, true, true
	}}
}

// WithStallLimit is [WithWatchdog] that also ends the run, with the *[StallError]. A
// function that does not watch its context has to be bounded by [WithGrace] besides.
func WithStallLimit(d time.Duration) Option {
	return Option{func(o *options) {
		o.positive(d, "WithStallLimit")
		o.stall, o.stallEnds, o.live, o.traced = d, true, true, true
	}}
}

// StallError says which stage holds things up.
type StallError struct {
	Culprit
	Queue   int64    // items that wait in front of it
	Size    int64    // how many can
	Blocked []string // the stages whose goroutines wait for room behind it
}

// Error says it in a line.
func (e *StallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has been at the same call for %v", e.StageRef, e.For)
	if e.Size > 0 {
		fmt.Fprintf(&b, ", %d of %d wait in front of it", e.Queue, e.Size)
	}
	if len(e.Blocked) > 0 {
		b.WriteString(", which blocks " + strings.Join(e.Blocked, ", "))
	}
	if at := inCode(e.Stack); at != "" {
		b.WriteString("; it is" + at)
	}
	return b.String()
}

// watch looks for stalls.
func (r *running) watch() {
	tick := r.o.clock.NewTicker(max(r.o.stall/4, 1))
	defer tick.Stop()
	seen := make(map[kernel.Place]*sighting)
	for {
		select {
		case <-r.over:
			return
		case <-tick.C():
			seen = r.patrol(seen)
		}
	}
}

// sighting is a goroutine that was seen at something.
type sighting struct {
	turn  uint64
	since time.Time
	told  bool
}

// patrol looks at every goroutine, and compares it with what was seen before.
func (r *running) patrol(before map[kernel.Place]*sighting) map[kernel.Place]*sighting {
	now := r.view.Snapshot()
	seen := make(map[kernel.Place]*sighting, len(now.Segments))
	for _, g := range now.Segments {
		s, stalls := before[g.place], now.stalls(g)
		// Who waits for a processor that somebody below it holds up waits for that one.
		if s == nil || s.turn != g.turn || g.activity == kernel.AwaitsRoom && !stalls {
			s = &sighting{turn: g.turn, since: now.Time}
		}
		seen[g.place] = s
		if took := now.Time.Sub(s.since); took >= r.o.stall && !s.told && stalls {
			s.told = true
			r.stalled(now, g, took)
		}
	}
	return seen
}

// stalls tells whether a goroutine that does not get on holds others up: a source that waits
// for the world does not.
func (s Snapshot) stalls(g SegmentSnapshot) bool {
	switch {
	case s.awaited(g) != nil:
		return true
	case g.activity != kernel.Working || g.at == nil || g.at.Source():
		return false
	}
	return g.size == 0 || g.queued > 0
}

// stalled tells everybody who wants to know.
func (r *running) stalled(now Snapshot, g SegmentSnapshot, took time.Duration) {
	found := r.culprits(func(_ Snapshot, s SegmentSnapshot) bool { return s.place == g.place && s.turn == g.turn })
	if len(found) == 0 { // it got on
		return
	}
	err := &StallError{Culprit: found[0], Queue: g.queued, Size: g.size}
	err.For = took
	for _, s := range now.Segments {
		if s.activity == kernel.AwaitsRoom && s.place != g.place {
			err.Blocked = append(err.Blocked, s.Name)
		}
	}
	r.o.logger.Warn("stage holds up the flow", "run", r.o.name, "stage", err.Name, "for", took, "queued", err.Queue, "error", err)
	r.tell(Stalled{r.view, err})
	if r.o.stallEnds {
		r.run.Fail(err)
	}
}
