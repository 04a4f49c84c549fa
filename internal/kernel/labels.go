package kernel

import (
	"context"
	"runtime/pprof"

	"github.com/go-streamz/streamz/internal/goroutines"
)

// Where Options.ID is set, goroutines of a run carry labels in profiles and tracebacks.
// Those that user code starts inherit them.

// labelled gives the context that a labelled run is derived from, so that whoever sets
// labels of his own by it keeps those of the run.
func labelled(ctx context.Context, opts *Options) context.Context {
	if opts.ID == "" {
		return ctx
	}
	return pprof.WithLabels(ctx, pprof.Labels(goroutines.Run, opts.ID))
}

// labelSegment labels the goroutine, which is about to run the segment.
func (g *Segment) labelSegment() {
	if g.run.opts.ID != "" {
		pprof.SetGoroutineLabels(pprof.WithLabels(g.run.ctx, pprof.Labels(goroutines.Segment, g.carries)))
	}
}

// unlabel gives the caller's goroutine the labels of his context back.
func (r *Run) unlabel() {
	if r.opts.ID != "" {
		pprof.SetGoroutineLabels(r.outer)
	}
}

// Prepare names the segments of a live or labelled run, and tags its stages. It has to be
// called before anybody looks at the run, and when it is wired; Execute does it otherwise.
func (r *Run) Prepare() {
	if r.prepared || r.live == nil && r.opts.ID == "" {
		return
	}
	r.prepared = true
	for _, s := range r.stages {
		s.seg.label = s.Name() // the one that comes last is the first of its segment
	}
	for _, g := range r.segs {
		g.prepare()
	}
	for _, s := range r.stages {
		s.tag(s.seg)
	}
}

func (g *Segment) prepare() {
	switch {
	case g.worker != nil:
		g.label = g.worker.Name()
	case g.label == "" && len(g.run.stages) > 0: // where the results of workers come out
		g.label = g.run.stages[0].Name()
	}
	if g.carries == "" {
		g.carries = g.label
	}
	if g.worker != nil {
		g.worker.tag(g)
	}
	if g.pulse != nil {
		g.pulse.mark = -1
		g.pulse.set(AwaitsItems)
		g.pulse.publish()
	}
}

// tag prepares the labels for the calls of a stage. A processor that is not fused always has
// them, since its goroutines can be found by nothing else.
func (s *Stage) tag(g *Segment) {
	if g.run.opts.ID == "" || !g.run.opts.Tagged && !s.Foreign() {
		return
	}
	s.tags = pprof.WithLabels(g.run.ctx, pprof.Labels(goroutines.Segment, g.carries, goroutines.Stage, s.Name()))
}

// label labels the goroutine with the stage whose code is about to run, where that is
// wanted.
func (s *Stage) label() {
	if s.tags != nil {
		pprof.SetGoroutineLabels(s.tags)
	}
}
