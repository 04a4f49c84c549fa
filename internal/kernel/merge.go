package kernel

import (
	"slices"
	"time"
)

// mergeQueue is how many items of one input of a Merge may wait.
const mergeQueue = 256

// Merge wires several sources, each into a segment of its own with a ring of its own, of
// which seg is the consumer. It takes from them in turn, so that no input starves another:
// a block at most, or one item while items take long. Order is kept within an input.
//
// End goes down when all inputs have ended. A watermark goes down as the earliest of those
// of the inputs that still run, when that rises: only it holds for all. Other signals pass
// through in order with the items of their input.
func Merge[T any](seg *Segment, down Port[T], wires []func(*Segment, Port[T])) {
	newMerge(seg, mergeQueue, down, wires)
}

// newMerge is Merge with rings of a size.
func newMerge[T any](seg *Segment, size int, down Port[T], wires []func(*Segment, Port[T])) *merge[T] {
	m := &merge[T]{seg: seg, down: down, open: make([]*input[T], len(wires))}
	m.idle.ch = make(chan struct{}, 1)
	for i := len(wires) - 1; i >= 0; i-- {
		up := seg.feeder()
		m.open[i] = &input[T]{ring: newRing[T](size, up, seg)}
		m.open[i].consumer = &m.idle
		wires[i](up, m.open[i].port(down))
	}
	seg.head = m.drain
	return m
}

type merge[T any] struct {
	seg  *Segment
	down Port[T]
	open []*input[T] // those that have not ended
	idle parking     // of the consumer, for all rings
	mark watermark   // that went down

	turning *input[T] // whose turn it is
	waited  bool      // for those below, since the round began

	one     bool   // the inputs are of one stream, so that each gets every signal
	aligned Signal // one that has come from some of them
}

type input[T any] struct {
	*ring[T]
	mark  watermark // its latest
	ended bool
	waits bool // for a signal to come from the others
}

type watermark struct {
	time time.Time
	set  bool
}

// rise sets the watermark to t, unless it is there already, and tells whether it did.
func (w *watermark) rise(t time.Time) bool {
	if w.set && !t.After(w.time) {
		return false
	}
	w.time, w.set = t, true
	return true
}

// drain is the head of the consumer.
func (m *merge[T]) drain() error {
	m.seg.giveBack = m.giveBack
	for len(m.open) > 0 {
		most := uint64(block)
		if m.seg.blocks || m.waited {
			most, m.waited = 1, false
		}
		moved, ended := false, false
		for _, in := range m.open {
			if in.waits {
				continue
			}
			some, err := m.turn(in, most)
			if err != nil {
				return err
			}
			moved, ended = moved || some, ended || in.ended
		}
		switch {
		case ended:
			m.open = slices.DeleteFunc(m.open, func(in *input[T]) bool { return in.ended })
		case !moved:
			m.idle.rest(m.seg, m.some)
		}
	}
	return m.down.Signal(Signal{Kind: End})
}

// turn delivers items of one input, and the signal behind them, if there are any.
func (m *merge[T]) turn(in *input[T], most uint64) (some bool, err error) {
	m.turning = in
	if err := m.seg.arrive(); err != nil {
		return false, err
	}
	end, sig := in.ready(most)
	some = sig || in.taken < end
	if err := in.deliver(end, m.down.Push); err != nil {
		return some, err
	}
	if sig {
		err = m.pass(in, in.take())
	}
	return some, err
}

// giveBack frees the slots of a block that is not at its end.
func (m *merge[T]) giveBack() {
	m.waited = true
	m.turning.giveBack()
}

// pass hands on what a signal of one input means for all.
func (m *merge[T]) pass(in *input[T], sig Signal) error {
	switch sig.Kind {
	case End:
		in.ended = true
		if err := m.align(); err != nil {
			return err
		}
		return m.rise()
	case Watermark:
		if in.mark.rise(sig.Time) {
			return m.rise()
		}
		return nil
	}
	if m.one {
		in.waits, m.aligned = true, sig
		return m.align()
	}
	return m.down.Signal(sig)
}

// align hands a signal of one stream on when it has come from all inputs. Until then those
// that it has come from wait, so that no item behind it overtakes it.
func (m *merge[T]) align() error {
	waiting := false
	for _, in := range m.open {
		if !in.waits && !in.ended {
			return nil
		}
		waiting = waiting || in.waits
	}
	if !waiting {
		return nil
	}
	for _, in := range m.open {
		in.waits = false
	}
	return m.down.Signal(m.aligned)
}

// rise sends the earliest watermark of the inputs that have not ended, if all have one and
// it has risen.
func (m *merge[T]) rise() error {
	var least watermark
	for _, in := range m.open {
		switch {
		case in.ended:
		case !in.mark.set:
			return nil
		case !least.set || in.mark.time.Before(least.time):
			least = in.mark
		}
	}
	if !least.set || !m.mark.rise(least.time) {
		return nil
	}
	return m.down.Signal(Signal{Kind: Watermark, Time: least.time})
}

// some tells whether there is anything to deliver.
func (m *merge[T]) some() bool {
	return slices.ContainsFunc(m.open, func(in *input[T]) bool { return !in.waits && in.some() })
}
