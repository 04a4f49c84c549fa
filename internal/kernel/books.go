package kernel

import "slices"

// Edge is what leads from one stage to the next.
type Edge struct {
	From, To *Stage
	// Queued is the number of items that the sender had booked out and the receiver
	// not in when the run ended. A queue that several edges share counts at one.
	Queued int64

	queue *queue
	out   *int64 // what the sender gave here, nil if that is all it gave
	shown *int64 // that, as published in a live run
}

// given is how many items the sender has booked out to the receiver.
func (e *Edge) given() int64 {
	if e.out != nil {
		return *e.out
	}
	return e.From.Out
}

// Level tells, when the run has ended, how many items can wait on the way, 0 where the
// stages are fused, and which share of that was in use, from 0 to 1: the mean over the
// moments at which the consumer had done with what it took at once.
func (e Edge) Level() (size int64, fill float64) {
	size, mean := e.queue.level()
	if size == 0 {
		return 0, 0
	}
	return size, min(mean/float64(size), 1)
}

// queue is what the books know of a queue.
type queue struct {
	held   func() int64
	fill   func() (items, size int64)
	load   *load
	below  *queue // a further one, before the receiver
	booked bool

	delivered int64 // what the consumer took, as published
}

// count gives what is in the queue and in those below, each once in a run.
func (q *queue) count() int64 {
	if q == nil || q.booked {
		return 0
	}
	q.booked = true
	return q.held() + q.below.count()
}

// level gives how many items can wait in the queue and in those below, and how many did, on
// average.
func (q *queue) level() (size int64, mean float64) {
	if q == nil {
		return 0, 0
	}
	size, mean = q.below.level()
	_, own := q.fill()
	return size + own, mean + q.load.mean()
}

// load is how many items wait in a queue, looked at by its consumer now and then.
type load struct{ waiting, looks uint64 }

func (l *load) look(waiting uint64) {
	l.waiting += waiting
	l.looks++
}

func (l *load) mean() float64 { return float64(l.waiting) / float64(max(l.looks, 1)) }

func (r *Run) edge(from, to *Stage, q *queue) { r.lead(from, to, q, nil, from.seg) }

// lead adds one of several edges from a stage. What is given there is counted in out, by a
// segment.
func (r *Run) lead(from, to *Stage, q *queue, out *int64, by *Segment) {
	if to == nil || from.seg.again != nil {
		return
	}
	e := Edge{From: from, To: to, queue: q, out: out}
	if out != nil && by.pulse != nil {
		e.shown = new(int64)
		by.pulse.shows = append(by.pulse.shows, func() { *e.shown = *out })
	}
	r.edges = append(r.edges, e)
}

// Edges gives the edges from the source to the sink, when the run has ended.
func (r *Run) Edges() []Edge {
	var edges []Edge
	for _, s := range r.stages {
		if s.inside != nil {
			edges = append(edges, s.inside.edges...)
		}
	}
	for _, e := range slices.Backward(r.edges) {
		edges = append(edges, e)
	}
	return edges
}

// balance completes the books when the run has ended, and looks whether they balance.
// The stages are in wiring order, so from the last to the first each one comes after
// all that feed it; the edges from a stage stand together in the same order.
func (r *Run) balance() {
	e := len(r.edges) - 1
	for _, s := range slices.Backward(r.stages) {
		s.complete()
		if !s.balanced() {
			r.unbalanced(s.String())
		}
		for ; e >= 0 && r.edges[e].From == s; e-- {
			edge := &r.edges[e]
			edge.Queued = edge.queue.count()
			edge.To.fed += edge.given() - edge.Queued
		}
	}
	for _, edge := range r.edges {
		if edge.To.fed != edge.To.In {
			r.unbalanced("what leads to " + edge.To.String())
		}
	}
}

func (r *Run) unbalanced(where string) {
	if r.unbooked == "" {
		r.unbooked = where
	}
}

// Imbalance says where the books do not balance, "" if they do. It may be called when
// the run has ended.
func (r *Run) Imbalance() string { return r.unbooked }
