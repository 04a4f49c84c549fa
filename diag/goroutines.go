package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// Goroutines are one or more goroutines of a run that are in the same place.
type Goroutines struct {
	Segment string // the name of its first stage
	Stage   string // whose function started them or is called by them, "" if that is not known
	Count   int
	Started bool // by a user function, which the run knows nothing of; else they are the run's own
	// Stack has two lines a frame, the innermost first: the function, and behind a tab the
	// file:line.
	Stack string
}

// String says how many there are, whose, and where they are.
func (g Goroutines) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %s", g.Count, cmp.Or(g.Stage, g.Segment))
	if g.Started {
		b.WriteString(", started by its function,")
	}
	if at := goroutines.Top(g.Stack); at != "" {
		b.WriteString(" in " + at)
	}
	return b.String()
}

// GoroutinesOf gives the goroutines of a run that goes on, by stage: its own, and those that
// user functions have started. run is what [flow.Job.Start] gives, or the [flow.View] that an
// observer hears of.
//
// They are found by the profiler labels that a flow sets and goroutines inherit. One that has
// set labels of its own outside the context of its function is missed, and so is the one that
// calls GoroutinesOf. The stage is known where the run has flow.WithLeakCheck, else only the
// segment. All goroutines of the program are looked at, which stops it for a moment: about a
// millisecond for a thousand.
func GoroutinesOf(run interface{ ID() string }) ([]Goroutines, error) {
	groups, err := goroutines.Labelled(goroutines.Run, run.ID())
	if err != nil {
		return nil, fmt.Errorf("diag: %w", err)
	}
	all := make([]Goroutines, len(groups))
	for i, g := range groups {
		all[i] = Goroutines{
			Segment: g.Labels[goroutines.Segment], Stage: g.Labels[goroutines.Stage],
			Count: g.Count, Started: !runs(g.Stack), Stack: g.Stack,
		}
	}
	slices.SortFunc(all, order)
	return all, nil
}

// order puts the goroutines of a segment before those that its stages have started.
func order(a, b Goroutines) int {
	started := 0
	if a.Started != b.Started {
		started = map[bool]int{false: -1, true: 1}[a.Started]
	}
	return cmp.Or(
		strings.Compare(a.Segment, b.Segment), started, strings.Compare(a.Stage, b.Stage), strings.Compare(a.Stack, b.Stack))
}

// runs tells the stack of a goroutine that the run has started, or was called on.
func runs(stack string) bool {
	return strings.Contains(stack, "internal/kernel.(*Run).") || strings.Contains(stack, "flow.(*running).")
}
