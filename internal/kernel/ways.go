package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
)

// Ways are what a stage leads to that chooses for each item where it goes on: each is a
// processor, and what comes out of all of them goes down.
//
// A way that has ended early takes nothing any more, and the others go on. When all have
// ended, the stage is not needed any more.
type Ways[In, Out any] struct {
	Size  int  // of the ring behind each way, and of that in front of it
	Front int  // of the latter, 0 for Size
	Fused bool // without rings, on the goroutine of what is below, if all ways can be there
	Any   bool // the stage waits for room in any of the ways, see PassAny
	Parts []Way[In, Out]
	// Choose gives the stage, whose push hands its items over with Pass or PassAny. It is called
	// for each run.
	Choose func(*Fork[In]) Spec[In, struct{}]
}

// Way is one of them. Without a name it has its number.
type Way[In, Out any] struct {
	Name string
	Spec Spec[In, Out]
}

// Join is the Connect of the stage, in front of its ways, in front of down, which takes what
// comes out of all of them: as a Merge does, or if they are fused as it comes. The ways of
// name are "name/way", or "name[0]" and so on.
func (w Ways[In, Out]) Join(seg *Segment, site Site, name string, down Port[Out]) (*Segment, Port[In]) {
	name = cmp.Or(site.Name, name)
	if w.Fused && (seg.again != nil || w.fit(seg, site)) {
		return w.fuse(seg, site, name, down)
	}
	f := newFork[In](seg.feeder(), len(w.Parts))
	if w.Any {
		f.freed.ch = make(chan struct{}, 1)
	}
	wires := make([]func(*Segment, Port[Out]), len(w.Parts))
	for i := range w.Parts {
		wires[i] = func(seg *Segment, down Port[Out]) { w.lead(f, i, seg, site, name, down) }
	}
	from := len(seg.run.stages)
	m := newMerge(seg, w.Size, down, wires)
	m.one, m.from, m.upTo = true, int32(from), int32(len(seg.run.stages))
	return attachFork(f, site, w.Choose(f))
}

// Over drives the stage and its ways over channels, each with an output of its own. That is
// closed when its way has ended, and the last one when nothing of the run is left.
func (w Ways[In, Out]) Over(run *Run, in <-chan In, name string, policy *Policy, failed func(error)) []<-chan Out {
	run.policy = policy
	f := newFork[In](run.apart(), len(w.Parts))
	outs := make([]output[Out], len(w.Parts))
	given := make([]<-chan Out, len(w.Parts))
	var open atomic.Int64
	open.Store(int64(len(w.Parts)))
	for i := len(w.Parts) - 1; i >= 0; i-- {
		last := run.Last()
		outs[i] = output[Out]{ch: make(chan Out), run: run, open: &open}
		given[i] = outs[i].ch
		last.exits = append(last.exits, outs[i].leave)
		w.lead(f, i, last, Site{}, name, sender(last, outs[i].ch))
	}
	seg, port := attachFork(f, Site{}, w.Choose(f))
	over(seg, in, port, failed, func() {
		for i := range outs {
			outs[i].close()
		}
	}, func() {})
	return given
}

// output is a channel that is closed with its segment, unless it is the last one or the run
// has been cut off: then not before that has ended, and whoever is to hear of a failure has
// heard of it.
type output[T any] struct {
	ch     chan T
	run    *Run
	open   *atomic.Int64 // outputs whose segments have not ended
	closed bool
}

func (o *output[T]) leave() {
	if o.open.Add(-1) > 0 && o.run.ctx.Err() == nil {
		o.close()
	}
}

func (o *output[T]) close() {
	if !o.closed {
		o.closed = true
		close(o.ch)
	}
}

// path is the first part of the names in the i-th way.
func (w Ways[In, Out]) path(name string, i int) string {
	if own := w.Parts[i].Name; own != "" {
		return name + "/" + own
	}
	return fmt.Sprintf("%s[%d]", name, i)
}

// attachWay wires the i-th way in front of down.
func (w Ways[In, Out]) attachWay(i int, seg *Segment, site Site, name string, down Port[Out]) (*Segment, Port[In]) {
	port := Port[In]{}
	within := Site{Name: w.path(name, i), At: site.At, Policy: site.Policy}
	seg.Within(within, func(part Site) { seg, port = Attach(seg, part, w.Parts[i].Spec, down) })
	return seg, port
}

// lead wires the i-th way in front of down, with a segment of its own, behind a ring.
func (w Ways[In, Out]) lead(f *Fork[In], i int, seg *Segment, site Site, name string, down Port[Out]) {
	before := len(seg.run.stages)
	seg, port := w.attachWay(i, seg, site, name, down)
	f.deaf = f.deaf || slices.ContainsFunc(seg.run.stages[before:], (*Stage).Foreign)
	l := &f.paths[i]
	l.ring, l.to = newRing[In](cmp.Or(w.Front, w.Size), f.up, seg), port.to
	if w.Any {
		l.producer = &f.freed
	}
	l.queue = l.ring.port(port).queue
	seg.head = func() error { return l.drain(port) }
	seg.exits = append(seg.exits, func() { f.leave(l) })
}
