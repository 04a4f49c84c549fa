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

	given *int64 // what the sender gave here, nil if that is all it gave
}

// SegmentView is what a segment is doing.
type SegmentView struct {
	Name     string // of its first stage
	Label    string // that its goroutine carries in profiles
	Place    Place
	Activity Activity
	Stage    *Stage // whose code runs or ran last, nil if none has yet
	Turn     uint64 // how often it has begun to work or to wait
	Told     bool   // to end
	Item     bool   // that code runs for an item
	Sends    *Stage // the processor that gets its items over a channel, if one does
	Hears    *Stage // the one that it gets items from in that way

	// Queued is how many items wait in the queues in front of it, Size how many can, 0 if
	// it has none. Those that wait for one of several workers wait in front of each.
	Queued, Size int64
}

// View looks at a live run. It may be called at any time, by anybody, once the run is
// wired. Numbers of different goroutines are not of quite the same moment.
func (r *Run) View() View {
	seen := r.look()
	v := View{Edges: seen.edges}
	for _, s := range slices.Backward(r.stages) {
		if !seen.settled {
			seen.derive(s)
		}
		seen.viewInside(s, &v)
		v.Stages = append(v.Stages, StageView{s, *seen.counts[s]})
	}
	for _, g := range r.segs {
		v.add(seen.segment(g, r), seen.within[g.thread])
	}
	return v
}

// add adds a segment. Where a run goes on inside a source of it, both have one goroutine, so
// one of them stands for both: that inside unless what is below the source is at work.
func (v *View) add(g SegmentView, inside *thread) {
	i := slices.IndexFunc(v.Segments, func(in SegmentView) bool { return in.Place.thread == inside })
	if i < 0 {
		v.Segments = append(v.Segments, g)
		return
	}
	in := &v.Segments[i]
	g.Turn += in.Turn
	if g.Activity != AwaitsItems {
		*in = g
	}
	in.Place, in.Turn, in.Told = g.Place, g.Turn, in.Told || g.Told
}

// look is what was published, and how the queues were.
type look struct {
	settled bool
	counts  map[*Stage]*Counts
	edges   []EdgeView      // from the source to the sink
	taken   map[*queue]bool // what came out of it is in the counts
	past    map[*Stage]View
	now     map[*Stage]*Run     // that goes on inside a source
	within  map[*thread]*thread // the last of its segments, by that of the source
}

// look copies what the segments have published, with none of them in the middle of it.
func (r *Run) look() *look {
	r.live.asked.Add(1)
	l := &look{counts: make(map[*Stage]*Counts, len(r.stages)), taken: make(map[*queue]bool)}
	r.mu.Lock() // the books of sources with runs inside
	defer r.mu.Unlock()
	for _, g := range r.segs {
		g.pulse.mu.Lock()
		defer g.pulse.mu.Unlock()
	}
	l.settled = r.live.settled.Load()
	for _, s := range r.stages {
		c := s.published(l.settled)
		l.counts[s] = &c
		if s.inside != nil {
			l.lookInside(s)
		}
	}
	for i := len(r.edges) - 1; i >= 0; i-- { // not by value: what is queued at the end may be written now
		l.lookAt(&r.edges[i])
	}
	return l
}

// lookAt takes an edge. What came out of its queue was taken in by the stage behind it, also
// where that does not count it.
func (l *look) lookAt(e *Edge) {
	view := EdgeView{From: e.From, To: e.To}
	if e.shown != nil {
		given := *e.shown
		view.given = &given
	}
	view.Queued, view.Size = e.queue.now()
	switch {
	case l.settled:
		view.Queued = e.Queued
	case e.queue != nil && e.To.books == Mapped:
		if q := e.queue.last(); !l.taken[q] { // several edges may share it
			l.taken[q] = true
			l.counts[e.To].In += q.delivered
		}
	}
	l.edges = append(l.edges, view)
}

// lookInside takes the runs inside a source: a copy of those that have ended, and the one
// that goes on.
func (l *look) lookInside(s *Stage) {
	if l.now == nil {
		l.now, l.past, l.within = make(map[*Stage]*Run), make(map[*Stage]View), make(map[*thread]*thread)
	}
	var past View
	copies := make(map[*Stage]*Stage)
	for _, stage := range s.inside.stages {
		own := *stage
		own.main = &own
		copies[stage] = &own
		past.Stages = append(past.Stages, StageView{&own, own.Counts})
	}
	for _, e := range s.inside.edges {
		from, to := copies[e.From], copies[e.To]
		if to == nil {
			to = s
		}
		past.Edges = append(past.Edges, EdgeView{From: from, To: to, Queued: e.Queued})
	}
	l.past[s], l.now[s] = past, s.inside.now
	if s.inside.now != nil {
		l.within[s.seg.thread] = s.inside.now.segs[0].thread
	}
}

