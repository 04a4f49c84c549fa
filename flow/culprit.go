package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/goroutines"
	"github.com/go-streamz/streamz/internal/kernel"
)

// Culprit is a stage that holds up a run. Of a stage whose function must not block, as that
// of a Map, it is known that it is at work only in a run with [WithGrace], [WithLeakCheck] or
// a watchdog. Else the one before it on its goroutine is named, and the stack tells.
type Culprit struct {
	StageRef
	State string        `json:"state"`           // of its goroutine: "working", or what it waits for
	For   time.Duration `json:"for"`             // how long at least, 0 if that is not known
	Holds int64         `json:"holds"`           // items in its hands, about
	Stack string        `json:"stack,omitempty"` // of its goroutine
}

// String gives all but the stack.
func (c Culprit) String() string { return c.text("") }

// text puts where in its code the stage is behind its name.
func (c Culprit) text(where string) string {
	s := c.StageRef.String() + where
	if c.State != "" && c.State != kernel.Working.String() {
		s += ", " + c.State
	}
	if c.For > 0 {
		s += fmt.Sprintf(", for %v", c.For)
	}
	if c.Holds > 0 {
		s += fmt.Sprintf(", with %d item%s", c.Holds, plural(c.Holds))
	}
	return s
}

func plural(n int64) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// culprits gives the stages that the goroutines are in which that tells.
func (r *running) culprits(which func(now Snapshot, g SegmentSnapshot) bool) []Culprit {
	now := r.view.Snapshot()
	var found []Culprit
	var stacks []goroutines.Group
	for _, g := range now.Segments {
		if !which(now, g) {
			continue
		}
		c := r.culprit(now, g)
		if slices.ContainsFunc(found, func(known Culprit) bool { return known.Name == c.Name && known.State == c.State }) {
			continue // another of its workers
		}
		if stacks == nil {
			stacks, _ = goroutines.Labelled(goroutines.Run, r.o.id) // the names are worth more than the stacks
		}
		if c.Stack = stackOf(stacks, g.label); now.awaited(g) != nil || g.at != nil && g.at.Foreign() {
			c.Stack = stackElsewhere(stacks, c.Name)
		}
		found = append(found, c)
	}
	return found
}

// culprit gives the stage that a goroutine is in, or waits for.
func (r *running) culprit(now Snapshot, g SegmentSnapshot) Culprit {
	c := Culprit{StageRef: r.view.plan.stage(g.Name), State: g.State}
	switch s := now.awaited(g); {
	case s != nil:
		c.StageRef, c.State = refOf(s), kernel.Working.String()
	case g.at != nil:
		c.StageRef = refOf(g.at)
	}
	if s, ok := now.Stage(c.Name); ok {
		c.Holds = s.missing()
	}
	if g.item || g.activity == kernel.AwaitsTime && g.at != nil && !g.at.Source() {
		c.Holds = max(c.Holds, 1) // which may not have been published yet
	}
	return c
}

// awaited gives the processor over channels that a goroutine waits for, nil if it does not:
// one that takes no item, though whoever gets its items has none to do, or one that gives none
// though its input has ended.
func (s Snapshot) awaited(g SegmentSnapshot) *kernel.Stage {
	for _, other := range s.Segments {
		switch {
		case g.activity == kernel.AwaitsRoom && g.sends != nil && other.hears == g.sends && other.activity == kernel.AwaitsItems:
			return g.sends
		case g.activity == kernel.AwaitsItems && g.hears != nil && other.sends == g.hears && other.activity == kernel.Finished:
			return g.hears
		}
	}
	return nil
}

// missing is how many items a stage has in its hands, as far as the numbers are of one moment.
func (s StageReport) missing() int64 {
	return max(s.In-s.Passed-s.Filtered-s.Dropped-s.DeadLettered-s.Failed-s.Held, 0)
}

// stackOf gives the stack of the goroutine with a label that works for the kernel; of several,
// as workers are, one that does not wait for items or room.
func stackOf(stacks []goroutines.Group, label string) string {
	waits := ""
	for _, s := range stacks {
		switch {
		case s.Labels[goroutines.Segment] != label || !kernels(s):
		case strings.Contains(s.Stack, "kernel.await["):
			waits = s.Stack
		default:
			return s.Stack
		}
	}
	return waits
}

// stackElsewhere gives the stack of a goroutine that a processor over channels has started,
// rather one without a kernel of its own.
func stackElsewhere(stacks []goroutines.Group, stage string) string {
	own := ""
	for _, s := range stacks {
		switch {
		case s.Labels[goroutines.Stage] != stage:
		case kernels(s):
			own = s.Stack
		default:
			return s.Stack
		}
	}
	return own
}

func kernels(s goroutines.Group) bool {
	return strings.Contains(s.Stack, "kernel.(*Segment).work") || strings.Contains(s.Stack, "kernel.(*Stage).protect")
}

// stage gives the one with a name.
func (p Plan) stage(name string) StageRef {
	for _, s := range p.Stages {
		if s.Name == name {
			return s.StageRef
		}
	}
	return StageRef{Name: name}
}
