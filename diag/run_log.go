package diag

import (
	"context"
	"log/slog"

	"github.com/go-streamz/streamz/flow"
)

// Logger makes an observer, for flow.WithObserver, that writes what happens in a run to l, with
// the run's name and ID in each line: its beginning, its phases and its end at level Info; restarts,
// stalls, and an end with an error at level Warn; a drain that did not finish in its time at level
// Error; and each failed item at level Debug, since there may be many. The item is in the line
// only if flow.WithItemFormat put it into the text of the error. A nil l is [slog.Default], whatever
// that is at the time.
//
// For lines about the items themselves see [Log].
func Logger(l *slog.Logger) flow.Observer {
	return flow.ObserverFunc(func(e flow.Event) {
		out := l
		if out == nil {
			out = slog.Default()
		}
		if n, ok := noteOf(e); ok && out.Enabled(context.Background(), n.level) {
			attrs := append([]slog.Attr{slog.String("run", n.run.Name()), slog.String("id", n.run.ID())}, n.attrs...)
			out.LogAttrs(context.Background(), n.level, n.text, attrs...)
		}
	})
}

// note is a line about an event.
type note struct {
	run   *flow.View
	level slog.Level
	text  string
	attrs []slog.Attr
}

// noteOf gives the line of an event, if it has one.
func noteOf(e flow.Event) (note, bool) {
	switch e := e.(type) {
	case flow.RunStarted:
		plan := e.Run.Plan()
		return note{e.Run, slog.LevelInfo, "run started", []slog.Attr{
			slog.Int("stages", len(plan.Stages)), slog.Int("segments", plan.Segments),
		}}, true
	case flow.RunEnded:
		return noteOfEnd(e), true
	case flow.PhaseChanged:
		return note{e.Run, slog.LevelInfo, "run " + e.Phase.String(), nil}, true
	case flow.ItemFailed:
		return note{e.Run, slog.LevelDebug, "item failed", []slog.Attr{
			slog.String("stage", e.Err.Stage), slog.String("action", e.Action), slog.Int("attempt", e.Err.Attempt), slog.Any("error", e.Err),
		}}, true
	case flow.Restarted:
		return note{e.Run, slog.LevelWarn, "restarting", []slog.Attr{
			slog.String("stage", e.Stage.Name), slog.Int("count", e.Count), slog.Duration("wait", e.Wait), slog.Any("error", e.Err),
		}}, true
	case flow.Stalled:
		return note{e.Run, slog.LevelWarn, "stalled", []slog.Attr{slog.String("stage", e.Stall.Name), slog.Any("error", e.Stall)}}, true
	case flow.DrainMissed:
		return note{e.Run, slog.LevelError, "drain missed", []slog.Attr{slog.Any("error", e.Err)}}, true
	}
	return note{}, false
}

func noteOfEnd(e flow.RunEnded) note {
	n := note{e.Run, slog.LevelInfo, "run ended", []slog.Attr{slog.Duration("after", e.Report.Duration)}}
	if e.Report.Cause != nil {
		n.level, n.attrs = slog.LevelWarn, append(n.attrs, slog.Any("error", e.Report.Cause))
	}
	return n
}
