package chaos

import (
	"errors"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
)

// enter notes that a function of the node is called, and gives what notes its return.
func (n *node) enter() (leave func()) {
	n.busy.Add(1)
	return func() {
		n.left.Store(time.Now().UnixNano())
		n.busy.Add(-1)
	}
}

// anywhere draws functions that are called in whatever stage.
func (g *gamble) anywhere() *gamble {
	c := *g
	c.node = &node{path: g.node.path, outer: g.node.outer}
	g.nowhere = append(g.nowhere, c.node)
	return &c
}

// worked tells whether a function of the node was called at some time since then.
func (n *node) worked(since time.Time) bool {
	return n.busy.Load() > 0 || n.left.Load() >= since.UnixNano()
}

// nodeOf gives the node whose stage has a name, nil if that does not tell.
func (g *game) nodeOf(stage string) *node {
	name, _, _ := strings.Cut(stage[strings.LastIndex(stage, "/")+1:], "#")
	for _, n := range g.nodes {
		if n.name() == name {
			return n
		}
	}
	return nil
}

// accuse complains if none of the stages that are said to have held the run up was at work
// since then.
func (g *game) accuse(who string, since time.Time, stages ...string) {
	for _, n := range g.nowhere {
		if n.worked(since) {
			return
		}
	}
	for _, name := range stages {
		if n := g.nodeOf(name); n == nil || n.worked(since) {
			return
		}
	}
	if len(stages) > 0 {
		g.complain("%s accuses %v, which were not at work", who, stages)
	}
}

// checkGuards looks at what those have found who watch over a run.
func (g *game) checkGuards(r *flow.Report, gaveUp bool) {
	for _, w := range g.witnesses {
		w.check(r, gaveUp)
	}
	if stuck, ok := errors.AsType[*flow.StuckError](r.Cause); ok {
		g.checkStuck(stuck, r)
	}
	if g.leaks && !gaveUp {
		g.checkLeaks(r)
	}
	if late, ok := errors.AsType[*flow.DeadlineError](r.Cause); ok {
		g.checkLate(late)
	}
}

func (g *game) checkStuck(stuck *flow.StuckError, r *flow.Report) {
	g.accuse("StuckError", g.end().Add(-2*g.grace), names(stuck.Stages)...)
	if len(stuck.Stages) == 0 {
		g.complain("StuckError names nobody")
	}
	if took := g.end().Sub(g.endsAt()); !g.endsAt().IsZero() && !g.looped && took > 2*g.grace {
		g.complain("the run was given up %v after its end, with a grace of %v", took, g.grace)
	}
}

func (g *game) checkLeaks(r *flow.Report) {
	var want, got int64
	for _, n := range g.behind {
		want += n
	}
	found, _ := errors.AsType[*flow.LeakError](r.Cause)
	if found == nil {
		found = &flow.LeakError{}
	}
	for _, l := range found.Leaks {
		got += int64(l.Count)
		if n := g.nodeOf(l.Stage); n != nil && !g.leftIn(n) {
			g.complain("%s left no goroutine behind, but is accused of it: %v", l.Stage, found)
		}
	}
	if got != want || len(r.Leaks) != len(found.Leaks) {
		g.complain("%d goroutines were left behind, but %d found (%d in the report): %v", want, got, len(r.Leaks), found)
	}
}

// leftIn tells whether a node, or one inside it, left a goroutine behind: what runs over channels
// is one stage.
func (g *game) leftIn(n *node) bool {
	for by := range g.behind {
		if by.path == n.path || strings.HasPrefix(by.path, n.path+".") {
			return true
		}
	}
	return false
}

func (g *game) checkLate(late *flow.DeadlineError) {
	for _, w := range late.Working {
		if w.State != "working" {
			continue
		}
		ok := false
		for _, s := range append(w.Beside, w.StageRef) {
			n := g.nodeOf(s.Name)
			ok = ok || n == nil || n.worked(g.endsAt())
		}
		if !ok {
			g.complain("DeadlineError accuses %v, which was not at work", w)
		}
	}
}

// end is when the run has returned.
func (g *game) end() time.Time {
	if g.returned.IsZero() {
		return time.Now()
	}
	return g.returned
}
