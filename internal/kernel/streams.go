package kernel

import "slices"

// streams are for workers that give any number of results for an item, see Workers.Stream.
// Each worker has a ring of its own to the segment below, in which its results wait. The
// slot of the item then only says that all of them are in there. A nil streams has none.
type streams[Out any] struct {
	rings   []*ring[Out]
	turning *ring[Out] // whose results are pushed
	given   int64      // results that were pushed
}

// stream gives a worker its ring, and what calls the function for an item.
func (w *worker[In, Out]) stream() func(In) error {
	p, s := w.p, w.s
	q := newRing[Out](block, s.seg, p.seg)
	q.consumer = p.consumer
	p.streams.rings = append(p.streams.rings, q)
	emit := (&fence[Out]{s: s, down: s.watch.below(true, q.push), out: new(int64)}).emitter()
	call := p.Stream(emit)
	return func(v In) error {
		s.Mark().Enter()
		err := call(s.Context(), v)
		switch {
		case s.stuck != nil:
			s.Held++
			return s.stuck
		case err != nil:
			return s.Fail(v, err)
		}
		w.slot.fate = streamed
		return nil
	}
}

// deliver pushes the results that are ready. It has to be called between finding out which
// items are done with and taking them out: all results of these are ready by then.
func (f *streams[Out]) deliver(push func(Out) error) (some bool, err error) {
	if f == nil {
		return false, nil
	}
	for _, q := range f.rings {
		end := q.tail.Load()
		if end == q.taken {
			continue
		}
		some, f.turning = true, q
		if err := q.deliver(end, push); err != nil {
			return true, err
		}
	}
	return some, nil
}

// counted books results out.
func (f *streams[Out]) counted(push func(Out) error) func(Out) error {
	return func(v Out) error {
		f.given++
		return push(v)
	}
}

// giveBack frees the slots of a ring whose results are being pushed.
func (f *streams[Out]) giveBack() {
	if f.turning != nil {
		f.turning.giveBack()
	}
}

// some tells whether there is anything to deliver.
func (f *streams[Out]) some() bool {
	return f != nil && slices.ContainsFunc(f.rings, (*ring[Out]).some)
}
