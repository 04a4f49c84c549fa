package kernel

import "errors"

// ErrGoexit is the value of a Fault whose user function ended its goroutine with
// runtime.Goexit, as t.FailNow does.
var ErrGoexit = errors.New("runtime.Goexit called")

// Fault is one failure of a stage's user code. Err is what the function
// returned, or nil after a panic; the layer above turns the Fault into an error
// of its own with Host.Blame.
type Fault struct {
	Stage   *Stage
	Item    any   // nil if it concerns no item, or if the item is out of reach
	Attempt int   // which call for the item it is
	Round   int   // how often the stage was given the item, which differs where it repeats calls itself
	Nth     int64 // of the stage's failed items, from 1
	Seen    int64 // items up to this one; with workers those that are done with. Only with Policy.Counts
	Err     error
	Panic   any // value of the panic
	Stack   []byte

	item  bool // an item is lost with it
	final bool // no policy can go on after it: the stack was unwound past the stage
}

// Panicked tells a panic from a returned error.
func (f *Fault) Panicked() bool { return f.Stack != nil }

// settle books the item as failed, asks the policy, does what it says and tells whoever
// wants to know. The books come first, and what is called after them runs outside the
// item, so that a panic of it is a failure of its own.
//
// Workers of one stage settle one at a time, so that handlers need no lock. They wait on
// a channel, since a handler may block.
func (s *Stage) settle(f *Fault) error {
	main := s.main
	s.watch.stop()
	if main.crew != nil {
		main.crew.turn <- struct{}{}
		defer func() { <-main.crew.turn }()
	}
	if f.item {
		main.Failed++
		if s.emits {
			s.Held--
		}
	}
	f.Nth = main.Failed + main.DeadLettered
	f.Seen = main.position(f.Nth)
	s.Outside()
	blame := s.blame(f)
	if f.item && s.watch != nil {
		s.orFail(blame, s.watch.fail)
	}
	v := s.decide(f, blame)
	if told := s.seg.run.settled(); told != nil {
		s.Notify(func() { told(f, blame, v) }) // while the others are still there to be looked at
	}
	err := s.follow(v, blame)
	main.showFailures()
	if s.told != nil && f.item && v.Action.settles() && !(f.Panicked() && s.seg.run.opts.Discreet) {
		s.told(s.ctx, f)
	}
	return err
}

// Repeats tells those who look at the run of a failure after which the stage is about to call
// again by itself, see [Stage.Repeat].
func (s *Stage) Repeats(item any, err error) {
	told := s.seg.run.settled()
	if told == nil {
		return
	}
	main := s.main
	if main.crew != nil {
		main.crew.turn <- struct{}{}
		defer func() { <-main.crew.turn }()
	}
	main.Failed++ // unless what is called here returns
	f := &Fault{Stage: s, Item: item, Err: err, Attempt: s.tries(), Round: int(s.attempt), item: true}
	f.Nth = main.Failed + main.DeadLettered
	s.Outside()
	blame := s.blame(f)
	s.Notify(func() { told(f, blame, Verdict{Action: Again}) })
	main.Failed--
	s.Mark().Enter() // the item is still in hand
	s.enter(true)
}

// follow does what a verdict says about an item that is booked as failed.
func (s *Stage) follow(v Verdict, blame error) error {
	switch main := s.main; v.Action {
	case Skip:
		return nil
	case Aside:
		main.Failed--
		main.DeadLettered++
		return nil
	case Again:
		main.Failed--
		own := s.ownCalls()
		own.pause, own.again = v.Wait, true
		return errAgain
	case Keep:
		main.Failed--
		s.Held++ // a worker's own: main's is for whoever accepts items
		s.interrupted(Working, v.Err)
		return s.seg.cause()
	}
	return s.seg.run.fail(v.cause(blame))
}

// blame makes the error of a fault, and lets the host describe its item.
func (s *Stage) blame(f *Fault) error {
	host := s.seg.run.opts.Host
	err := host.Blame(f)
	s.orFail(err, func() { host.Describe(f, err) })
	return err
}

// decide asks the stage itself if it decides about its errors, else the policy.
func (s *Stage) decide(f *Fault, blame error) (v Verdict) {
	decider := s.decider
	if s.decides != nil && !f.Panicked() {
		decider = s.decides
	}
	if decider == nil || !f.item || f.final {
		return Verdict{}
	}
	s.orFail(blame, func() { v = decider(s.ctx, f, blame) })
	return v
}

// orFail calls what deals with a failure. If it does not return, by a panic or a Goexit, the
// failure must not be lost, and it came first.
func (s *Stage) orFail(blame error, fn func()) {
	unwinding(fn, func() { _ = s.seg.run.fail(blame) })
}

// Notify has the layer above told of something. It records itself what goes wrong there, so
// a Goexit that goes on from here is no failure of any stage.
func (s *Stage) Notify(fn func()) {
	unwinding(fn, func() { s.seg.exiting = true })
}

// unwinding calls fn, and then, if that does not return, what is to be done before the panic or
// the Goexit goes on.
func unwinding(fn, then func()) {
	clean := false
	defer func() {
		if !clean {
			then()
		}
	}()
	fn()
	clean = true
}

// caught turns what recover gave into a recorded failure of the stage whose user
// code was running. A nil value is a Goexit, which goes on unwinding afterwards and is
// seen by everyone on its way: the first to see it records it.
//
// A guard or a fence that recovers a panic in the middle of a Goexit does not see that, and
// settles the panic. So if the emit of the stage was refused before, the Goexit may be one
// from below, and the item was passed on; and a call that was to be repeated will not be.
func (g *Segment) caught(value any) error {
	at, item := g.at, true
	if at < 0 {
		at, item = ^at, false
	}
	s := g.run.stages[at]
	if g.worker != nil && s == g.worker.main {
		s = g.worker
	}
	if value == nil {
		if g.exiting {
			return g.cause()
		}
		g.exiting = true
		value = ErrGoexit
		item = item && s.stuck == nil
		s.forgo()
	}
	f := newPanic(s, value)
	f.item, f.final = item, true
	if !item {
		f.Attempt = 1 // whatever was repeated is over
	}
	return s.settleLast(f)
}

// settleLast settles a failure where nobody is left to recover from a function that is told
// of it and panics in turn. That one concerns no item, so nobody is told of it.
func (s *Stage) settleLast(f *Fault) (err error) {
	clean := false
	defer func() {
		if !clean {
			err = s.seg.rescue(recover())
		}
	}()
	err = s.settle(f)
	clean = true
	return err
}

// forgo keeps the item of a call that was to be repeated.
func (s *Stage) forgo() {
	if s.calls != nil && s.calls.again {
		s.calls.again = false
		s.Held++
	}
}

// newPanic is called by a function that is deferred itself, see Stack.
func newPanic(s *Stage, value any) *Fault {
	t, again := value.(*Thrown)
	if !again {
		t = &Thrown{value, Stack()}
	}
	return &Fault{Stage: s, Attempt: s.tries(), Round: int(s.attempt), Panic: t.Value, Stack: t.Stack}
}
