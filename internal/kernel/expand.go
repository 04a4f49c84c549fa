package kernel

// Expansion stands around a stage that makes items of its own while none comes and its
// receiver is ready for more: it knows of both sides. The zero Expansion is for one stage,
// of one run.
type Expansion[T any] struct {
	s    *Stage
	seg  *Segment
	down Port[T]
	q    *ring[T]
	up   Port[T]
	can  func() bool
	make func(push func(T) error) error

	intake *opening // nil unless the run is live
	rounds int      // of the head
}

// Below says who receives. It has to be called by the Start of the stage.
func (x *Expansion[T]) Below(s *Stage, down Port[T]) { x.s, x.down = s, down }

// Above puts a queue of one item in front of the stage, as [Boundary] does, whose consumer
// has an item made, instead of waiting for one, as long as can is true. make gets the push
// of the stage, with all that stands around it.
//
// Nothing is made while the sources are held up, or once they are to stop.
func (x *Expansion[T]) Above(seg *Segment, stage Port[T], can func() bool, make func(push func(T) error) error) (*Segment, Port[T]) {
	up := seg.feeder()
	x.seg, x.up, x.can, x.make = seg, stage, can, make
	x.q = newRing[T](1, up, seg)
	if seg.run.live != nil {
		x.intake = seg.opening()
	}
	seg.head = x.drain
	return up, x.q.port(stage)
}

// Give gives a made item to the receiver, and books it out. If that is a channel's and something
// else comes first, the item is not taken.
func (x *Expansion[T]) Give(v T) (taken bool, err error) {
	if x.down.out == nil {
		x.s.Out++
		return true, x.down.Push(v)
	}
	if err := x.seg.halted(); err != nil {
		return false, err
	}
	if taken = x.rest(x.down.out, v, nil); taken {
		x.s.Out++
	}
	return taken, nil
}

// drain is the head of the consumer.
func (x *Expansion[T]) drain() error {
	for {
		if err := x.arrive(); err != nil {
			return err
		}
		end, sig := x.q.ready(1)
		some := x.q.taken < end
		if err := x.q.deliver(end, x.up.Push); err != nil {
			return err
		}
		switch {
		case sig:
			if done, err := x.q.deliverSignal(x.up.Signal); done || err != nil {
				return err
			}
		case !some:
			if err := x.idle(); err != nil {
				return err
			}
		}
	}
}

// arrive is [Segment.arrive] for a head that may never wait: the timers are looked at after
// each wait, and every so many items.
func (x *Expansion[T]) arrive() error {
	if err := x.seg.halted(); err != nil {
		return err
	}
	if x.rounds++; x.rounds%block == 1 {
		return x.seg.tick()
	}
	return x.seg.resumed()
}

// idle has an item made, or waits where none can be. It waits for room before that: what
// comes meanwhile goes first.
func (x *Expansion[T]) idle() error {
	var none T
	gate, held := x.held()
	if held || !x.can() {
		x.rest(nil, none, gate)
		return nil
	}
	if x.down.room != nil {
		if err := x.down.room(); err != nil || x.seg.waits {
			return err
		}
	}
	return x.make(x.up.Push)
}

// held tells whether nothing may be made, and gives what ends that if it is a pause.
func (x *Expansion[T]) held() (gate <-chan struct{}, held bool) {
	if x.intake == nil {
		return nil, false
	}
	gate = x.intake.in.closed()
	return gate, gate != nil || x.intake.shut()
}

// rest waits until something comes, for the timers, for the end of a pause, or until v is
// sent. What has come already goes before v.
func (x *Expansion[T]) rest(out chan<- T, v T, gate <-chan struct{}) (sent bool) {
	p, g := x.q.consumer, x.seg
	if p.needless(x.q.some) {
		return false
	}
	woken := false
	g.pause(AwaitsItems)
	select {
	case <-p.ch:
		woken = true
	case out <- v:
		sent = true
	case <-gate:
	case <-g.rings:
	case <-g.cued():
		g.cue.came = true
	case <-g.ctx.Done():
	}
	g.resume()
	if !woken {
		p.unpark()
	}
	return sent
}
