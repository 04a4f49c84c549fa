package kernel

import (
	"context"
	"slices"
)

// Interrupted is a stage whose user code was at work when the deadline of the caller came.
type Interrupted struct {
	Stage *Stage
	State Activity // Working, or AwaitsTime before a call that is repeated
	Calls int64    // how many of them; with workers there may be several
	Err   error    // what the first of them came back with, nil for a result
	// Beside are further stages on its goroutine: if there are any it may have been one of
	// them instead.
	Beside []*Stage
}

// Interrupted gives them, each stage once, when the run has ended.
func (r *Run) Interrupted() []Interrupted { return r.late }

// interrupted notes that a call of the stage was in flight, and what it came back with. That
// costs nothing before the deadline, because it is asked where an error turns out to be the
// echo of the end. A source always has a call in flight: it may as well have waited for the
// world.
func (s *Stage) interrupted(state Activity, err error) {
	g := s.seg
	g.noted = true
	if s.source || !g.run.overdue() || g.cause() == ErrStop {
		return
	}
	g.run.interrupt(Interrupted{Stage: s.main, State: state, Calls: 1, Err: err})
}

// interrupt notes one for the outermost run, since a run inside a source is a part of it.
func (r *Run) interrupt(one Interrupted) {
	top := r.outermost
	top.mu.Lock()
	defer top.mu.Unlock()
	known := slices.IndexFunc(top.late, func(i Interrupted) bool { return i.Stage == one.Stage && i.State == one.State })
	if known >= 0 {
		top.late[known].Calls++
		return
	}
	top.late = append(top.late, one)
}

// overdue tells whether the deadline of the caller has come.
func (r *Run) overdue() bool { return r.outer.Err() == context.DeadlineExceeded }

// lateness gives the host the cause of a run that the deadline of its caller ended, for an error
// that says who was at work.
func (r *Run) lateness(cause error) error {
	if r.outermost != r || !r.overdue() || !same(cause, context.Cause(r.outer)) {
		return cause
	}
	return r.opts.Host.Late(r, cause)
}

// lookBack finds, when the run is over, the segments that were cut off and did not wait at
// the end, of which nothing is noted: a call of theirs did not watch its context. The mark
// tells which was called last.
func (r *Run) lookBack() {
	if !r.overdue() {
		return
	}
	for _, g := range r.segs {
		if g.noted || g.idle || g.result == nil || !same(g.result, context.Cause(r.outer)) {
			continue
		}
		if stages := g.callers(); len(stages) > 0 {
			r.interrupt(Interrupted{Stage: stages[0], Calls: 1, Beside: stages[1:]})
		}
	}
}

// callers gives the stages that call user code on the segment's goroutine, the likeliest
// first: the one that was called last, unless that is a source. There are none if that leaves
// only a source.
func (g *Segment) callers() []*Stage {
	var stages []*Stage
	for _, s := range g.run.stages {
		if s.seg.thread == g.thread && s.calling {
			stages = append(stages, s)
		}
	}
	if g.worker != nil && len(stages) == 0 {
		return []*Stage{g.worker.main}
	}
	last := g.run.stages[max(g.at, ^g.at)]
	slices.SortStableFunc(stages, func(a, b *Stage) int { return likelier(a, last) - likelier(b, last) })
	if len(stages) > 0 && stages[0].source {
		return nil
	}
	return stages
}

// likelier is a place in an order.
func likelier(s, last *Stage) int {
	switch {
	case s.source:
		return 2
	case s == last:
		return 0
	}
	return 1
}

// same compares errors, whose types are the user's and may not be comparable.
func same(a, b error) bool { return is(a, b) }
