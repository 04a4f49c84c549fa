package kernel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/callsite"
)

// Counts are the books of one stage, in items of its input except for Out. They
// are plain numbers because only the segment's goroutine writes them.
type Counts struct {
	In, Passed, Out      int64
	Filtered, Dropped    int64
	DeadLettered, Failed int64
	Held, Retried        int64
}

// Books says which of its Counts a stage keeps by itself. What a stage holds,
// drops, joins or splits is counted at both ends, so that the balance can fail.
type Books uint8

const (
	// Counted: the stage counts all by itself, except for what it emits through a
	// fence, which counts that.
	Counted Books = iota
	// Mapped: one item out for one in, fused to its neighbours. Only failures are
	// counted; the rest is what the stage above gave.
	Mapped
	// Selected: each item goes out or not. The stage counts In, Passed and what it
	// discards; Out is Passed.
	Selected
	// Absorbed: the stage counts In, Out and its failures; Passed is the rest.
	Absorbed
)

// Site is how a stage was asked for: the settings that belong to the place in
// the pipeline and not to the processor. The zero Site takes the processor's
// own name and stops at the first failure.
type Site struct {
	Name   string // as given by the user, may be ""
	At     callsite.Site
	Policy *Policy // nil stops the run at the first failure
	Scale  *Scale  // nil for a fixed number of workers
	Err    error   // misuse of the settings themselves
}

// Stage is one step of one run.
type Stage struct {
	Counts
	seg  *Segment
	ctx  context.Context // the segment's
	main *Stage          // itself, or the stage that it is a worker of
	at   *int32          // the segment's
	mark int32           // index in run.stages; what *at holds while user code of this stage runs

	attempt int32 // which push of the item this is, from 1: a policy may repeat it
	repeats int32 // calls for the item that the stage has repeated itself, in all of these
	books   Books
	nature  Nature
	emits   bool // an item counts as Held from Hold to Release
	heeds   bool // its function is given call
	opened  bool
	ended   bool
	source  bool
	calling bool // it calls user code

	name, op string
	place    callsite.Site
	policy   *Policy
	decider  Decider     // of the policy
	decides  Decider     // of the stage itself, see Spec.Decides
	stuck    error       // first error of the fence below, if there is one
	refused  func(error) // hears of it, if set
	told     func(context.Context, *Fault)

	clock clock.Clock // the processor's own, else the run's
	calls *calls      // nil before it is needed, see ownCalls
	seen  int64       // items that came, if the policy counts them

	crew      *crew      // of a stage with workers
	elsewhere *elsewhere // of a stage that is not fused
	outs      []int64    // what it gave on each of several edges, if it has them
	watch     *watch     // of a stage whose calls somebody wants to hear of
	fed       int64      // what the stages above gave, known at the end

	opens  func(context.Context) error
	closes func(cause error) error

	inside *inside    // of a source that has runs inside
	live   *liveStage // nil unless the run is
}

// calls is for a stage that limits its calls, repeats them, or waits.
type calls struct {
	ctx   context.Context // what the function gets, nil for the stage's own
	pause time.Duration   // before the next call for the item
	again bool            // that call is to come, and the item in no column
	cut   bool            // a Pause was cut off
	alarm clock.Timer     // of Wait, nil before the first
}

func (s *Stage) ownCalls() *calls {
	if s.calls == nil {
		s.calls = new(calls)
	}
	return s.calls
}

// crew is what a stage knows of its workers.
type crew struct {
	count int
	turn  chan struct{}  // of capacity 1, held while a failure is settled
	good  func() int64   // items that are done with and did not fail
	busy  func() float64 // the mean of the workers
	tally func(*Counts)  // what they and the segment below did
	limit func() int64   // of items that are accepted and not emitted
	given func() int64   // what the workers gave to stages of their own, nil if they have none

	roster *Roster // nil for a fixed number of workers

	retried, failed, lettered atomic.Int64 // as published
}

// Name is the stage's name in this run, as a path.
func (s *Stage) Name() string {
	s.seg.run.naming.Do(s.seg.run.name)
	return s.main.name // a worker is named as its stage
}

// Op is the fluent name of what the stage does.
func (s *Stage) Op() string { return s.op }

// At is the place of the builder call.
func (s *Stage) At() callsite.Site { return s.place }

// Handled tells whether its processor has a handler of its own for items that fail.
func (s *Stage) Handled() bool { return s.told != nil }

// Source tells whether it takes items from no other stage.
func (s *Stage) Source() bool { return s.source }

// Place tells which stages share a goroutine: it is the same for those.
func (s *Stage) Place() Place { return Place{s.seg.thread} }

// Place is a goroutine of a run.
type Place struct{ thread *thread }

// Workers is how many goroutines the stage's function runs on besides.
func (s *Stage) Workers() int {
	if s.crew == nil {
		return 0
	}
	return s.crew.count
}

// PolicyName is what the stage's policy is called, "" for the one that stops.
func (s *Stage) PolicyName() string {
	if s.policy == nil {
		return ""
	}
	return s.policy.Name
}

