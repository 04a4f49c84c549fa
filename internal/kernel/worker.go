package kernel

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/clock"
)

const (
	// quick is the time of a call below which a worker claims several items at once, and
	// more of them are accepted. Above it that would gain nothing, and keep items waiting
	// behind a slow call.
	quick = 2 * time.Microsecond
	// sampled is one of how many claims is timed, to spread the cost of two readings of
	// the clock. A claim of many items is always timed: it spreads that itself, and if its
	// calls have become slow that should show at once.
	sampled = 8
	many    = 16
)

// worker is one goroutine of a stage with workers. It has the stage to itself, as a copy
// with a segment of its own; failures are booked on the stage.
type worker[In, Out any] struct {
	p     *pool[In, Out]
	no    int // in the staff
	s     *Stage
	fn    func(context.Context, In) (Out, error)
	call  func(In) error
	slot  *slot[In, Out] // in work
	hand  [block]uint32  // the slots of its claim
	turns int            // claims
	since time.Time      // when it began its claim, if the one before was timed, and it has not waited
	good  atomic.Int64   // calls that did not fail, if somebody counts them

	// Keyed: the items that are this worker's, as lists of slots. In box the latest is the
	// first, and in list, which it has taken from there, the oldest.
	box  atomic.Uint32
	list uint32
	idle parking // also of one that is not wanted

	last  bool   // measured: nobody was at work after it
	alarm *Timer // measured: see lull
}

// hire adds a worker.
func (p *pool[In, Out]) hire(scaled bool) {
	g := p.segment()
	own := *p.s
	own.seg, own.ctx, own.at, own.calls = g, g.ctx, &g.at, nil
	if own.live != nil {
		own.live = new(liveStage)
	}
	g.worker = &own
	w := &worker[In, Out]{p: p, no: len(p.staff), s: &own, fn: p.Call}
	if p.Each != nil {
		w.fn = p.Each(&own)
	}
	own.watch = p.s.watch.again(&own)
	call := w.callOne
	if p.streams != nil {
		call = w.stream()
	}
	w.call = underPolicy(&own, visible(&own, true, own.watch.above(call)))
	if scaled || own.lenient() && own.policy.Counts {
		w.call = w.noting(w.call)
	}
	w.idle.ch = make(chan struct{}, 1)
	p.staff = append(p.staff, w)
	g.head = w.work
	g.showRetries(&own)
}

// segment is that of the next worker.
func (p *pool[In, Out]) segment() *Segment {
	if p.segs == nil {
		return p.seg.feeder()
	}
	return p.segs[len(p.staff)]
}

// work is the head of a worker's segment.
func (w *worker[In, Out]) work() error {
	next, do := w.claim, w.timed
	if w.p.Order == Keyed {
		next = w.accept
	}
	if r := w.p.roster; r != nil && r.meter != nil {
		do, w.last = w.measured, w.no == 0
	}
	for {
		claim, err := next()
		if len(claim) == 0 || err != nil {
			return err
		}
		if err := do(claim); err != nil {
			return err
		}
	}
}

// timed works on a claim and takes the time of it, every now and then where that would
// cost much. How long calls take is a matter of the machine, whatever the run's clock says.
func (w *worker[In, Out]) timed(claim []uint32) error {
	w.turns++
	if w.turns%sampled != 1 && len(claim) < many {
		w.since = time.Time{}
		return w.do(claim)
	}
	if w.since.IsZero() {
		w.since = clock.Real().Now()
	}
	err := w.do(claim)
	now := clock.Real().Now()
	w.p.learn(int64(now.Sub(w.since)) / int64(len(claim)))
	w.since = now
	return err
}

// learn takes a time per call into the mean. A slow one counts at once, a quick one bit by
// bit, and never against a slow one that another worker has found at the same moment.
func (p *pool[In, Out]) learn(took int64) {
	mean := p.mean.Load()
	if took < mean {
		p.mean.CompareAndSwap(mean, mean-(mean-took)/4)
		return
	}
	p.mean.Store(took)
}

// do works on a claim and tells the consumer.
func (w *worker[In, Out]) do(claim []uint32) error {
	for _, i := range claim {
		if err := w.s.seg.halted(); err != nil {
			return err
		}
		if err := w.one(&w.p.slots[i]); err != nil {
			return err
		}
	}
	if w.p.publish(claim) && len(claim) >= many {
		// Where workers keep all processors busy, the consumer, and with it the producer,
		// would else run only when there is nothing left to claim, and keep them waiting.
		runtime.Gosched()
	}
	return nil
}

// one calls the function for an item. Until it has succeeded the item is gone from the
// slot: whatever happens to it is booked.
func (w *worker[In, Out]) one(slot *slot[In, Out]) error {
	var zero In
	v := slot.in
	slot.in, slot.fate = zero, gone
	w.slot = slot
	return w.call(v)
}

func (w *worker[In, Out]) callOne(v In) error {
	w.s.Mark().Enter()
	out, err := w.fn(w.s.Context(), v)
	switch {
	case err == nil:
		w.slot.out, w.slot.fate = out, passed
	case w.p.sink && errors.Is(err, ErrStop):
		w.slot.fate = last
	case err == ErrNothing:
		w.slot.fate = nothing
	default:
		return w.s.Fail(v, err)
	}
	return nil
}

// noting counts the items that did not fail.
func (w *worker[In, Out]) noting(call func(In) error) func(In) error {
	return func(v In) error {
		err := call(v)
		if w.slot.fate != gone {
			w.good.Add(1)
		}
		return err
	}
}

// publish tells the consumer that the items of a claim are done with, and whether it was
// waiting for them.
func (p *pool[In, Out]) publish(claim []uint32) bool {
	n := uint32(len(claim))
	if p.Order == Ordered {
		first := claim[0]
		p.done[first].Store(n)
		if p.consumer.waiting.Load() && p.wanted.Load()&p.mask == uint64(first) {
			return p.consumer.wake()
		}
		return false
	}
	first := p.finished.Add(uint64(n)) - uint64(n)
	for i, slot := range claim {
		p.list[(first+uint64(i))&p.mask].Store(slot)
	}
	p.done[first&p.mask].Store(n)
	return p.consumer.wake()
}
