package chaos

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var (
	errGoexit = errors.New("the run was left by a Goexit")
	quiet     = flow.WithLogger(slog.New(slog.DiscardHandler))
)

// deadline gives a run one, now and then.
func (g *gamble) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if g.IntN(10) > 0 || g.calm {
		return ctx, func() {}
	}
	d := time.Duration(g.IntN(20_000)) * time.Millisecond
	g.happened("a deadline")
	g.endAt(time.Now().Add(d))
	return context.WithTimeout(ctx, d)
}

// endAt notes when the context of the run ends.
func (e *events) endAt(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told++
	if e.ending.IsZero() || at.Before(e.ending) {
		e.ending = at
	}
}

// endsAt is when the context of the run ended, or zero. What is stuck may still end it after
// the run was given up.
func (e *events) endsAt() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ending
}

// mayIdle tells whether something has happened for which a run may have nothing to do.
func (e *events) mayIdle() bool {
	return slices.ContainsFunc([]string{
		"a wait", "an idle channel", "a function that sticks", "a pause without end", "a restart", "a slow pace",
	}, e.has)
}

// await waits for the end of the run, and ends one that idles.
func (g *game) await(done chan error) (err error, ok bool) {
	select {
	case err := <-done:
		return err, true
	case <-time.After(g.idle):
	}
	if g.idle == idle && !g.mayIdle() {
		g.complain("the run hangs")
	}
	g.cancel(&planted{"idling"})
	select {
	case err := <-done:
		return err, true
	case <-time.After(soon):
		return nil, false
	}
}

// check looks at what a run has left.
func (g *game) check(err error, r *flow.Report) {
	if err == errGoexit && r.Cause != nil {
		err = r.Cause // which Run could not return
	}
	gaveUp := len(r.Stuck) > 0
	g.checkError(err, r.Cause)
	g.checkGuards(r, gaveUp)
	if n := len(r.Stages); n > 0 && g.got != nil && err != errGoexit && !g.early && !gaveUp {
		if s, n := r.Stages[n-1], int64(len(g.got)); n > s.In || n < s.In-s.Held || err == nil && n < s.In {
			g.complain("the terminal gave %d items", len(g.got))
		}
	}
	switch {
	case len(r.Stages) == 0:
		g.complain("there is no report")
	case !gaveUp && !r.Balanced():
		g.complain("the books do not balance:\n%v", r)
	}
	if !g.endsAt().IsZero() && time.Since(g.endsAt()) > soon {
		g.complain("the run ended %v after its context", time.Since(g.endsAt()))
	}
	for _, arrived := range g.barriers {
		for i := range arrived {
			if n := arrived[i].Load(); n > 1 {
				g.complain("the function of barrier %d was called %d times", i, n)
			}
		}
	}
	if len(g.broken) > 0 {
		g.complain("error: %v\n%v", err, r)
	}
}

// checkError holds the error against what has happened. A loop whose body panicked has left
// that of the run to the report.
func (g *game) checkError(err, cause error) {
	if !g.expected(err) {
		g.complain("nobody planted the error %v", err)
	}
	if _, stuck := errors.AsType[*flow.StuckError](err); stuck || g.early || !g.endsAt().IsZero() {
		return // what fails after that may not matter
	}
	if err == nil && len(g.fatal) > 0 {
		g.complain("the run hides that these failed: %s", strings.Join(g.fatal, ", "))
	}
	for _, e := range g.errs {
		if !errors.Is(err, e) && !errors.Is(cause, e) {
			g.complain("the run's error lacks %v", e)
		}
	}
}

// expected tells the errors that faults lead to from those they must not.
func (g *game) expected(err error) bool {
	stage, _ := errors.AsType[*flow.StageError](err)
	switch {
	case err == nil, errors.Is(err, flow.ErrEmpty), errors.Is(err, errPlanted):
		return true
	case g.asked(err):
		return true
	case errors.Is(err, ops.ErrCircuitOpen): // after failures that did not end the run
		return true
	case g.has("a stop") && errors.Is(err, context.Canceled):
		return true
	case misuse(err) != nil && stage == nil: // else it is that of what a function of Handle gave
		return false
	case errors.Is(err, context.DeadlineExceeded):
		return g.has("a deadline") || g.has("a wait") || stage != nil
	case g.has("a Goexit") && (err == errGoexit || strings.Contains(err.Error(), "Goexit")):
		return true
	}
	return g.has("an ErrStop") && stage != nil && !errors.Is(err, context.Canceled)
}

// asked tells the errors that have no fault as their cause.
func (g *game) asked(err error) bool {
	_, stuck := errors.AsType[*flow.StuckError](err)
	_, stalled := errors.AsType[*flow.StallError](err)
	_, ended := errors.AsType[*flow.RestartError](err)
	_, leaked := errors.AsType[*flow.LeakError](err)
	return g.has("a full join") && errors.Is(err, flow.ErrJoinFull) || stuck || stalled || ended || leaked || errors.Is(err, ops.ErrTimeout) || errors.Is(err, ops.ErrBulkheadFull)
}
