package flow

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// drainGrace is how long Drain waits for the end of a run that it had to end, where
// WithGrace does not say.
const drainGrace = time.Second

// missDrain ends a run that was not drained in time.
func (r *running) missDrain(cause error) error {
	missed := r.miss(&missedDrain{cause: cause, culprits: r.culprits(delaysDrain)})
	if r.o.grace > 0 { // the guard sees to it
		<-r.done
		return r.err
	}
	if r.within(drainGrace, r.done) {
		return r.err
	}
	now := r.view.Snapshot()
	return missed.error(missed, now.Stages, now.Edges)
}

// miss ends the run because of a missed drain, and gives the first that there was.
func (r *running) miss(missed *missedDrain) *missedDrain {
	r.mu.Lock()
	first := r.missed == nil
	if first {
		r.missed = missed
	}
	missed = r.missed
	r.mu.Unlock()
	if first {
		defer r.run.Cancel(missed) // also if an observer ends the goroutine
		now := r.view.Snapshot()
		r.tell(DrainMissed{r.view, missed.error(missed, now.Stages, now.Edges)})
	}
	return missed
}

// missedDrain is the cause of a run that was ended because a drain took too long.
type missedDrain struct {
	cause    error // of the drain's context
	culprits []Culprit
}

func (m *missedDrain) Error() string { return "the drain was not completed: " + m.cause.Error() }

func (m *missedDrain) Unwrap() error { return m.cause }

// explain says of a run that a missed drain has ended what was not delivered. cause is that of
// err.
func (r *running) explain(err, cause error, report Report) error {
	r.mu.Lock()
	missed := r.missed
	r.mu.Unlock()
	if err == nil || missed == nil {
		return err
	}
	if cause != error(missed) { // it failed at that moment, or only at its end
		err = kernel.Join(err, missed)
	}
	return missed.error(err, report.Stages, report.Edges)
}

// error makes the error of what the run came to, or of m while it has not ended.
func (m *missedDrain) error(err error, stages []StageReport, edges []Edge) *DrainError {
	e := &DrainError{Culprits: slices.Clone(m.culprits), Undelivered: undone(stages, edges), Err: err}
	for i := range e.Culprits {
		c := &e.Culprits[i]
		s, _ := stageNamed(stages, c.Name)
		c.Holds = max(c.Holds, s.Held+s.missing()) // a call that has not come back is told of late
	}
	return e
}

// DrainError says what a drain did not deliver in its time, and who held it up.
type DrainError struct {
	Culprits    []Culprit // when the time was up
	Undelivered []Undone
	Err         error // the end of the drain's context, and what the run failed with besides
}

// Error says it in a line.
func (e *DrainError) Error() string {
	return e.Err.Error() +
		list(", held up by ", "; ", e.Culprits, func(c Culprit) string { return c.text(inCode(c.Stack)) }) +
		list("; not delivered: ", ", ", e.Undelivered, Undone.String)
}

// Unwrap gives the end of the drain's context, and what the run failed with.
func (e *DrainError) Unwrap() error { return e.Err }

// delaysDrain tells the goroutines that a drain waits for: those at work, sources included
// that do not heed their context, and those that wait for a processor over channels.
func delaysDrain(now Snapshot, g SegmentSnapshot) bool {
	return g.activity == kernel.Working || g.activity == kernel.AwaitsTime || now.awaited(g) != nil
}

// DrainReport is what a drain came to.
type DrainReport struct {
	Complete    bool     `json:"complete"`    // all that was accepted was delivered
	Undelivered []Undone `json:"undelivered"` // where it was not
}

// String says it in a line.
func (d DrainReport) String() string {
	if d.Complete {
		return "drained: all that was accepted was delivered"
	}
	return "drained, not delivered: " + list("", ", ", d.Undelivered, Undone.String)
}

// drained makes the report of a drain, nil if there was none.
func (r *running) drained(report Report) *DrainReport {
	if !r.run.Draining() {
		return nil
	}
	left := undone(report.Stages, report.Edges)
	return &DrainReport{Complete: len(left) == 0, Undelivered: left}
}

// Undone says where items were that a run did not deliver: in a stage, or on the way from
// one to the next.
type Undone struct {
	Stage string `json:"stage"`          // that held them, or would have taken them
	From  string `json:"from,omitempty"` // who sent them, if they were on the way
	Items int64  `json:"items"`
}

// String says it in words.
func (u Undone) String() string {
	if u.From != "" {
		return fmt.Sprintf("%d queued from %s to %s", u.Items, u.From, u.Stage)
	}
	return fmt.Sprintf("%d in %s", u.Items, u.Stage)
}

// undone finds what was not delivered.
func undone(stages []StageReport, edges []Edge) []Undone {
	var left []Undone
	for _, s := range stages {
		if n := s.Held + s.missing(); n > 0 {
			left = append(left, Undone{Stage: s.Name, Items: n})
		}
	}
	for _, e := range edges {
		if e.Queued > 0 {
			left = append(left, Undone{Stage: e.To, From: e.From, Items: e.Queued})
		}
	}
	return left
}
