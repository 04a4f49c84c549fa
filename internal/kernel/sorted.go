package kernel

import "slices"

// MergeSorted is Merge that takes the least item of those that are next, by compare; of
// several that are equal that of the first input. It waits until it knows the next item of
// each input that has not ended. If the inputs are in order, so is what it gives.
//
// Its stage stands below the inputs. A name of the site is also the first part of the names
// of all stages in them, and a policy the default of theirs.
func MergeSorted[T any](seg *Segment, j Junction, compare func(a, b T) int, down Port[T], wires []Wire[T]) {
	site := j.Site
	site.Policy = StopAll // that of the inputs is none for what compares their items
	s := j.stage(seg, site, down.to, down.queue, Use{Calls: CallsFunc})
	seg.Within(j.Site, func(Site) {
		below := down
		below.to, below.queue = s, nil
		m := &sorted[T]{merge: newMerge(seg, inputQueue, below, wires), s: s, compare: compare}
		m.away = slices.Clone(m.open)
		seg.head = m.drain
	})
}

type sorted[T any] struct {
	*merge[T]
	s       *Stage
	compare func(a, b T) int
	away    []*entry[T] // those whose next item is not known
	line    []*entry[T] // the others, the greatest first
}

// drain is the head of the consumer.
func (m *sorted[T]) drain() error {
	m.seg.giveBack = m.inputs.giveBack
	for {
		err := m.lineUp()
		switch {
		case err != nil:
		case len(m.away) > 0:
			err = m.rest()
		case len(m.line) == 0:
			return m.end()
		default:
			err = m.least()
		}
		if err != nil {
			return err
		}
	}
}

// lineUp puts those in line whose next item has come, and leaves out those that have ended.
func (m *sorted[T]) lineUp() error {
	still := m.away[:0]
	for _, in := range m.away {
		has, err := m.has(&in.input)
		switch {
		case err != nil:
			return err
		case has:
			m.place(in)
		case !in.ended:
			still = append(still, in)
		}
	}
	m.away = still
	return nil
}

// place puts one in line. What compares is the user's, and concerns no item that was taken.
func (m *sorted[T]) place(in *entry[T]) {
	m.s.Outside()
	at, _ := slices.BinarySearchFunc(m.line, in, func(other, in *entry[T]) int {
		if order := m.compare(in.ring.peek(), other.ring.peek()); order != 0 {
			return order
		}
		return in.rank - other.rank
	})
	m.line = slices.Insert(m.line, at, in)
}

// least gives the item of the last one in line.
func (m *sorted[T]) least() error {
	if err := m.goOn(); err != nil {
		return err
	}
	last := len(m.line) - 1
	in := m.line[last]
	m.line, m.away = m.line[:last], append(m.away, in)
	m.s.In++
	m.s.Passed++
	m.s.Out++
	return m.down.Push(in.ring.pull(in.upTo))
}
