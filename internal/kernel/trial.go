package kernel

import "slices"

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

// alone tells whether it also has no other.
func (t trial) alone(up *Segment) bool {
	return t.fused(up) && t.beside == 0 && !slices.ContainsFunc(t.stages, func(s *Stage) bool { return s.nature == Helped })
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
