package kernel_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is the layer above, as plain as it can be.
type host struct{}

func (host) Blame(f *kernel.Fault) error {
	if f.Panicked() {
		return errors.New("panic")
	}
	return f.Err
}

func (host) Describe(*kernel.Fault, error)                   {}
func (host) Late(_ *kernel.Run, cause error) error           { return cause }
func (host) Misuse(_ kernel.Site, _ string, err error) error { return err }

func (host) Supervise(ctx context.Context, _ *kernel.Stage) context.Context { return ctx }

func newRun(ctx context.Context, c clock.Clock) *kernel.Run {
	return kernel.NewRun(ctx, kernel.Options{Clock: c, Logger: slog.New(slog.DiscardHandler), Host: host{}})
}

// execute runs what was wired and wants it to end as told, with its books in balance.
func execute(t *testing.T, run *kernel.Run, want error) {
	t.Helper()
	if err := run.Execute(); !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("Execute() = %v, want %v", err, want)
	}
	if where := run.Imbalance(); where != "" {
		t.Errorf("the books of %s do not balance", where)
	}
}

// sink attaches a last stage that hands what it gets to push and signal, which do not
// block.
func sink[T any](run *kernel.Run, push func(T) error, signal func(kernel.Signal) error) (*kernel.Segment, kernel.Port[T]) {
	return anySink(run, false, push, signal)
}

// slowSink is a sink that may block.
func slowSink[T any](run *kernel.Run, push func(T) error, signal func(kernel.Signal) error) (*kernel.Segment, kernel.Port[T]) {
	return anySink(run, true, push, signal)
}

func anySink[T any](run *kernel.Run, blocks bool, push func(T) error, signal func(kernel.Signal) error) (*kernel.Segment, kernel.Port[T]) {
	spec := kernel.Spec[T, struct{}]{Name: "sink", Op: "Sink", Books: kernel.Absorbed, Blocks: blocks}
	spec.Start = func(s *kernel.Stage, _ kernel.Port[struct{}]) kernel.Port[T] {
		return kernel.Port[T]{
			Push: func(v T) error {
				s.In++
				return push(v)
			},
			Signal: func(sig kernel.Signal) error {
				if err := signal(sig); err != nil {
					return err
				}
				return s.Arrived(sig)
			},
		}
	}
	return kernel.Attach(run.Last(), kernel.Site{}, spec, kernel.Port[struct{}]{})
}

func ignore(kernel.Signal) error { return nil }
