package kernel

import "slices"

// inputQueue is how many items of an input may wait where several are joined.
const inputQueue = 256

// inputs are several sources, each in a segment of its own with a ring of its own, that lead
// to one segment. All rings share the place where that waits. What it takes, and from which,
// is up to those who have inputs: Merge, Zip and so on.
//
// A watermark goes down as the earliest of those of the inputs that have not ended and are not
// idle, when that rises: only it holds for all. Other signals go down in order with the items of
// their input. That one has ended goes down with nothing; whoever has the inputs says when all is
// over.
type inputs struct {
	seg    *Segment
	signal func(Signal) error // down
	all    []*input
	idle   parking   // of the consumer
	mark   watermark // that went down

	passing *input // of which a signal was passed last, nil when that has been heeded by those who look
	one     bool   // the inputs are of one stream, so that each gets every signal
	from    int32  // the first of the stages of the inputs, if they are of one stream
	upTo    int32  // the one behind the last
	aligned Signal // one that has come from some of them
}

// input is one of them, without its items.
type input struct {
	*cursors
	tributary
	rank  int    // place among the inputs
	upTo  uint64 // items may be pulled up to here: what is behind them was not looked at
	waits bool   // for a signal to come from the others
}

// entry is an input with its items.
type entry[T any] struct {
	input
	ring *ring[T]
}

// gather sets them up in front of what signal is of.
func (m *inputs) gather(seg *Segment, signal func(Signal) error) {
	m.seg, m.signal = seg, signal
	m.idle.ch = make(chan struct{}, 1)
}

// enter wires a source as an input, of which the items are for down. Wiring goes backwards:
// the last input comes first.
func (m *inputs) enter[T any](size int, down Port[T], wire Wire[T]) *entry[T] {
	up := m.seg.feeder()
	e := &entry[T]{ring: newRing[T](size, up, m.seg)}
	e.cursors = &e.ring.cursors
	e.consumer = &m.idle
	m.all = slices.Insert(m.all, 0, &e.input)
	wire(up, e.ring.port(down))
	return e
}

// has tells whether an item of the input is next. Signals before that are handed on.
func (m *inputs) has(in *input) (bool, error) {
	for in.taken == in.upTo {
		if in.ended || !in.some() {
			return false, nil
		}
		if err := m.seg.arrive(); err != nil {
			return false, err
		}
		end, sig := in.ready(block)
		if in.upTo = end; end != in.taken {
			in.load.look(in.tail.Load() - in.taken)
			break
		}
		if !sig {
			return false, nil
		}
		if err := m.pass(in, in.take()); err != nil {
			return false, err
		}
	}
	return true, nil
}

// both is has for two inputs.
func (m *inputs) both(a, b *input) (hasA, hasB bool, err error) {
	if hasA, err = m.has(a); err != nil {
		return false, false, err
	}
	hasB, err = m.has(b)
	return hasA, hasB, err
}

// take takes the next item of an input, if one has come.
func (m *inputs) take[T any](in *entry[T]) (v T, ok bool, err error) {
	if ok, err = m.has(&in.input); !ok || err != nil {
		return v, false, err
	}
	if err = m.goOn(); err != nil {
		return v, false, err
	}
	return in.ring.pull(in.upTo), true, nil
}

// goOn is nil while an item may be pulled and given to what is below.
func (m *inputs) goOn() error {
	if err := m.seg.halted(); err != nil {
		return err
	}
	return m.seg.resumed()
}

// rest waits until there is something new of an input that has nothing to pull.
func (m *inputs) rest() error { return m.await(m.news) }

// await waits until some is true, which what comes of an input makes it.
func (m *inputs) await(some func() bool) error {
	m.idle.rest(m.seg, some)
	return m.seg.arrive()
}

func (m *inputs) news() bool {
	return slices.ContainsFunc(m.all, func(in *input) bool { return in.taken == in.upTo && !in.ended && in.some() })
}

// giveBack frees the slots of what was taken since a block began.
func (m *inputs) giveBack() {
	for _, in := range m.all {
		in.giveBack()
	}
}

// dismiss ends an input that nobody needs any more.
func (m *inputs) dismiss(in *input) {
	in.ended = true
	in.up.dismiss()
}

// end says that all is over.
func (m *inputs) end() error { return m.signal(Signal{Kind: End}) }

// pass hands on what a signal of one input means for all.
func (m *inputs) pass(in *input, sig Signal) error {
	m.passing = in
	switch sig.Kind {
	case End:
		in.ended = true
		if err := m.align(); err != nil {
			return err
		}
		return m.rise()
	case Watermark:
		if in.mark.take(sig) {
			return m.rise()
		}
		return nil
	}
	if m.one && !m.inside(sig.From) {
		in.waits, m.aligned = true, sig
		return m.align()
	}
	return m.signal(sig)
}

// inside tells whether a stage belongs to one of the inputs of one stream. The signals of a source
// there come from no other input.
func (m *inputs) inside(s *Stage) bool { return s != nil && s.mark >= m.from && s.mark < m.upTo }

// align hands a signal of one stream on when it has come from all inputs. Until then those
// that it has come from wait, so that no item behind it overtakes it.
func (m *inputs) align() error {
	waiting := false
	for _, in := range m.all {
		if !in.waits && !in.ended {
			return nil
		}
		waiting = waiting || in.waits
	}
	if !waiting {
		return nil
	}
	for _, in := range m.all {
		in.waits = false
	}
	return m.signal(m.aligned)
}

// rise sends the earliest watermark of the inputs, if that rises.
func (m *inputs) rise() error {
	return m.mark.lift(func(yield func(*tributary) bool) {
		for _, in := range m.all {
			if !yield(&in.tributary) {
				return
			}
		}
	}, m.one, m.signal)
}
