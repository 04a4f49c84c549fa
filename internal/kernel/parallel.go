package kernel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Parallel runs several copies of a piece of a flow, each on a goroutine of its own, and gives
// what comes out of them in the order of the items. For that it has to know what comes of which
// item: the stages of the piece have to be fused, and to keep nothing.
type Parallel[In, Out any] struct {
	Count int
	Part  Spec[In, Out]
}

// KeepsError is the misuse of a stage that keeps something where none can.
type KeepsError struct{ Stage, Instead string }

func (e *KeepsError) Error() string {
	return fmt.Sprintf("must keep nothing from one item to the next, unlike those of %s, and %q may", e.Instead, e.Stage)
}

// inAnyOrder are the shapes that take any stages.
const inAnyOrder = "ParallelUnordered or ParallelKeyed"

// Join is the Connect of the stage, in front of down. The stages of the first copy are
// "name[0]/map".
func (p Parallel[In, Out]) Join(seg *Segment, site Site, name, op string, down Port[Out]) (*Segment, Port[In]) {
	site.Name = cmp.Or(site.Name, name)
	seg.run.Misused(site, name, p.unfit(seg, site))
	copies := make([]*copied[In, Out], p.Count)
	w := Workers[In, results[In, Out]]{Count: p.Count, Order: Ordered, segs: make([]*Segment, p.Count)}.sized()
	for i := range slices.Backward(copies) {
		w.segs[i] = seg.feeder()
		copies[i] = p.copy(i, w.segs[i], seg, site, down)
	}
	hired := 0
	w.Each = func(s *Stage) func(context.Context, In) (results[In, Out], error) {
		c := copies[hired]
		hired++
		return c.calledBy(s)
	}
	deliver := func(r results[In, Out]) error { return r.deliver(seg, down.Push) }
	up, port := attachWorkers(seg, Site{Name: site.Name, At: site.At}, &Spec[In, results[In, Out]]{Name: name, Op: op}, w,
		Port[results[In, Out]]{Push: deliver, Signal: down.Signal})
	for i, c := range slices.Backward(copies) {
		up.run.lead(port.to, c.port.to, c.port.queue, &c.given, w.segs[i])
	}
	port.to.crew.given = func() (n int64) {
		for _, c := range copies {
			n += c.given
		}
		return n
	}
	return up, port
}

// unfit says why the piece cannot give its results in order, if it cannot: it wires it on trial.
func (p Parallel[In, Out]) unfit(seg *Segment, site Site) (err error) {
	t := newTrial(seg, seg.run.policy)
	defer t.Abort()
	t.seg.Within(site, func(part Site) {
		up, _ := Attach(t.seg, part, p.Part, Port[Out]{Push: func(Out) error { return nil }, Signal: accept})
		if err = t.unfit(up, inAnyOrder); err != nil || len(t.misuse) > 0 {
			return
		}
		if keeps := slices.IndexFunc(t.stages, func(s *Stage) bool { return s.nature != Stateless }); keeps >= 0 {
			err = &KeepsError{t.stages[keeps].Name(), inAnyOrder}
		}
	})
	return err
}

// copied is a copy of the piece, on the goroutine of a worker.
type copied[In, Out any] struct {
	port  Port[In]
	given int64 // items that it got
	made  int64 // results that came out of it
	taken int64 // of these, those that went down; the consumer's
	got   results[In, Out]
}

// results are what came of an item. In most cases that is one.
type results[In, Out any] struct {
	of   *copied[In, Out]
	n    int
	one  Out
	more []Out // behind that
}

// copy wires the i-th copy in a worker's segment, in front of down in seg.
func (p Parallel[In, Out]) copy(i int, worker, seg *Segment, site Site, down Port[Out]) *copied[In, Out] {
	c := new(copied[In, Out])
	q := &queue{held: func() int64 { return c.made - c.taken }, fill: func() (int64, int64) { return 0, 0 }, load: new(load), below: down.queue}
	within := Site{Name: fmt.Sprintf("%s[%d]", site.Name, i), At: site.At, Policy: site.Policy}
	worker.Within(within, func(part Site) {
		_, c.port = Attach(worker, part, p.Part, Port[Out]{Push: c.put, Signal: accept, to: down.to, queue: q})
	})
	return c
}

// put takes a result of the item in hand.
func (c *copied[In, Out]) put(v Out) error {
	c.made++
	if c.got.n++; c.got.n == 1 {
		c.got.one = v
	} else {
		c.got.more = append(c.got.more, v)
	}
	return nil
}

// calledBy makes the function of a worker. An error that comes back from a stage of the copy is
// not the worker's own; until all has come of an item it is held.
func (c *copied[In, Out]) calledBy(s *Stage) func(context.Context, In) (results[In, Out], error) {
	return func(_ context.Context, v In) (r results[In, Out], err error) {
		s.Held++
		c.given++
		if err = c.port.Push(v); err != nil {
			s.stuck = err
			return r, err
		}
		s.Held--
		r, c.got = c.got, r
		r.of = c
		return r, nil
	}
}

func (r *results[In, Out]) deliver(seg *Segment, push func(Out) error) error {
	for i := range r.n {
		if err := seg.halted(); err != nil {
			return err
		}
		v := r.one
		if i > 0 {
			v = r.more[i-1]
		}
		r.of.taken++
		if err := push(v); err != nil {
			return err
		}
	}
	return nil
}
