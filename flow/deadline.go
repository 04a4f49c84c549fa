package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-streamz/streamz/internal/kernel"
)

// DeadlineError says that the deadline of the caller's context ended the run, which stages
// were working then, and which items were under way. It unwraps to the cause of the context,
// see context.WithTimeoutCause, and errors.Is takes it for context.DeadlineExceeded as well.
type DeadlineError struct {
	Working  []Work     // in the order in which they came back; none if all waited for a source
	Sources  []StageRef // of the run: who all waited for if nobody was working
	InFlight []Undone   // what was not delivered
	Err      error      // the cause
}

// Work is what a stage was at when the context of its run ended.
type Work struct {
	StageRef
	State string // "working", or "waiting for time": for its pace, or before it calls again
	Calls int64  // at once: more than one with workers
	Err   error  // what the first of them then returned, nil if that was a result

	// Beside are stages that share its goroutine. If there are any, a function on it did not
	// watch its context; the stage is the one that was called last, but it may have been one
	// of these instead.
	Beside []StageRef
}

// Error says it in a line.
func (e *DeadlineError) Error() string {
	var b strings.Builder
	b.WriteString(context.DeadlineExceeded.Error())
	if !isDeadline(e.Err) {
		fmt.Fprintf(&b, " (%s)", textOf(e.Err))
	}
	if len(e.Working) == 0 && len(e.InFlight) == 0 {
		b.WriteString(e.waited())
	}
	b.WriteString(list(" in ", "; in ", e.Working, Work.String))
	b.WriteString(list("; not delivered: ", ", ", e.InFlight, Undone.String))
	return b.String()
}

// waited says who was waited for, if nothing was under way.
func (e *DeadlineError) waited() string {
	return ": all waited for " + list("", ", ", e.Sources, StageRef.String)
}

// Unwrap gives the cause of the context.
func (e *DeadlineError) Unwrap() error { return e.Err }

// Is has it taken for context.DeadlineExceeded, whatever the cause is.
func (e *DeadlineError) Is(target error) bool { return isDeadline(target) }

func isDeadline(err error) bool { return err == context.DeadlineExceeded }

// String says it in words.
func (w Work) String() string {
	var b strings.Builder
	b.WriteString(w.StageRef.String())
	b.WriteString(list(", or on its goroutine ", ", ", w.Beside, func(s StageRef) string { return s.Name }))
	if w.Calls > 1 {
		fmt.Fprintf(&b, ", %d calls", w.Calls)
	}
	if w.State != kernel.Working.String() {
		b.WriteString(", " + w.State)
	}
	return b.String()
}

// Late makes the error of a run that the deadline of its caller has ended.
func (o *options) Late(run *kernel.Run, cause error) error {
	e := &DeadlineError{Err: cause}
	for _, i := range run.Interrupted() {
		w := Work{StageRef: refOf(i.Stage), State: i.State.String(), Calls: i.Calls, Err: i.Err}
		for _, s := range i.Beside {
			w.Beside = append(w.Beside, refOf(s))
		}
		e.Working = append(e.Working, w)
	}
	for _, s := range run.Stages() {
		if s.Source() {
			e.Sources = append(e.Sources, refOf(s))
		}
	}
	r := newReport(run, o.name, 0)
	e.InFlight = undone(r.Stages, r.Edges)
	return e
}
