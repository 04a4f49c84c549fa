package kernel

import (
	"context"
	"errors"
	"runtime/debug"
)

// ErrGoexit is the value of a Fault whose user function ended its goroutine with
// runtime.Goexit, as t.FailNow does.
var ErrGoexit = errors.New("runtime.Goexit called")

// Fault is one failure of a stage's user code. Err is what the function
// returned, or nil after a panic; the layer above turns the Fault into an error
// of its own with Host.Blame.
type Fault struct {
	Stage   *Stage
	Item    any // nil if it concerns no item, or if the item is out of reach
	Attempt int
	Nth     int64 // of the stage's failed items, from 1
	Err     error
	Panic   any // value of the panic
	Stack   []byte

	item  bool // an item is lost with it
	final bool // no policy can go on after it: the stack was unwound past the stage
}

// Panicked tells a panic from a returned error.
func (f *Fault) Panicked() bool { return f.Stack != nil }

// Verdict is what a Policy decides.
type Verdict uint8

const (
	// Stop ends the run with the failure as its cause.
	Stop Verdict = iota
	// Skip goes on without the item.
	Skip
)

// Policy decides about the failure of one item. It is asked on the segment's
// goroutine; blame is the failure as the user will see it.
type Policy interface {
	Decide(ctx context.Context, f *Fault, blame error) Verdict
}

// StopAll is the policy of a stage that has none, for one that must not take the
// default of the sub-flow around it.
var StopAll Policy = stopAll{}

type stopAll struct{}

func (stopAll) Decide(context.Context, *Fault, error) Verdict { return Stop }

// settle books the item as failed, asks the policy and tells whoever wants to know.
// The books come first, and what is called after them runs outside the item, so that a
// panic of it is a failure of its own.
func (s *Stage) settle(f *Fault) error {
	if f.item {
		s.Failed++
		if s.emits {
			s.Held--
		}
	}
	f.Nth = s.Failed
	blame := s.seg.run.opts.Host.Blame(f)
	s.Outside()
	var err error
	if s.decide(f, blame) == Stop {
		err = s.seg.run.fail(blame)
	}
	if s.told != nil && f.item {
		s.told(s.ctx, f)
	}
	return err
}

// decide asks the policy. If that panics itself, the failure it was asked about must
// not be lost.
func (s *Stage) decide(f *Fault, blame error) Verdict {
	if s.policy == nil || !f.item || f.final {
		return Stop
	}
	clean := false
	defer func() {
		if !clean {
			_ = s.seg.run.fail(blame)
		}
	}()
	verdict := s.policy.Decide(s.ctx, f, blame)
	clean = true
	return verdict
}

// caught turns what recover gave into a recorded failure of the stage whose user
// code was running. A nil value is a Goexit, which goes on unwinding afterwards and is
// seen by everyone on its way: the first to see it records it.
func (g *Segment) caught(value any) error {
	if value == nil {
		if g.exiting {
			return g.cause()
		}
		g.exiting = true
		value = ErrGoexit
	}
	at, item := g.at, true
	if at < 0 {
		at, item = ^at, false
	}
	f := newPanic(g.run.stages[at], value)
	f.item, f.final = item, true
	return f.Stage.settle(f)
}

func newPanic(s *Stage, value any) *Fault {
	return &Fault{Stage: s, Attempt: 1, Panic: value, Stack: debug.Stack()}
}