// Segment is where the stage runs.
func (s *Stage) Segment() *Segment { return s.seg }

// Context is what user functions of the stage get. A policy may limit each call, so it
// is asked for every item.
func (s *Stage) Context() context.Context {
	if s.calls != nil && s.calls.ctx != nil {
		return s.calls.ctx
	}
	return s.ctx
}

// Taken tells by the result of a push whether the stage below has taken the item, if only as
// the last one.
func (s *Stage) Taken(err error) bool { return err == nil || err == ErrStop && s.ctx.Err() == nil }

// Call tells which call for the item in hand this is, from 1: a policy may repeat it.
func (s *Stage) Call() int { return int(s.attempt) }

// Limited tells whether a policy limits the call in hand, so that its context is not that
// of all others.
func (s *Stage) Limited() bool { return s.calls != nil && s.calls.ctx != nil }

// Mark is a stage's place in its segment, for the closure that is its Push to carry.
type Mark struct {
	at *int32
	no int32
}

// Mark gives the stage's.
func (s *Stage) Mark() Mark { return Mark{s.at, s.mark} }

// Enter notes that user code of the stage runs from here, for an item. The Push of
// every stage that calls a user function begins with it or with [Stage.Hold].
func (m Mark) Enter() { *m.at = m.no }

// Next is asked by a source of our own, and by a stage that gives several items for
// one, before each item: it books it out, unless the segment has to end.
func (s *Stage) Next() error {
	if s.ctx.Err() != nil {
		return s.closed()
	}
	if s.seg.pulse != nil {
		return s.nextLive()
	}
	s.Out++
	return nil
}

// NextInHand is Next for an item that the source cannot get again: a drain takes it in.
func (s *Stage) NextInHand() error {
	err := s.Next()
	if err == ErrDraining {
		s.Out++
		return nil
	}
	return err
}

// nextLive is Next in a live run, where a source can be stopped and held up.
func (s *Stage) nextLive() error {
	if s.intake() != nil {
		if err := s.admitted(); err != nil {
			return err
		}
	}
	s.seg.pulse.beat()
	s.Out++
	return nil
}

// Ended is nil while the segment may go on, and else books the item in hand as held: for a
// stage whose function may have taken long.
func (s *Stage) Ended() error {
	err := s.seg.halted()
	if err != nil {
		s.Held++
		s.interrupted(Working, nil)
	}
	return err
}

// Hold books an item in and enters, for a stage that gives several items for one:
// until Release the item counts as held, also if a failure below unwinds through the
// stage.
func (s *Stage) Hold() {
	s.In++
	s.Held++
	*s.at = s.mark
}

// Release books the item of the last Hold as passed, unless an emit was refused:
// then it stays held, and the result is that refusal.
func (s *Stage) Release() error {
	if s.stuck != nil {
		return s.stuck
	}
	s.Held--
	s.Passed++
	return nil
}

// Fail reports that the user function of the stage failed for item. The result
// is what Push returns: nil where the policy goes on without the item.
//
// An error that only echoes the end of the context is no failure, and neither is
// whatever a function made of the error that emit gave it: the item then counts
// as held.
func (s *Stage) Fail(item any, err error) error {
	if s.stuck != nil {
		return s.stuck
	}
	if s.seg.echo(err) {
		if !s.emits {
			s.Held++
		}
		s.cutOff(err)
		return s.seg.cause()
	}
	return s.settle(&Fault{Stage: s, Item: item, Err: s.late(err), Attempt: s.tries(), Round: int(s.attempt), item: true})
}

// cutOff notes what the stage was at when its context ended: in a call, or in a Pause
// between two.
func (s *Stage) cutOff(err error) {
	if s.calls != nil && s.calls.cut {
		s.interrupted(AwaitsTime, nil)
		return
	}
	s.interrupted(Working, err)
}

// Begin is called by the push of a stage that repeats calls itself, before the first.
func (s *Stage) Begin() {
	if s.attempt == 1 {
		s.repeats = 0
	}
}

// Repeat counts a call for the item that the stage is about to repeat.
func (s *Stage) Repeat() {
	s.Retried++
	s.repeats++
}

// tries is how many calls the stage has made for its item.
func (s *Stage) tries() int { return int(s.attempt + s.repeats) }

// Break is for code that concerns no single item: a source, the end of the input.
// It reports err as the stage's failure, which always ends the run; nil stays nil,
// and ErrStop of the function's own accord is as good. What a fence refused before
// outranks both.
func (s *Stage) Break(err error) error {
	switch {
	case s.stuck != nil:
		return s.stuck
	case err == nil:
		return nil
	case s.failedInside(err):
		return s.seg.run.fail(err.(*inner).error)
	case errors.Is(err, ErrStop):
		return nil
	case s.drained(err):
		return ErrDraining
	case s.seg.echo(err):
		s.interrupted(Working, err)
		return s.seg.cause()
	}
	return s.settle(&Fault{Stage: s, Err: err, Attempt: 1})
}

