package kernel

import (
	"context"
	"errors"
	"reflect"

	"github.com/go-streamz/streamz/clock"
)

// Calls says what a stage does with user code while an item passes.
type Calls uint8

const (
	// CallsNothing: no user function, so a policy would never be asked.
	CallsNothing Calls = iota
	// CallsFunc: a function is called before the item is passed on.
	CallsFunc
	// CallsEmitter: the function is handed an emit or yield.
	CallsEmitter
	// CallsElsewhere: it runs where its calls are not seen, in a processor that is not
	// fused.
	CallsElsewhere
)

// Nature is what a stage is besides what it calls.
type Nature uint8

const (
	// Ordinary stages may keep something from one item to the next.
	Ordinary Nature = iota
	// Stateless: what comes of an item has to do with no other, and comes before the next.
	Stateless
	// Helped stages have goroutines of their own besides.
	Helped
	// staffed stages have workers.
	staffed
)

// Spec is what a processor hands to the kernel: an immutable description, from
// which Attach makes the state of one run.
type Spec[In, Out any] struct {
	// Self is the processor that gave the Spec. A caller fuses only if it is the
	// value it was given: a struct that embeds a processor and has a Process of
	// its own would otherwise be fused past it.
	Self any

	Name string // the processor's name
	Op   string // its fluent name
	Err  error  // misuse found at construction, nil if it can run

	Calls  Calls
	Books  Books
	Nature Nature
	Heeds  bool // its user function is given Stage.Context
	Blocks bool // its user function may block
	Timed  bool // it arms timers, or goes by the time of its segment
	Cued   bool // it has a Cue
	Drains bool // over channels, what still comes after its end is read and discarded
	Clock  clock.Clock

	// Decides, if set, decides about the errors of items in place of the policy, which is
	// then asked about panics alone.
	Decides Decider

	// Wired, if set, is called when the processor has become a part of a run.
	Wired func(*Run)

	// Told hears of every failure of an item after the policy has decided.
	Told func(context.Context, *Fault)

	// Start makes the state of one run and returns the stage's port. It is called
	// while wiring and must not call user code; OnOpen is the place for that. A push
	// that calls a function books the item in before anything else, unless the Books
	// are Mapped: if the call is repeated, so is the push.
	Start func(s *Stage, down Port[Out]) Port[In]

	// Connect, if set, wires the stage in place of Start: a composition of several, or one
	// that has more than a port, see [Staffed].
	Connect func(seg *Segment, site Site, down Port[Out]) (*Segment, Port[In])
}

var (
	// ErrNoPolicy is the misuse of a policy on a stage that has no function to fail.
	ErrNoPolicy = errors.New("the stage calls no function that could fail")
	// ErrSourcePolicy is the misuse of a policy other than StopAll on a source.
	ErrSourcePolicy = errors.New("a source that fails ends the run; a function that may fail can stand in a Call behind it")
)

// Attach puts a stage in front of down, in seg or in a new segment, and returns
// the segment and the port that the stage above has to use.
func Attach[In, Out any](seg *Segment, site Site, spec Spec[In, Out], down Port[Out]) (*Segment, Port[In]) {
	run := seg.run
	if spec.Nature != staffed {
		site = site.Plain()
	}
	run.check(site, spec.Name, spec.Err)
	if spec.Err != nil {
		return seg, Port[In]{}
	}
	if spec.Wired != nil && seg.again == nil {
		spec.Wired(run)
	}
	if spec.Connect != nil {
		site.Err = nil // is booked
		return spec.Connect(seg, site, down)
	}
	if seg.again != nil {
		return seg, start(seg.again.stage(seg), &spec, down)
	}
	run.fit(site, spec.Name, Use{Item: (*In)(nil), Calls: spec.Calls, Heeds: spec.Heeds})
	if spec.Cued && seg.cue != nil {
		seg, down = Boundary(seg, afterTimed, down)
	}
	seg, down = separate(seg, spec.Timed || spec.Cued, spec.Blocks || run.blocks(site, spec.Calls), spec.Clock, down)
	s := run.stage(seg, site, spec.Name, spec.Op)
	s.books, s.told, s.decides = spec.Books, spec.Told, spec.Decides
	s.nature = spec.Nature
	s.emits, s.heeds, s.calling = spec.Calls == CallsEmitter, spec.Heeds, spec.Calls != CallsNothing
	if spec.Clock != nil {
		s.clock = spec.Clock
	}
	s.showAll()
	run.edge(s, down.to, down.queue)
	return seg, start(s, &spec, down)
}

