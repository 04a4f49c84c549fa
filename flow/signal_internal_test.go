package flow

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// signalled runs a job that is sent signals at the given times, and tells when it ended and
// whether signals were released before.
func signalled(t *testing.T, job Job, within time.Duration, at ...time.Duration) (took time.Duration, released bool, err error) {
	t.Helper()
	signals := make(chan os.Signal, 2)
	for _, d := range at {
		time.AfterFunc(d, func() { signals <- syscall.SIGTERM })
	}
	begun := time.Now()
	err = runUntil(t.Context(), signals, func() { released = true }, job, within, []Option{WithLogger(slog.New(slog.DiscardHandler))})
	took = time.Since(begun)
	synctest.Wait()
	return took, released, err
}

func TestRunUntil(t *testing.T) {
	slow := func(heeds bool) Job {
		return Tick(time.Second).ForEach(func(ctx context.Context, _ time.Time) error {
			if !heeds {
				time.Sleep(time.Minute)
				return nil
			}
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
	}
	s := time.Second
	cases := map[string]struct {
		job      Job
		within   time.Duration
		at       []time.Duration
		check    func(error) bool
		took     time.Duration
		released bool
	}{
		"no signal":           {Tick(s).Take(3).Discard(), 0, nil, func(err error) bool { return err == nil }, 3 * s, false},
		"a failure":           {Tick(s).TryMap(func(time.Time) (int, error) { return 0, os.ErrClosed }).Discard(), 0, nil, func(err error) bool { return errors.Is(err, os.ErrClosed) }, s, false},
		"one":                 {slow(true), 0, []time.Duration{90 * s}, func(err error) bool { return err == nil }, 121 * s, true},
		"one, in time":        {slow(true), time.Hour, []time.Duration{90 * s}, func(err error) bool { return err == nil }, 121 * s, true},
		"two":                 {slow(true), 0, []time.Duration{90 * s, 95 * s}, isSignal, 95 * s, true},
		"two, the deaf":       {slow(false), 0, []time.Duration{90 * s, 95 * s}, isSignal, 121 * s, true},
		"one, too late":       {slow(true), 10 * s, []time.Duration{90 * s}, isMissed, 100 * s, true},
		"one, too late, deaf": {slow(false), 10 * s, []time.Duration{90 * s}, isMissed, 121 * s, true},
		"of nothing":          {Job{}, 0, nil, func(err error) bool { _, ok := err.(*ConfigError); return ok }, 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, released, err := signalled(t, c.job, c.within, c.at...)
				if !c.check(err) || took != c.took || released != c.released {
					t.Errorf("after %v, want %v, released: %v: %v", took, c.took, released, err)
				}
			})
		})
	}
}

func isSignal(err error) bool {
	sig, ok := err.(*SignalError)
	return ok && sig.Signal == syscall.SIGTERM && err.Error() == "ended by a second signal: terminated"
}

func isMissed(err error) bool {
	_, ok := errors.AsType[*DrainError](err)
	return ok && errors.Is(err, context.DeadlineExceeded)
}
