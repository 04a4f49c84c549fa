package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Policy says what happens when a user function fails for an item, by an error or a
// panic. [Stop], [Skip], [DeadLetter], [DeadLetters] and [Handle] settle the matter;
// [Retry] and [Budget] look at the failure first and leave the rest to what follows them,
// see [Policy.Then]. The zero Policy is Stop. A failed item is always counted, whatever
// the policy.
//
// A policy acts on the stage that it is given to, and on a sub-flow it is the default of
// the stages inside. It is asked about one item of a stage at a time. While it waits, or a
// function of it runs, timers of other stages go on.
type Policy struct {
	kind policyKind
	err  error
	next *Policy // what Then gave

	ask    func(context.Context, *StageError) Policy // of Handle
	letter lettering
	retry  retrying
	budget budgeting
}

type policyKind uint8

const (
	stop policyKind = iota
	skip
	handle
	letter
	retry
	budget
)

func (k policyKind) String() string {
	return [...]string{"Stop", "Skip", "Handle", "DeadLetter", "Retry", "Budget"}[k]
}

// Stop ends the run: its context is cancelled with the failure as the cause, and Run
// returns a [*StageError].
func Stop() Policy { return Policy{} }

// Skip goes on without the item. What the stage had already emitted for it stays. The
// failures are logged as warnings, the first of a stage, the tenth, the hundredth and
// so on, and all counted in the report.
func Skip() Policy { return Policy{kind: skip} }

// Handle asks decide for each failed item what is to happen: it gives [Stop], [Skip] or a
// [DeadLetter]; anything else ends the run, with an error that says so. It is called on the
// goroutine that the function failed on, and the stream waits for it. A stage calls it for
// one item at a time; the stages of a sub-flow that share it may call it at once. Items that
// it skips are not logged. To repeat some calls put a [Retry] in front of it.
func Handle(decide func(ctx context.Context, failed *StageError) Policy) Policy {
	p := Policy{kind: handle, ask: decide}
	if decide == nil {
		p.err = needs("policy", "must not be Handle of nil")
	}
	return p
}

// Then says what happens to an item that a [Retry] gave up, or that a [Budget] has room
// for. Without it that is Stop after a Retry and Skip after a Budget.
//
//	flow.Retry(3, flow.Exponential(time.Second)).Then(flow.DeadLetter(store))
//	flow.Budget(100).Then(flow.DeadLetter(store))
//
// The other policies settle the matter, so that Then after one of them is a configuration
// error.
func (p Policy) Then(next Policy) Policy {
	switch {
	case p.kind != retry && p.kind != budget:
		p.err = kernel.Join(p.err, needs("policy", fmt.Sprintf("must have nothing after %v, which settles the matter", p.kind)))
	case p.next != nil:
		next = p.next.Then(next)
	}
	if p.kind == retry && next.has(retry) {
		p.err = kernel.Join(p.err, needs("policy", "must have one Retry"))
	}
	p.next = &next
	return p
}

// String names the policy and those after it: "Retry, then DeadLetter".
func (p Policy) String() string {
	if p.next == nil {
		return p.kind.String()
	}
	return p.kind.String() + ", then " + p.next.String()
}

// has tells whether the policy or one after it is of a kind.
func (p Policy) has(kind policyKind) bool {
	return p.kind == kind || p.next != nil && p.next.has(kind)
}

// misuse gives what is wrong with the policy and those after it.
func (p Policy) misuse() error {
	if p.next == nil {
		return p.err
	}
	return kernel.Join(p.err, p.next.misuse())
}

// kernel is the policy as the kernel takes it.
func (p Policy) kernel() *kernel.Policy {
	if p.kind == stop {
		return kernel.StopAll
	}
	return &kernel.Policy{
		Name:    p.String(),
		Start:   p.decider,
		Fits:    p.fits,
		Blocks:  p.has(retry) || p.has(letter) || p.has(handle),
		Repeats: p.has(retry),
		Timeout: p.timeout(),
		Counts:  p.has(budget),
	}
}

// fits gives what keeps a stage from having the policy.
func (p Policy) fits(use kernel.Use) error {
	var err error
	switch p.kind {
	case retry:
		err = p.retry.fits(use)
	case letter:
		err = p.letter.fits(use)
	case budget:
		err = p.budget.fits(use)
	}
	if p.next == nil {
		return err
	}
	return kernel.Join(err, p.next.fits(use))
}

// decider makes what decides for one stage of one run.
func (p Policy) decider() kernel.Decider {
	switch p.kind {
	case skip:
		return skipItem
	case handle:
		return p.handle
	case letter:
		return p.letter.decide
	case retry:
		return p.retry.decider(p.after(Stop()))
	case budget:
		return p.budget.decider(p.after(Skip()))
	}
	return kernel.StopAll.Start()
}

// after makes the decider of what follows, by default of another policy.
func (p Policy) after(other Policy) kernel.Decider {
	if p.next != nil {
		other = *p.next
	}
	return other.decider()
}

func (p Policy) handle(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
	next := p.ask(ctx, stageError(blame))
	if err := next.misuse(); err != nil {
		return giveUp(blame, fmt.Errorf("the function of Handle returned a policy that cannot be: %w", err))
	}
	switch next.kind {
	case stop:
		return kernel.Verdict{}
	case skip:
		return kernel.Verdict{Action: kernel.Skip}
	case letter:
		return next.letter.decide(ctx, f, blame)
	default:
		return giveUp(blame, fmt.Errorf("the function of Handle must return Stop, Skip or a DeadLetter, got %v", next.kind))
	}
}

// stageError is the failure that a policy is asked about. It was made by the host of this
// package.
func stageError(blame error) *StageError {
	e, _ := errors.AsType[*StageError](blame)
	return e
}

// giveUp stops the run because of a failure and of what went wrong while it was dealt
// with.
func giveUp(blame, err error) kernel.Verdict {
	e := *stageError(blame)
	e.Err, e.text = err, ""
	return kernel.Verdict{Err: errors.Join(blame, &e)}
}

// skipItem logs powers of ten: a stream whose every item fails must neither hide it nor
// drown the log.
func skipItem(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
	if kernel.Tenfold(f.Nth) {
		f.Stage.Segment().Run().Logger().LogAttrs(ctx, slog.LevelWarn, "item skipped",
			slog.String("stage", f.Stage.Name()), slog.Int64("skipped", f.Nth), slog.Any("error", blame))
	}
	return kernel.Verdict{Action: kernel.Skip}
}
