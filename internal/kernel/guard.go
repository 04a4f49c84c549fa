package kernel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// errAgain is what a stage's push returns to its guard when the policy wants the call to
// be repeated. Nobody else sees it.
var errAgain = errors.New("streamz: call the function again")

// lenient tells whether a policy may let the stream go on after a failure of the stage.
func (s *Stage) lenient() bool { return s.policy != nil && s.policy != StopAll }

// guarded tells whether that goes for panics as well.
func (s *Stage) guarded() bool { return s.lenient() && !s.seg.run.opts.Crash }

// underPolicy puts the stage's push under its policy.
func underPolicy[T any](s *Stage, push func(T) error) func(T) error {
	if s.guarded() {
		push = guard(s, push)
	}
	if s.lenient() && s.policy.Repeats {
		push = repeat(s, push)
	}
	return push
}

// numbered counts the items that come to a stage whose policy wants to know.
func numbered[T any](s *Stage, push func(T) error) func(T) error {
	if !s.lenient() || !s.policy.Counts {
		return push
	}
	return func(v T) error {
		s.seen++
		return push(v)
	}
}

// guard makes a panic of the stage's own function a failure of one item, to be
// settled by the stage's policy. It sees nobody else's, because whatever is below
// is behind a fence.
//
// It stands around the stage's whole push, so no processor has to know of it.
func guard[T any](s *Stage, push func(T) error) func(T) error {
	return func(v T) (err error) {
		clean := false
		defer func() {
			if !clean {
				err = s.panicked(v, recover())
			}
		}()
		err = push(v)
		clean = true
		return err
	}
}

// panicked settles a panic of the stage's function while it had an item. One of the
// policy or of a handler is no failure of the item, and a Goexit cannot be survived.
func (s *Stage) panicked(item, value any) error {
	if value == nil || s.seg.at < 0 {
		return s.seg.caught(value)
	}
	f := newPanic(s, value)
	f.Item, f.item = item, true
	err := s.settle(f)
	if s.stuck != nil {
		return s.stuck
	}
	return err
}

// repeat calls a guarded push again as long as the policy says so. What lies below the
// stage is not repeated: a push that has come so far does not fail by this stage.
func repeat[T any](s *Stage, push func(T) error) func(T) error {
	return func(v T) error {
		for s.attempt = 1; ; s.attempt++ {
			if err := limited(s, push, v); err != errAgain {
				return err
			}
			s.calls.again = false
			if err := s.backOff(); err != nil {
				return err
			}
		}
	}
}

// limited gives the function of the stage a context that ends with the policy's Timeout.
func limited[T any](s *Stage, push func(T) error, v T) error {
	if s.policy.Timeout <= 0 || !s.heeds {
		return push(v)
	}
	ctx, cancel := clock.WithTimeout(s.ctx, s.clock, s.policy.Timeout)
	s.ownCalls().ctx = ctx
	defer func() {
		s.calls.ctx = nil
		cancel()
	}()
	return push(v)
}

// late says of an error that the call was given no more time. The call's own context
// ended then, and not the stage's: that would be no failure.
func (s *Stage) late(err error) error {
	if ctx := s.Context(); ctx == s.ctx || ctx.Err() == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return Late(s.policy.Timeout, err)
}

// Late is the error of a call that came back with err because it was given no more time.
func Late(limit time.Duration, err error) error {
	return fmt.Errorf("no result within %v: %w", limit, err)
}

// backOff waits before the next call and takes the item out of the books, as the push
// books it in again. If the run ends meanwhile the stage keeps the item.
func (s *Stage) backOff() error {
	if err := s.Wait(s.calls.pause); err != nil {
		s.Held++
		return err
	}
	if s.books != Mapped {
		s.In--
	}
	s.Retried++
	return nil
}

// position is where in the stream of a stage its nth failure stands. Workers finish items
// in any order, so there those that went well are counted when they are done with.
func (s *Stage) position(nth int64) int64 {
	if s.main.crew != nil {
		return s.main.crew.good() + nth
	}
	return s.seen
}
