package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var (
	errBoom    = errors.New("boom")
	errPlanted = errors.New("planted")
)

var quiet = flow.WithLogger(slog.New(slog.DiscardHandler))

// boom is a user function that panics. Its name is looked for in stacks.
func boom() { panic(errBoom) }

// at gives the file:line of its caller, as errors and reports have it.
func at() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, line)
}

// stageError gives the error of a stage that err has to be, or to be joined of.
func stageError(t *testing.T, err error) *flow.StageError {
	t.Helper()
	failed, ok := errors.AsType[*flow.StageError](err)
	if !ok {
		t.Fatalf("got the error %v, want a *StageError", err)
	}
	return failed
}

// configErrors gives the configuration errors that err has to be joined of.
func configErrors(t *testing.T, err error) []*flow.ConfigError {
	t.Helper()
	switch e := err.(type) {
	case *flow.ConfigError:
		return []*flow.ConfigError{e}
	case interface{ Unwrap() []error }:
		var all []*flow.ConfigError
		for _, err := range e.Unwrap() {
			all = append(all, configErrors(t, err)...)
		}
		return all
	}
	t.Fatalf("got the error %v, want nothing but *ConfigErrors", err)
	return nil
}

// stageReport gives the row of a stage.
func stageReport(t *testing.T, r *flow.Report, name string) flow.StageReport {
	t.Helper()
	for _, s := range r.Stages {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("the report has no stage %q:\n%v", name, r)
	return flow.StageReport{}
}

// stageNames gives the names in a report.
func stageNames(r *flow.Report) []string {
	var names []string
	for _, s := range r.Stages {
		names = append(names, s.Name)
	}
	return names
}

// signals makes a SignalSource of a function.
type signals func(ctx context.Context, out flow.Emitter[int]) error

func (fn signals) Stream(ctx context.Context, out flow.Emitter[int]) error { return fn(ctx, out) }

// source makes a Source of a function.
type source func(ctx context.Context, emit func(int) error) error

func (fn source) Stream(ctx context.Context, emit func(int) error) error { return fn(ctx, emit) }

// blocked is a source that gives n items and then waits for the end.
func blocked(n int) flow.Flow[int] {
	return flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		for i := range n {
			if err := emit(i); err != nil {
				return err
			}
		}
		<-ctx.Done()
		return ctx.Err()
	})
}

// journal notes what happens on several goroutines.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}

func (j *journal) String() string { return strings.Join(j.all(), ", ") }

// part is a gatherer, or a sink, whose methods call hook with their names first, if
// there is one, and note in the journal how they were closed.
type part struct {
	name string
	book *journal
	hook func(method string) error
}

func (p *part) call(method string) error {
	if p.hook == nil {
		return nil
	}
	return p.hook(method)
}

func (p *part) closed(cause error) error {
	if p.book != nil {
		p.book.note("%s closed: %v", p.name, cause)
	}
	return p.call("Close")
}

// gatherPart is a part that passes its items on.
type gatherPart struct{ part }

var _ ops.Gatherer[int, int] = (*gatherPart)(nil)

func (p *gatherPart) Start(context.Context) (ops.Pusher[int, int], error) {
	return p, p.call("Start")
}

func (p *gatherPart) Push(_ context.Context, v int, emit func(int) error) error {
	if err := p.call("Push"); err != nil {
		return err
	}
	return emit(v)
}

func (p *gatherPart) End(context.Context, func(int) error) error   { return p.call("End") }
func (p *gatherPart) Flush(context.Context, func(int) error) error { return p.call("Flush") }
func (p *gatherPart) Close(cause error) error                      { return p.closed(cause) }

// sinkPart is a part that takes items.
type sinkPart struct{ part }

func (p *sinkPart) Open(context.Context) error     { return p.call("Open") }
func (p *sinkPart) Put(context.Context, int) error { return p.call("Put") }
func (p *sinkPart) Flush(context.Context) error    { return p.call("Flush") }
func (p *sinkPart) Close(cause error) error        { return p.closed(cause) }

// relay is a processor that only knows channels, written as the guide does.
func relay(ctx context.Context, in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for v := range in {
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
