package kernel

import (
	"context"
	"runtime/pprof"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// The goroutines of a live run carry labels in profiles and tracebacks. Those that user code
// starts inherit them.

// labelled gives the context that a live run is derived from, so that whoever sets labels
// of his own by it keeps those of the run.
func labelled(ctx context.Context, w *Watching) context.Context {
	return pprof.WithLabels(ctx, pprof.Labels(goroutines.Run, w.ID))
}

// labelSegment labels the goroutine, which is about to run the segment.
func (g *Segment) labelSegment() {
	if p := g.pulse; p != nil {
		pprof.SetGoroutineLabels(pprof.WithLabels(g.run.ctx, pprof.Labels(goroutines.Segment, p.carries)))
	}
}

// unlabel gives the caller's goroutine the labels of his context back.
func (r *Run) unlabel() {
	if r.live != nil {
		pprof.SetGoroutineLabels(r.outer)
	}
}

// Prepare names the segments of a live run, and tags its stages. It has to be
// called before anybody looks at the run, and when it is wired; Execute does it otherwise.
func (r *Run) Prepare() {
	if r.prepared || r.live == nil {
		return
	}
	r.prepared = true
	for _, s := range r.stages {
		s.seg.pulse.label = s.Name() // the one that comes last is the first of its segment
	}
	for _, g := range r.segs {
		g.prepare()
	}
	for _, s := range r.stages {
		s.tag(s.seg)
	}
}

func (g *Segment) prepare() {
	p := g.pulse
	switch {
	case g.worker != nil:
		p.label = g.worker.Name()
	case p.label == "" && len(g.run.stages) > 0: // where the results of workers come out
		p.label = g.run.stages[0].Name()
	}
	if p.carries == "" {
		p.carries = p.label
	}
	if g.worker != nil {
		g.worker.tag(g)
	}
	p.mark = -1
	p.set(AwaitsItems)
	p.publish()
}

// tag prepares the labels for the calls of a stage. A processor that is not fused always has
// them, since its goroutines can be found by nothing else.
func (s *Stage) tag(g *Segment) {
	if !g.run.live.Tagged && !s.Foreign() {
		return
	}
	s.live.tags = pprof.WithLabels(g.run.ctx, pprof.Labels(goroutines.Segment, g.pulse.carries, goroutines.Stage, s.Name()))
}

// label labels the goroutine of a live run with the stage whose code is about to run, where
// that is wanted.
func (s *Stage) label() {
	if s.live.tags != nil {
		pprof.SetGoroutineLabels(s.live.tags)
	}
}
