package flow

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// RunUntilSignal runs the job for a main function: the first SIGINT or SIGTERM drains it,
// see [Running.Drain], and the second ends it at once. It returns what [Job.Run] would, nil
// after a drain that was completed.
//
// A drain may take as long as within says, or without end if that is 0: where a supervisor
// kills the process some time after the first signal, within has to be shorter than that.
// After it the result is a *[DrainError]; after a second signal it is a *[SignalError].
//
// Once the run has been told to end at once, by either, a further signal does what it does to
// any program: a function that ignores its context cannot keep the process alive. To have the
// run given up instead there is [WithGrace].
func RunUntilSignal(ctx context.Context, job Job, within time.Duration, opts ...Option) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	release := func() { signal.Stop(signals) }
	defer release()
	return runUntil(ctx, signals, release, job, within, opts)
}

// runUntil calls release when no signal matters any more.
func runUntil(ctx context.Context, signals <-chan os.Signal, release func(), job Job, within time.Duration, opts []Option) error {
	running := job.Start(ctx, opts...)
	var sig os.Signal
	select {
	case <-running.Done():
		return running.Wait()
	case sig = <-signals:
	}
	running.r.o.logger.Info("draining, a second signal ends the run at once", "run", running.Name(), "signal", sig.String())
	drain, cancel := running.limit(within)
	defer cancel(nil)
	go func() {
		defer release()
		select {
		case sig := <-signals:
			running.Stop(&SignalError{Signal: sig})
		case <-drain.Done():
		}
	}()
	_ = running.Drain(drain) // Wait tells the same, and what a second signal made of it
	return running.Wait()
}

// limit gives a context that ends after d by the clock of the run, or with its cancel.
func (r *Running) limit(d time.Duration) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	if d <= 0 {
		return ctx, cancel
	}
	go func() {
		timer := r.r.o.clock.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C():
			cancel(fmt.Errorf("not drained within %v: %w", d, context.DeadlineExceeded))
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// SignalError is the cause of a run that a second signal ended.
type SignalError struct{ Signal os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "ended by a second signal: " + e.Signal.String() }
