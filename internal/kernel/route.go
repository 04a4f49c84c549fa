package kernel

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// Sent is an item with the number of the output that it is for.
type Sent[T any] struct {
	To   int
	Item T
}

// Spread drives a processor with count outputs, which hold size items each, as Process
// drives one with a single output.
func Spread[T any](run *Run, in <-chan T, count, size int, spec Spec[T, Sent[T]], policy *Policy, failed func(error)) []<-chan T {
	outs, given := make([]chan T, count), make([]<-chan T, count)
	for i := range outs {
		outs[i] = make(chan T, size)
		given[i] = outs[i]
	}
	last := run.Last()
	run.policy = policy
	seg, port := Attach(last, Site{}, spec, Port[Sent[T]]{
		Push:   func(v Sent[T]) error { return Send(last, outs[v.To], v.Item) },
		Signal: accept,
	})
	over(seg, in, port, failed, func() {
		for _, out := range outs {
			close(out)
		}
	}, func() {})
	return given
}

// Ways are what a stage leads to that chooses for each item where it goes on: each is a
// processor with a segment of its own, behind a ring.
//
// A way that has ended early takes nothing any more, and the others go on. When all have
// ended, the segment of the stage is not needed any more.
type Ways[T any] struct {
	Size  int // of each ring
	Parts []Way[T]
	// Choose gives the stage, whose push hands its items over with Give. It is called
	// for each run.
	Choose func(*Fork[T]) Spec[T, struct{}]
}

// Way is one of them.
type Way[T any] struct {
	Name string
	Spec Spec[T, T]
}

// Fork is the state of the Ways in one run.
type Fork[T any] struct {
	Ways[T]
	s     *Stage // that chooses
	up    *Segment
	paths []*path[T]
	open  atomic.Int64 // ways that have not ended
	deaf  bool         // signals do not pass some way
}

// path leads to one way.
type path[T any] struct {
	*ring[T]
	to    *Stage
	queue *queue
	out   int64 // given to the way
	gone  atomic.Bool
}

// Join is the Connect of the stage, in front of its ways, in front of down, which takes what
// comes out of all of them as a Merge does. A name for all is the first part of theirs.
func (w Ways[T]) Join(seg *Segment, site Site, name string, down Port[T]) (*Segment, Port[T]) {
	f := w.fork(seg.feeder())
	wires := make([]func(*Segment, Port[T]), len(w.Parts))
	for i := range w.Parts {
		wires[i] = func(seg *Segment, down Port[T]) { f.lead(i, seg, site, down) }
	}
	scope := site
	scope.Name = cmp.Or(site.Name, name)
	seg.run.Within(scope, func(part Site) {
		newMerge(seg, w.Size, down, wires).one = true
	})
	return f.attach(site, w.Choose(f))
}

// Over drives the stage and its ways over channels, each with an output of its own. That is
// closed when its way has ended, and the last one when nothing of the run is left.
func (w Ways[T]) Over(run *Run, in <-chan T, name string, policy *Policy, failed func(error)) []<-chan T {
	run.policy = policy
	f := w.fork(run.apart())
	outs := make([]output[T], len(w.Parts))
	given := make([]<-chan T, len(w.Parts))
	var open atomic.Int64
	open.Store(int64(len(w.Parts)))
	run.Within(Site{Name: name}, func(Site) {
		for i := len(w.Parts) - 1; i >= 0; i-- {
			last := run.Last()
			outs[i] = output[T]{ch: make(chan T), run: run, open: &open}
			given[i] = outs[i].ch
			last.exits = append(last.exits, outs[i].leave)
			f.lead(i, last, Site{}, sender(last, outs[i].ch))
		}
	})
	seg, port := f.attach(Site{}, w.Choose(f))
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

func (w Ways[T]) fork(up *Segment) *Fork[T] {
	f := &Fork[T]{Ways: w, up: up, paths: make([]*path[T], len(w.Parts))}
	f.open.Store(int64(len(w.Parts)))
	return f
}

// lead wires the i-th way in front of down.
func (f *Fork[T]) lead(i int, seg *Segment, site Site, down Port[T]) {
	run, before := seg.run, len(seg.run.stages)
	run.Within(Site{Name: f.Parts[i].Name, At: site.At}, func(part Site) {
		seg, down = Attach(seg, part, f.Parts[i].Spec, down)
	})
	f.deaf = f.deaf || slices.ContainsFunc(run.stages[before:], (*Stage).Foreign)
	l := &path[T]{ring: newRing[T](f.Size, f.up, seg), to: down.to}
	l.queue = l.port(down).queue
	seg.head = func() error { return l.drain(down) }
	seg.exits = append(seg.exits, func() { f.leave(l) })
	f.paths[i] = l
}

// attach wires the stage that chooses.
func (f *Fork[T]) attach(site Site, spec Spec[T, struct{}]) (*Segment, Port[T]) {
	start := spec.Start
	spec.Start = func(s *Stage, down Port[struct{}]) Port[T] {
		f.s = s
		for _, l := range slices.Backward(f.paths) {
			s.seg.run.lead(s, l.to, l.queue, &l.out)
		}
		port := start(s, down)
		port.Signal = f.signal
		return port
	}
	return Attach(f.up, site, spec, Port[struct{}]{})
}

// leave says that a way has ended.
func (f *Fork[T]) leave(l *path[T]) {
	l.gone.Store(true)
	l.signals.drop()
	l.producer.wake()
	if f.open.Add(-1) == 0 {
		f.up.dismiss()
	}
}

// Give hands an item to the i-th way, and tells whether that takes any. It waits for room.
// Until it returns the item is the stage's.
func (f *Fork[T]) Give(i int, v T) (taken bool, err error) {
	l := f.paths[i]
	if l.tail.Load()-l.lastHead >= l.limit {
		if err := l.producer.wait(f.up, AwaitsRoom, l.ready); err != nil {
			return false, err
		}
	}
	if l.gone.Load() {
		return false, f.up.halted()
	}
	f.s.Out++
	l.out++
	return true, l.push(v)
}

// ready tells whether there is room, or never will be.
func (l *path[T]) ready() bool { return l.gone.Load() || l.room() }

// signal gives every way a signal. One that is to come from all of them, and cannot, is lost,
// as in front of a single processor that no signal passes.
func (f *Fork[T]) signal(sig Signal) error {
	if f.deaf && sig.Kind != End {
		return nil
	}
	for _, l := range f.paths {
		if l.gone.Load() {
			continue
		}
		if err := l.signal(sig); err != nil {
			return err
		}
	}
	return nil
}
