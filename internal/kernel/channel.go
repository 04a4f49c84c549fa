package kernel

import "context"

// receive is the head of a segment that takes its items from a channel. The segment's
// timers fire while it waits. lost hears of an item that came together with the end of
// the context. o is the intake of the source whose channel it is, else nil.
func receive[T any](g *Segment, o *opening, in <-chan T, down Port[T], lost func()) error {
	for {
		if err := g.halted(); err != nil {
			return err
		}
		if err := g.tick(); err != nil {
			return err
		}
		if down.room != nil { // an item in hand would be one more than the queue is to hold
			if err := down.room(); err != nil {
				return err
			}
		}
		v, got, ok := take(g, o, in)
		switch {
		case !got && o.shut() && g.ctx.Err() == nil:
			return g.closed(down.Signal)
		case !got:
			continue
		}
		if err := arrive(g, o); err != nil {
			if ok {
				lost()
			}
			return err
		}
		if !ok {
			return g.closed(down.Signal)
		}
		if err := down.Push(v); err != nil {
			return err
		}
	}
}

// closed is what a head does when its channel has been closed: it says End, unless a
// context further out has ended. The end goes from there to the contexts derived from it
// one after the other, and whoever sends here may have heard of it, and closed, before this
// segment does.
func (g *Segment) closed(signal func(Signal) error) error {
	if g.run.ctx.Err() != nil || g.run.outer.Err() != nil {
		<-g.ctx.Done()
		return g.cause()
	}
	return signal(Signal{Kind: End})
}

// take receives as a receive with two results does. If got is false then a timer or the end
// came first. It tries without waiting: only a wait has to be measured.
func take[T any](g *Segment, o *opening, in <-chan T) (v T, got, ok bool) {
	if o != nil {
		return takeIn(g, o, in)
	}
	select {
	case v, ok = <-in:
		return v, true, ok
	default:
	}
	g.pause(AwaitsItems)
	select {
	case v, ok = <-in:
		got = true
	case <-g.rings:
	case <-g.cued():
		g.cue.came = true
	case <-g.ctx.Done():
	}
	g.resume()
	return v, got, ok
}

// takeIn is take for the channel of a source that can be stopped and held up.
func takeIn[T any](g *Segment, o *opening, in <-chan T) (v T, got, ok bool) {
	gate := o.in.closed()
	switch {
	case o.shut():
		return v, false, false
	case gate != nil:
		in = nil
	}
	select {
	case v, ok = <-in:
		return v, true, ok
	default:
	}
	return o.wait(g, gate, in)
}

// wait is the wait of takeIn: for an item, for the end of a pause, or for whatever the source
// or the segment has to do else.
func (o *opening) wait[T any](g *Segment, gate <-chan struct{}, in <-chan T) (v T, got, ok bool) {
	g.pause(AwaitsItems)
	select {
	case v, ok = <-in:
		got = true
	case <-gate:
	case <-o.ctx.Done():
	case <-g.rings:
	case <-g.cued():
		g.cue.came = true
	case <-g.ctx.Done():
	}
	g.resume()
	return v, got, ok
}

// arrive is [Segment.arrive] where the intake may be held up.
func arrive(g *Segment, o *opening) error {
	if o == nil {
		return g.arrive()
	}
	return o.hold(g)
}

// arrive runs between receiving an item and pushing it: a cancellation or a timer
// that became ready in the same moment goes first.
func (g *Segment) arrive() error {
	if err := g.halted(); err != nil {
		return err
	}
	return g.tick()
}

// Send offers an item to a channel until the segment ends. A select alone would
// still send at random after that.
func Send[T any](g *Segment, out chan<- T, v T) error {
	if err := g.halted(); err != nil {
		return err
	}
	select {
	case out <- v: // which is cheaper than a wait
		return nil
	default:
	}
	_, err := await[struct{}](g, nil, out, v, wait{why: AwaitsRoom})
	return err
}

// Process drives a processor over channels: one run, on a goroutine of its own, that
// closes the output when it has ended. failed hears of a failure before the output is
// closed, so that nobody takes it for a completion. Misuse panics in the caller's stack.
// ctx is the one that the run was made with.
func Process[In, Out any](ctx context.Context, run *Run, in <-chan In, spec Spec[In, Out], policy *Policy, failed func(error)) <-chan Out {
	out := make(chan Out)
	last := run.Last()
	run.policy = policy
	seg, port := Attach(last, Site{}, spec, sender(last, out))
	over(seg, in, port, failed, func() { close(out) }, func() {
		if spec.Drains {
			discard(ctx, in)
		}
	})
	return out
}

// sender is the port of an output.
func sender[T any](g *Segment, out chan<- T) Port[T] {
	return Port[T]{
		Push:   func(v T) error { return Send(g, out, v) },
		Signal: accept,
		offer:  trySend(g, out),
		out:    out,
	}
}

// over executes what was wired in front of outputs, to which in leads by a port of seg: closing
// closes them when failed has heard of a failure, and then comes after.
func over[T any](seg *Segment, in <-chan T, port Port[T], failed func(error), closing, after func()) {
	run := seg.run
	if err := Join(run.Misuse()...); err != nil {
		run.Abort()
		panic(err)
	}
	seg.head = func() error { return receive(seg, nil, in, port, func() {}) }
	go func() {
		defer func() {
			if run.Crashed() {
				return
			}
			if err := run.Failure(); err != nil {
				tell(err, failed, closing)
			}
			closing()
			after()
		}()
		_ = run.Execute() // a cancellation is the caller's own, failures are recorded
	}()
}

// tell calls failed. If that ends the goroutine nobody else will close the outputs; if it
// panics the program ends, and nobody must see them close before that.
func tell(err error, failed func(error), closing func()) {
	clean := false
	defer func() {
		switch v := recover(); {
		case v != nil:
			panic(v)
		case !clean:
			closing()
		}
	}()
	failed(err)
	clean = true
}

// discard receives until in is closed or ctx has ended.
func discard[T any](ctx context.Context, in <-chan T) {
	for {
		select {
		case _, ok := <-in:
			if !ok {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
