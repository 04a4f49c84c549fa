package flow

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Tick gives the time at every multiple of d after the start of the flow, without end, by
// the clock of the run. d must be positive.
//
// A tick that falls due while the flow is busy waits for it; if the next one falls due
// meanwhile it takes the place of the first, as for a time.Ticker one tick at most waits.
// Those that do come keep their phase.
func Tick(d time.Duration) Flow[time.Time] {
	return origin(kernel.Source[time.Time]{
		Name: "tick", Op: "Tick", Err: positive(d, "interval"),
		Loop: func(s *kernel.Stage, push func(time.Time) error) error { return tick(s, d, push) },
	})
}

func tick(s *kernel.Stage, d time.Duration, push func(time.Time) error) error {
	start := s.Time()
	for due := d; ; due += d {
		if err := s.Wait(due - s.Time().Sub(start)); err != nil {
			return err
		}
		due = max(due, s.Time().Sub(start).Truncate(d)) // the last that is due, of several
		if err := s.Next(); err != nil {
			return err
		}
		if err := push(start.Add(due)); err != nil {
			return err
		}
	}
}

// Poll gives what fn returns. It calls fn at once and then each d after the start of the
// call before, by the clock of the run. Calls do not overlap: when one falls due while
// another still runs, or while its item waits for the flow, it is skipped, and the next
// comes at the next multiple of d. d must be positive and fn not nil.
//
// [ErrStop] from fn ends the flow as complete; any other error is the source's failure and
// ends the run. To go on after failures, call fn behind a [Tick], where there are policies:
// flow.Tick(d).Call(...).OnError(flow.Skip()). The context that fn gets ends with the run
// or when nobody needs more items, and fn has to return soon after.
func Poll[T any](d time.Duration, fn func(context.Context) (T, error)) Flow[T] {
	return origin(kernel.Source[T]{
		Name: "poll", Op: "Poll", Err: kernel.Join(positive(d, "interval"), notNil(fn, "function")),
		Loop: func(s *kernel.Stage, push func(T) error) error { return poll(s, d, fn, push) },
	})
}

func poll[T any](s *kernel.Stage, d time.Duration, fn func(context.Context) (T, error), push func(T) error) error {
	for wait := time.Duration(0); ; {
		if err := s.Wait(wait); err != nil {
			return err
		}
		start := s.Time()
		s.Outside()
		v, err := fn(s.Context())
		if err != nil {
			return s.Break(err)
		}
		if err := s.NextInHand(); err != nil {
			return err
		}
		if err := push(v); err != nil {
			return err
		}
		wait = untilNext(d, s.Time().Sub(start))
	}
}

// untilNext is how long it is from elapsed to the next multiple of d that is not 0.
func untilNext(d, elapsed time.Duration) time.Duration {
	if elapsed < d {
		return d - elapsed
	}
	return (d - elapsed%d) % d
}

func positive(d time.Duration, field string) error {
	if d <= 0 {
		return &ConfigError{Field: field, Value: d, Want: "must be positive"}
	}
	return nil
}
