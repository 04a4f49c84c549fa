package kernel

import (
	"fmt"
	"slices"
)

// trial is a run that a piece of a flow is wired for to see what comes of it, and that is never
// executed: whatever decides about boundaries then decides about what depends on them.
type trial struct {
	*Run
	seg *Segment // the last one
}

func newTrial(seg *Segment, policy *Policy) trial {
	opts := seg.run.opts
	opts.Watching = nil
	t := trial{Run: NewRun(seg.run.ctx, opts)}
	t.policy, t.scope = policy, seg.run.scope
	t.seg = t.Last()
	return t
}

// fused tells whether all that was wired, up to the segment up, can share one goroutine with what
// is above. A Side has others, but they lead nowhere.
func (t trial) fused(up *Segment) bool {
	return up == t.seg && up.head == nil && len(t.segs) == 1+t.beside
}

// ApartError is the misuse of a stage that cannot be fused where all have to be. Without a name
// it is a queue.
type ApartError struct{ Stage, Instead string }

func (e *ApartError) Error() string {
	if e.Stage == "" {
		return "must run on one goroutine, without an Async between them, unlike those of " + e.Instead
	}
	return fmt.Sprintf("must run on one goroutine, unlike those of %s, and %q needs another, or a queue", e.Instead, e.Stage)
}

// unfit is the misuse of stages that are not fused, or have goroutines besides, where others than
// those of some shape have to be alone. Any other misuse is found where they are wired again.
func (t trial) unfit(up *Segment, instead string) error {
	alone := t.beside == 0 && !slices.ContainsFunc(t.stages, func(s *Stage) bool { return s.nature == Helped })
	if len(t.misuse) > 0 || alone && t.fused(up) {
		return nil
	}
	return &ApartError{t.apart(), instead}
}

// apart names a stage that is not on the last goroutine alone, if it is a stage.
func (t trial) apart() string {
	i := slices.IndexFunc(t.stages, func(s *Stage) bool {
		return s.nature == Helped || s.crew != nil || s.elsewhere != nil || s.source || s.seg.thread != t.seg.thread
	})
	if i < 0 {
		return ""
	}
	return t.stages[i].Name()
}
