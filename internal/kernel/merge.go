package kernel

import "slices"

// A Wire puts a source in front of a port, in a segment.
type Wire[T any] = func(*Segment, Port[T])

// Merge wires several sources as the inputs of seg. It takes from them in turn, so that no
// input starves another: a block at most, or one item while items take long. Order is kept
// within an input. End goes down when all inputs have ended.
func Merge[T any](seg *Segment, down Port[T], wires []Wire[T]) {
	newMerge(seg, inputQueue, down, wires)
}

// newMerge is Merge with rings of a size.
func newMerge[T any](seg *Segment, size int, down Port[T], wires []Wire[T]) *merge[T] {
	m := &merge[T]{down: down, open: make([]*entry[T], len(wires))}
	m.gather(seg, down.Signal)
	for i := len(wires) - 1; i >= 0; i-- {
		m.open[i] = m.enter(size, down, wires[i])
		m.open[i].rank = i
	}
	seg.head = m.drain
	return m
}

type merge[T any] struct {
	inputs
	down Port[T]
	open []*entry[T] // those that have not ended

	turning *entry[T] // whose turn it is
	waited  bool      // for those below, since the round began
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
			m.close()
		case !moved:
			m.idle.rest(m.seg, m.some)
		}
	}
	return m.end()
}

// close leaves out those that have ended.
func (m *merge[T]) close() {
	m.open = slices.DeleteFunc(m.open, func(in *entry[T]) bool { return in.ended })
}

// turn delivers items of one input, and the signal behind them, if there are any.
func (m *merge[T]) turn(in *entry[T], most uint64) (some bool, err error) {
	m.turning = in
	if err := m.seg.arrive(); err != nil {
		return false, err
	}
	end, sig := in.ready(most)
	some = sig || in.taken < end
	if err := in.ring.deliver(end, m.down.Push); err != nil {
		return some, err
	}
	if sig {
		err = m.pass(&in.input, in.take())
	}
	return some, err
}

// giveBack frees the slots of a block that is not at its end.
func (m *merge[T]) giveBack() {
	m.waited = true
	m.turning.giveBack()
}

// some tells whether there is anything to deliver.
func (m *merge[T]) some() bool {
	return slices.ContainsFunc(m.open, func(in *entry[T]) bool { return !in.waits && in.some() })
}
