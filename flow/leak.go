package flow

import (
	"fmt"
	"time"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// WithLeakCheck has the run look, when its own goroutines have ended, for others that user
// functions started and left behind. It then returns a *[LeakError], which names the stages
// and has the stacks.
//
// They are found by the profiler labels that goroutines inherit, so one that has set labels
// of its own outside the function's context is missed. The search reads the profile of all
// goroutines, which stops the program for a moment: about a millisecond for a thousand. Each
// call of a user function costs some nanoseconds more.
func WithLeakCheck() Option {
	return Option{func(o *options) { o.leaks, o.live, o.traced = true, true, true }}
}

// LeakError lists the goroutines that user functions left behind.
type LeakError struct{ Leaks []Leak }

// Leak is one or more goroutines with the same stack.
type Leak struct {
	Stage string `json:"stage"` // whose function started them
	Count int    `json:"count"`
	Stack string `json:"stack"`
}

// Error names the stages and what their goroutines do.
func (e *LeakError) Error() string {
	return "goroutines left behind: " + list("", "; ", e.Leaks, func(l Leak) string {
		return fmt.Sprintf("%d of %s", l.Count, l.Stage) + inCode(l.Stack)
	})
}

// leaked looks for goroutines that carry the label of the run.
func (r *running) leaked() error {
	left, err := goroutines.Gone(goroutines.Run, r.o.id, leakPatience)
	if len(left) == 0 {
		return err
	}
	found := &LeakError{}
	for _, g := range left {
		stage := g.Labels[goroutines.Stage]
		if stage == "" {
			stage = g.Labels[goroutines.Segment]
		}
		found.Leaks = append(found.Leaks, Leak{Stage: stage, Count: g.Count, Stack: g.Stack})
	}
	return found
}

// leakPatience is how long a goroutine that was told to end may take to do so.
const leakPatience = 100 * time.Millisecond
