package kernel

import "slices"

// View is what can be seen of a live run from outside at one moment.
type View struct {
	Stages   []StageView // from the source to the sink
	Edges    []EdgeView
	Segments []SegmentView
}

// StageView is a stage with its books as far as they were published.
type StageView struct {
	*Stage
	Counts
}

// EdgeView is an edge with what waits on it, and can.
type EdgeView struct {
	From, To     *Stage
	Queued, Size int64
}

// SegmentView is what a segment is doing.
type SegmentView struct {
	Name     string // of its first stage
	Activity Activity
	Stage    *Stage // whose code runs or ran last, nil if none has yet
	Turn     uint64 // how often it has begun to work or to wait
	Told     bool   // to end
	To       *Stage // who gets its items on another goroutine, nil if nobody does

	// Queued is how many items wait in the queues in front of it, Size how many can, 0 if
	// it has none.
	Queued, Size int64

	on Place // its goroutine, as the run knows it that is looked at
}

// View looks at a live run. It may be called at any time, by anybody, once the run is
// wired. Numbers of different goroutines are not of quite the same moment.
func (r *Run) View() View {
	r.live.asked.Add(1)
	settled := r.live.settled.Load()
	v := View{}
	counts := make(map[*Stage]*Counts, len(r.stages))
	for _, s := range r.stages {
		c := s.published(settled)
		counts[s] = &c
	}
	v.Edges = r.viewEdges(settled, counts)
	for _, s := range slices.Backward(r.stages) {
		if !settled {
			s.derive(counts[s])
			for i := range v.Edges {
				if e := &v.Edges[i]; e.From == s && e.To.books == Mapped && e.Size == 0 {
					counts[e.To].In = counts[s].Out
				}
			}
		}
		r.viewInside(s, counts[s], &v)
		v.Stages = append(v.Stages, StageView{s, *counts[s]})
	}
	for _, g := range r.segs {
		v.add(g.view(r, v.Edges))
	}
	return v
}

// add adds a segment. Where a run goes on inside a source of it, that one's last segment,
// which has the same goroutine, stands for both. The one around it knows better while it
// waits, or is at work below the source.
func (v *View) add(g SegmentView) {
	i := slices.IndexFunc(v.Segments, func(in SegmentView) bool { return in.on == g.on })
	if i < 0 {
		v.Segments = append(v.Segments, g)
		return
	}
	in := &v.Segments[i]
	in.Turn += g.Turn
	in.To = g.To
	if g.Activity != Working || g.Stage != nil && !g.Stage.source {
		in.Activity, in.Stage = g.Activity, g.Stage
	}
}

// viewInside adds what can be seen of the runs inside a source: those that have ended, and
// the one that goes on.
func (r *Run) viewInside(s *Stage, own *Counts, v *View) {
	if s.inside == nil {
		return
	}
	r.mu.Lock()
	at := len(v.Stages)
	copies := map[*Stage]*Stage{s: s} // the others change when the run inside ends
	for _, past := range s.inside.stages {
		own := *past
		copies[past] = &own
		v.Stages = append(v.Stages, StageView{&own, own.Counts})
	}
	for _, e := range s.inside.edges {
		v.Edges = append(v.Edges, EdgeView{From: copies[e.From], To: copies[e.To], Queued: e.Queued})
	}
	now := s.inside.now
	r.mu.Unlock()
	if now == nil {
		return
	}
	view := now.View()
	end := len(view.Stages) - 1 // which the books take for s itself
	own.add(&view.Stages[end].Counts)
	view.Stages = view.Stages[:end]
	for i := range view.Segments {
		if g := &view.Segments[i]; g.on == (Place{now.segs[0].thread}) {
			g.on = s.Place()
		}
	}
	v.merge(at, view)
}

// merge adds a run that goes on inside a source to those that have ended, which stand from
// at on.
func (v *View) merge(at int, now View) {
	for _, s := range now.Stages {
		i := slices.IndexFunc(v.Stages[at:], func(known StageView) bool { return known.Name() == s.Name() })
		if i < 0 {
			v.Stages = append(v.Stages, s)
			continue
		}
		s.Counts.add(&v.Stages[at+i].Counts)
		v.Stages[at+i] = s
	}
	for _, e := range now.Edges {
		i := slices.IndexFunc(v.Edges, func(known EdgeView) bool {
			return known.From.Name() == e.From.Name() && known.To.Name() == e.To.Name()
		})
		if i < 0 {
			v.Edges = append(v.Edges, e)
			continue
		}
		v.Edges[i].Queued += e.Queued
		v.Edges[i].Size = e.Size
	}
	v.Segments = append(v.Segments, now.Segments...)
}

// viewEdges gives the edges from the source to the sink. What came out of queues was taken
// in by the stage behind them, also where that does not count it.
func (r *Run) viewEdges(settled bool, counts map[*Stage]*Counts) []EdgeView {
	var edges []EdgeView
	for i := range r.edges {
		e := &r.edges[len(r.edges)-1-i]
		view := EdgeView{From: e.From, To: e.To}
		if settled { // before that it is not anybody's to read
			view.Queued = e.Queued
		}
		if e.queue != nil {
			waiting, size := e.queue.now()
			view.Size = size
			if !settled {
				view.Queued = waiting
				if e.To.books == Mapped {
					counts[e.To].In += e.queue.last().delivered.Load()
				}
			}
		}
		edges = append(edges, view)
	}
	return edges
}

// now gives what waits in the queue and in those below, and what can.
func (q *queue) now() (waiting, size int64) {
	if q == nil {
		return 0, 0
	}
	waiting, size = q.below.now()
	n, most := q.fill()
	return waiting + n, size + most
}

// last is the queue right before the receiver.
func (q *queue) last() *queue {
	for q.below != nil {
		q = q.below
	}
	return q
}

// published gives the books of a stage: complete when the run has ended.
func (s *Stage) published(settled bool) Counts {
	if settled {
		return s.Counts
	}
	if s.shown == nil {
		return Counts{}
	}
	s.shown.mu.Lock()
	defer s.shown.mu.Unlock()
	return s.shown.Counts
}

// derive fills in what the stage does not count by itself.
func (s *Stage) derive(c *Counts) {
	s.elsewhere.book(c)
	if s.books == Mapped || s.books == Absorbed {
		c.Passed = max(c.In-c.Filtered-c.Dropped-c.DeadLettered-c.Failed-c.Held, 0)
	}
	if s.books == Mapped || s.books == Selected {
		c.Out = c.Passed
	}
}

func (g *Segment) view(r *Run, edges []EdgeView) SegmentView {
	state := g.pulse.state.Load()
	v := SegmentView{Name: g.label, Activity: Activity(state & 0xff), Turn: state >> 32, Told: g.ctx.Err() != nil, on: Place{g.thread}}
	if mark := uint32(state>>8) & 0xffffff; mark != 0xffffff {
		v.Stage = r.stages[mark]
	}
	for _, e := range edges {
		from, to := e.From.seg.thread == g.thread, e.To.seg.thread == g.thread
		switch {
		case from && !to:
			v.To = e.To
		case to && !from:
			v.Queued += e.Queued
			v.Size += e.Size
		}
	}
	return v
}
