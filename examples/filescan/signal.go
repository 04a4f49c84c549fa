package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// stopped is the cause of a run that ends because of a signal.
type stopped struct{ os.Signal }

func (s stopped) Error() string { return s.String() + " signal received" }

// exitCode is that of a program that such a signal ends.
func (s stopped) exitCode() int {
	if s.Signal == syscall.SIGTERM {
		return terminated
	}
	return interrupted
}

// untilSignal gives a context that ends with the first of the signals, with it as the cause
// as [stopped]. The next one ends the program at once.
func untilSignal(signals ...os.Signal) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	first := make(chan os.Signal, 1)
	signal.Notify(first, signals...)
	go func() {
		s := <-first
		signal.Stop(first)
		cancel(stopped{s})
	}()
	return ctx
}