// viewInside adds the runs inside a source.
func (l *look) viewInside(s *Stage, v *View) {
	if s.inside == nil {
		return
	}
	at, edges := len(v.Stages), len(v.Edges)
	v.Stages = append(v.Stages, l.past[s].Stages...)
	v.Edges = append(v.Edges, l.past[s].Edges...)
	now := l.now[s]
	if now == nil {
		return
	}
	view := now.View()
	end := len(view.Stages) - 1 // which the books take for s itself
	l.counts[s].add(&view.Stages[end].Counts)
	view.Stages = view.Stages[:end]
	v.merge(at, edges, view)
}

// merge adds a run that goes on inside a source to those that have ended, whose stages and
// edges stand from the places given on.
func (v *View) merge(stages, edges int, now View) {
	for _, s := range now.Stages {
		i := slices.IndexFunc(v.Stages[stages:], func(known StageView) bool { return known.Name() == s.Name() })
		if i < 0 {
			v.Stages = append(v.Stages, s)
			continue
		}
		s.Counts.add(&v.Stages[stages+i].Counts)
		v.Stages[stages+i] = s
	}
	for _, e := range now.Edges {
		i := slices.IndexFunc(v.Edges[edges:], func(known EdgeView) bool {
			return known.From.Name() == e.From.Name() && known.To.Name() == e.To.Name()
		})
		if i < 0 {
			v.Edges = append(v.Edges, e)
			continue
		}
		v.Edges[edges+i].Queued += e.Queued
		v.Edges[edges+i].Size = e.Size
	}
	v.Segments = append(v.Segments, now.Segments...)
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
	var c Counts
	if s.live != nil {
		c = s.live.shown
	}
	if s.crew != nil {
		c.Failed, c.DeadLettered, c.Retried = s.crew.failed.Load(), s.crew.lettered.Load(), s.crew.retried.Load()
	}
	return c
}

// derive fills in what the stage does not count by itself, and what follows from that for
// those fused below it.
func (l *look) derive(s *Stage) {
	c := l.counts[s]
	s.elsewhere.book(c)
	c.derive(s.books)
	c.Passed, c.Out = max(c.Passed, 0), max(c.Out, 0) // the numbers may be of different moments
	for _, e := range l.edges {
		switch {
		case e.From != s || e.To.books != Mapped || e.Size > 0:
		case e.given != nil:
			l.counts[e.To].In += *e.given
		default:
			l.counts[e.To].In += c.Out
		}
	}
}

func activity(state uint64) Activity { return Activity(state & 0xff &^ inItem) }

func (l *look) segment(g *Segment, r *Run) SegmentView {
	state := g.pulse.state.Load()
	v := SegmentView{Name: g.pulse.label, Label: g.pulse.carries, Place: Place{g.thread}, Turn: state >> 32, Told: g.ctx.Err() != nil,
		Item: state&inItem != 0, Sends: g.pulse.sends, Hears: g.pulse.hears}
	if v.Activity = activity(state); l.settled {
		v.Activity = Finished
	}
	if mark := uint32(state>>8) & 0xffffff; mark != 0xffffff {
		v.Stage = r.stages[mark]
	}
	if g.worker != nil {
		v.Queued, v.Size = l.backlog(g.worker.main, r)
		return v
	}
	for _, e := range l.edges {
		if e.To.seg.thread == g.thread && e.From.seg.thread != g.thread {
			v.Queued += e.Queued
			v.Size += e.Size
		}
	}
	return v
}

// backlog is how many items a stage with workers has that none of them works on: those that
// wait for a worker, and results that wait for one before them.
func (l *look) backlog(s *Stage, r *Run) (waiting, size int64) {
	c := l.counts[s]
	waiting = c.In - c.Passed - c.Filtered - c.DeadLettered - c.Failed
	for _, g := range r.segs {
		if g.worker != nil && g.worker.main == s && activity(g.pulse.state.Load()) != AwaitsItems {
			waiting--
		}
	}
	return max(waiting, 0), s.crew.limit()
}
