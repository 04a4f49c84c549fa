package flow

import (
	"context"
	"errors"
	"log/slog"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Policy says what happens when a user function fails for an item, by an error or a
// panic: see [Stop], [Skip] and [Handle]. The zero Policy is Stop. A failed item is
// always counted, whatever the policy.
type Policy struct {
	kind policyKind
	ask  func(context.Context, *StageError) Policy
	err  error
}

type policyKind uint8

const (
	stop policyKind = iota
	skip
	handle
)

// Stop ends the run: its context is cancelled with the failure as the cause, and Run
// returns a [*StageError].
func Stop() Policy { return Policy{} }

// Skip goes on without the item. What the stage had already emitted for it stays. The
// failures are logged as warnings, the first of a stage, the tenth, the hundredth and
// so on, and all counted in the report.
func Skip() Policy { return Policy{kind: skip} }

// Handle asks decide for each failed item what is to happen: it gives [Stop] or [Skip].
// It is called on the stage's goroutine, and the stream waits for it. A stage calls it for
// one item at a time; the stages of a sub-flow that share it may call it at once. Items
// that it skips are not logged.
func Handle(decide func(ctx context.Context, failed *StageError) Policy) Policy {
	p := Policy{kind: handle, ask: decide}
	if decide == nil {
		p.err = needs("policy", "must not be Handle of nil")
	}
	return p
}

// decider is a Policy as the kernel asks it. Every failure that it sees was made by this
// package's host.
type decider struct{ Policy }

func (p decider) Decide(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
	switch p.kind {
	case skip:
		logSkipped(ctx, f, blame)
		return kernel.Skip
	case handle:
		failed, _ := errors.AsType[*StageError](blame)
		if next := p.ask(ctx, failed); next.kind == skip {
			return kernel.Skip
		}
	}
	return kernel.Stop
}

// logSkipped writes powers of ten: a stream whose every item fails must neither hide
// it nor drown the log.
func logSkipped(ctx context.Context, f *kernel.Fault, blame error) {
	n := f.Nth
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	if n == 1 {
		f.Stage.Segment().Run().Logger().LogAttrs(ctx, slog.LevelWarn, "item skipped",
			slog.String("stage", f.Stage.Name()), slog.Int64("skipped", f.Nth), slog.Any("error", blame))
	}
}
