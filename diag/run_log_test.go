package diag_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
)

// withoutID cuts out what differs from run to run.
func withoutID(lines []string) []string {
	out := slices.Clone(lines)
	for i, line := range out {
		before, rest, _ := strings.Cut(line, " id=")
		_, after, _ := strings.Cut(rest, " ")
		out[i] = strings.TrimRight(before+" "+after, " ")
	}
	return out
}

func TestLoggerOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lines := notes(slog.LevelDebug)
		f := flow.Of(1, 10).Async(1).Call(slow).OnError(flow.Skip())
		if err := f.Run(t.Context(), flow.WithName("orders"), flow.WithObserver(diag.Logger(l)), audit(t), quiet()); err != nil {
			t.Fatal(err)
		}
		got := withoutID(lines())
		if len(got) == 3 {
			got[1], _, _ = strings.Cut(got[1], " error=")
		}
		wantLines(t, []string{
			`level=INFO msg="run started" run=orders stages=3 segments=2`,
			`level=DEBUG msg="item failed" run=orders stage=call action=skip attempt=1`,
			`level=INFO msg="run ended" run=orders after=11ms`,
		}, got)
	})
}

func TestLoggerOfRunsThatFail(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	err := flow.Of(10).Call(slow).Run(t.Context(), flow.WithObserver(diag.Logger(l)), audit(t))
	got := lines()
	if len(got) != 2 || !strings.Contains(got[1], "level=WARN") || !strings.Contains(got[1], "boom") || !errors.Is(err, errBoom) {
		t.Errorf("Run() = %v, lines %q, want the second to warn of the error, and none about the item", err, got)
	}
}

func TestLoggerOfPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lines := notes(slog.LevelInfo)
		never := flow.FromFunc(func(ctx context.Context, _ func(int) error) error { <-ctx.Done(); return ctx.Err() })
		running := never.Discard().Start(t.Context(), flow.WithObserver(diag.Logger(l)), audit(t))
		time.Sleep(time.Second)
		running.Pause()
		running.Resume()
		if err := running.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantLines(t, []string{
			`level=INFO msg="run started" run=flow stages=2 segments=1`,
			`level=INFO msg="run paused" run=flow`,
			`level=INFO msg="run active" run=flow`,
			`level=INFO msg="run draining" run=flow`,
			`level=INFO msg="run ended" run=flow after=1s`,
		}, withoutID(lines()))
	})
}

func TestLoggerOfTrouble(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	var run *flow.View
	hear := flow.ObserverFunc(func(e flow.Event) {
		if e, ok := e.(flow.RunStarted); ok {
			run = e.Run
		}
	})
	if err := flow.Of(1).Run(t.Context(), flow.WithObserver(hear), audit(t)); err != nil {
		t.Fatal(err)
	}
	o := diag.Logger(l)
	o.Observe(flow.Restarted{Run: run, Stage: flow.StageRef{Name: "feed"}, Count: 2, Wait: time.Second, Err: errBoom})
	o.Observe(flow.Stalled{Run: run, Stall: &flow.StallError{Name: "call", Op: "Call", For: time.Minute}})
	o.Observe(flow.DrainMissed{Run: run, Err: &flow.DrainError{Err: errBoom}})
	o.Observe(flow.CallTimed{Run: run}) // has no line
	wantLines(t, []string{
		`level=WARN msg=restarting run=flow stage=feed count=2 wait=1s error=boom`,
		`level=WARN msg=stalled run=flow stage=call error="call (Call) has been at the same call for 1m0s"`,
		`level=ERROR msg="drain missed" run=flow error=boom`,
	}, withoutID(lines()))
}

func TestLoggerNilIsTheDefault(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	before := slog.Default()
	defer slog.SetDefault(before)
	o := diag.Logger(nil)
	slog.SetDefault(l)
	if err := flow.Of(1).Run(t.Context(), flow.WithObserver(o), audit(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(lines()); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}