// start makes the stage's port, with a fence below it where user code emits and
// a guard around it where a policy may let the stream go on.
func start[In, Out any](s *Stage, spec *Spec[In, Out], down Port[Out]) Port[In] {
	if spec.Calls == CallsNothing {
		return finish(s, spec.Start(s, down))
	}
	if s.guarded() && down.Signal != nil { // a push may send one
		down.Signal = (&fence[Signal]{s: s, down: down.Signal}).emit
	}
	up := spec.Start(s, s.below(down))
	up.Push = s.above(spec.Blocks, up.Push)
	return finish(s, up)
}

// below keeps what lies below a stage that calls user code out of the stage's own calls: from
// their failures, and from their time.
func (s *Stage) below[T any](down Port[T]) Port[T] {
	switch {
	case s.emits:
		down.Push = (&fence[T]{s: s, down: down.Push, out: &s.Out}).emitter()
	case s.guarded() && down.Push != nil:
		down.Push = (&fence[T]{s: s, down: down.Push}).emit
	}
	down.Push = s.watch.below(s.emits, down.Push)
	return down
}

// above is the push of a stage that calls user code, under its policy, and seen by those who
// look at the run.
func (s *Stage) above[T any](blocks bool, push func(T) error) func(T) error {
	return numbered(s, underPolicy(s, visible(s, blocks, s.watch.above(push))))
}

// finish completes the stage's port.
func finish[T any](s *Stage, up Port[T]) Port[T] {
	if s.closes != nil {
		up.Signal = s.noteEnd(up.Signal)
	}
	up.to, up.queue, up.offer, up.out = s, nil, nil, nil
	return up
}

// noteEnd remembers that End came through, so that closing can tell a completed stage
// from one that was abandoned or failed at its end.
func (s *Stage) noteEnd(signal func(Signal) error) func(Signal) error {
	return func(sig Signal) error {
		err := signal(sig)
		if sig.Kind == End {
			s.retire()
		}
		s.ended = s.ended || sig.Kind == End && (err == nil || err == ErrStop)
		return err
	}
}

// Sizes of the queues that timers make necessary. Items for a timed stage wait in a
// queue worth having; what it emits waits in the smallest one, so that it still
// emits in time while user code below is busy, and holds no more for it.
const (
	beforeTimed = 256
	afterTimed  = 1
)

// separate keeps timers exact: they fire on the segment's goroutine, so a timed
// stage shares it neither with user code above that may block, nor with user code
// below that may, nor with a stage that lives by another clock. Where the segment is tight
// exactness gives way, but for the clock.
func separate[T any](seg *Segment, timed, blocks bool, own clock.Clock, down Port[T]) (*Segment, Port[T]) {
	if own == nil {
		own = seg.run.opts.Clock
	}
	switch {
	case blocks && seg.timed && !seg.tight:
		seg, down = Boundary(seg, beforeTimed, down)
	case timed && (seg.blocks && !seg.tight || seg.timed && !sameClock(own, seg.clock)):
		seg, down = Boundary(seg, afterTimed, down)
	}
	if timed {
		seg.clock = own
	}
	seg.timed = seg.timed || timed
	seg.blocks = seg.blocks || blocks
	return seg, down
}

// sameClock compares clocks, whose types are the user's and may not be comparable.
func sameClock(a, b clock.Clock) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