// Enough ends the stream at this stage, by its own decision: End goes down, and the
// result, for Push to return, stops what is above.
func (s *Stage) Enough(down func(Signal) error) error {
	if err := down(Signal{Kind: End}); err != nil {
		return err
	}
	s.seg.stopped = true
	return ErrStop
}

// Outside notes that user code of the stage runs from here that concerns no single
// item: Open, End, Close, timers, handlers. Its panic is not an item's failure.
func (s *Stage) Outside() {
	*s.at = ^s.mark
	s.enter(false)
}

// OnOpen sets the function to be called before the run's first item, in the order
// from the sink to the source. If it fails the run ends before it began.
func (s *Stage) OnOpen(fn func(context.Context) error) { s.opens = fn }

// OnStart adds a function to be called on the segment's goroutine when that begins, as to
// arm a timer. It must not push or signal.
func (s *Stage) OnStart(fn func() error) {
	g := s.wiring()
	g.starts = append(g.starts, fn)
}

// OnLead adds a function to be called after all those of OnStart and before the segment's
// head, the ones of stages below first. It may push and signal; with ErrStop the head is not
// run at all.
func (s *Stage) OnLead(fn func() error) {
	g := s.wiring()
	g.leads = append(g.leads, fn)
}

// onExit adds a function to be called when what feeds the segment has ended, for a stage that
// is helped.
func (s *Stage) onExit(fn func()) {
	f := s.seg.feed
	for f.settle != nil { // it is fused, and has no end of its own
		f = f.within
	}
	f.exits = append(f.exits, fn)
}

// OnClose sets the function to be called once, after every segment has ended, in the
// order from the source to the sink, and only if the stage was opened. cause is nil if
// the stage has passed End on, else what ended the run before.
func (s *Stage) OnClose(fn func(cause error) error) {
	s.closes = fn
	if s.seg.again == nil { // else it is known
		s.seg.run.closing = true
	}
}

// open runs the OnOpen function.
func (s *Stage) open() error {
	if s.opens != nil {
		if err := s.seg.halted(); err != nil {
			return err
		}
		if err := s.protect(func() error { return s.opens(s.ctx) }); err != nil {
			return err
		}
	}
	s.opened = true
	return nil
}

// close runs the OnClose function.
func (s *Stage) close(cause error) {
	if s.closes == nil || !s.opened {
		return
	}
	if s.ended {
		cause = nil
	}
	if s.seg.pulse != nil { // else who looks on would take the segment for one at work again
		defer s.seg.pulse.rest(Finished)
	}
	_ = s.protect(func() error { return s.closes(cause) }) // recorded by protect
}

// protect runs user code that concerns no item and turns whatever it does into
// a recorded failure of the stage.
func (s *Stage) protect(fn func() error) (err error) {
	clean := false
	defer func() {
		if !clean {
			err = s.seg.rescue(recover())
		}
	}()
	s.seg.labelSegment()
	s.Outside()
	err = fn()
	clean = true
	return s.record(err)
}

// Attempt is protect for a source that does several things of which one must be done
// whatever the others come to.
func (s *Stage) Attempt(fn func() error) error { return s.protect(fn) }

// failedInside tells a failure of a run inside, which names its stage.
func (s *Stage) failedInside(err error) bool {
	_, ok := err.(*inner)
	return ok && s.seg.ctx.Err() == nil
}

// record is Break for code that runs while the context may have ended already:
// its error is kept even then, because nobody else will tell. After a stage has passed End
// on, its context ends because all is done, so that an error of a context is a failure.
func (s *Stage) record(err error) error {
	if err == nil || err == ErrStop {
		return err
	}
	if !s.ended && s.seg.tellsEnd(err) {
		s.interrupted(Working, err)
		return s.seg.cause()
	}
	return s.settle(&Fault{Stage: s, Err: err, Attempt: 1})
}

// Final gives the stage's counts, complete. It may be called when the run has ended.
func (s *Stage) Final() Counts { return s.Counts }

// complete fills in the counts that the stage did not keep by itself.
func (s *Stage) complete() {
	c := &s.Counts
	s.elsewhere.book(c)
	if s.crew != nil {
		s.crew.tally(c)
	}
	if s.books == Mapped {
		c.In = s.fed
	}
	c.derive(s.books)
}

// derive fills in what follows from what a stage counts.
func (c *Counts) derive(b Books) {
	if b == Mapped || b == Absorbed {
		c.Passed = c.In - c.Filtered - c.Dropped - c.DeadLettered - c.Failed - c.Held
	}
	if b == Mapped || b == Selected {
		c.Out = c.Passed
	}
}

func (c *Counts) balanced() bool {
	return c.Passed >= 0 && c.In == c.Passed+c.Filtered+c.Dropped+c.DeadLettered+c.Failed+c.Held
}

// String names the stage for messages of the kernel's own.
func (s *Stage) String() string { return fmt.Sprintf("stage %q (%s)", s.Name(), s.op) }
