package diag_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// notes is a logger whose lines can be compared: without the time.
func notes(level slog.Level) (l *slog.Logger, lines func() []string) {
	var b bytes.Buffer
	l = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level, ReplaceAttr: untimed}))
	return l, func() []string {
		if b.Len() == 0 {
			return nil
		}
		return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	}
}

func untimed(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func wantLines(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines mismatch (-want +got):\n%s", diff)
	}
}

func TestLogInAFlow(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	got, err := flow.Of("a", "b").Then(diag.Log[string](l, "words")).Collect(t.Context(), audit(t))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Errorf("Collect() error = %v, mismatch (-want +got):\n%s", err, diff)
	}
	wantLines(t, []string{
		"level=INFO msg=item stage=words item=1 type=string",
		"level=INFO msg=item stage=words item=2 type=string",
		"level=INFO msg=completed stage=words items=2",
	}, lines())
}

func TestLogOverChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lines := notes(slog.LevelInfo)
		got := collect(diag.Log[any](l, "words").Process(t.Context(), feed[any]("a", 1, nil)))
		if diff := cmp.Diff([]any{"a", 1, nil}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		wantLines(t, []string{
			"level=INFO msg=item stage=words item=1 type=string",
			"level=INFO msg=item stage=words item=2 type=int",
			"level=INFO msg=item stage=words item=3 type=<nil>",
			"level=INFO msg=completed stage=words items=3",
		}, lines())
	})
}

func TestLogWritesToTheLoggerOfTheRun(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	f := flow.Of(1).Then(diag.Log[int](nil, "here")).Named("renamed")
	if err := f.Run(t.Context(), flow.WithLogger(l), audit(t)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, []string{
		"level=INFO msg=item stage=renamed item=1 type=int",
		"level=INFO msg=completed stage=renamed items=1",
	}, lines())
}

func TestLogBelowTheLevel(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	p := diag.Log[int](l, "here").WithLevel(slog.LevelDebug).WithAttrs(func(int) []slog.Attr {
		t.Error("attrs was called for an item that gets no line")
		return nil
	})
	if err := flow.Of(1).Then(p).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, nil, lines())
}

func TestLogEvery(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	p := diag.Log[int](l, "here").WithEvery(3).WithAttrs(func(n int) []slog.Attr {
		return []slog.Attr{slog.Int("n", n)}
	})
	if err := flow.Range(10, 18).Then(p).Run(t.Context(), audit(t)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, []string{
		"level=INFO msg=item stage=here item=1 n=10",
		"level=INFO msg=item stage=here item=4 n=13",
		"level=INFO msg=item stage=here item=7 n=16",
		"level=INFO msg=completed stage=here items=8",
	}, lines())
}

func TestLogRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lines := notes(slog.LevelInfo)
		slow := flow.Range(0, 8).Tap(func(int) { time.Sleep(300 * ms) })
		if err := slow.Then(diag.Log[int](l, "here").WithRate(2)).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		// Items come after 0.3 s, 0.6 s, ...: the first second begins with the first of them.
		wantLines(t, []string{
			"level=INFO msg=item stage=here item=1 type=int",
			"level=INFO msg=item stage=here item=2 type=int",
			"level=INFO msg=item stage=here item=5 type=int",
			"level=INFO msg=item stage=here item=6 type=int",
			"level=INFO msg=completed stage=here items=8",
		}, lines())
	})
}

func TestLogSaysWhatCutTheStreamOff(t *testing.T) {
	for name, tt := range map[string]struct {
		run  func(ctx context.Context, f flow.Flow[int]) error
		want string
	}{
		"an early stop": {func(ctx context.Context, f flow.Flow[int]) error {
			return f.Take(1).Run(ctx, audit(t))
		}, `level=INFO msg="ended early" stage=here items=1 cause="streamz: no more items are needed"`},
		"a failure below": {func(ctx context.Context, f flow.Flow[int]) error {
			return f.ForEach(func(context.Context, int) error { return errBoom }).Run(ctx, audit(t))
		}, `level=INFO msg="ended early" stage=here items=1 cause="for-each`},
		"a cancellation": {func(ctx context.Context, f flow.Flow[int]) error {
			ctx, cancel := context.WithCancelCause(ctx)
			return f.Tap(func(int) { cancel(errBoom) }).Run(ctx, audit(t))
		}, `level=INFO msg="ended early" stage=here items=1 cause=boom`},
	} {
		t.Run(name, func(t *testing.T) {
			l, lines := notes(slog.LevelInfo)
			_ = tt.run(t.Context(), flow.Of(1, 2).Then(diag.Log[int](l, "here")))
			got := lines()
			if len(got) != 2 || !strings.HasPrefix(got[1], tt.want) {
				t.Errorf("lines %q, want the second and last to begin with %q", got, tt.want)
			}
		})
	}
}

func TestLogPanicOfAttrsIsAFailureOfTheStage(t *testing.T) {
	l, lines := notes(slog.LevelInfo)
	p := diag.Log[int](l, "here").WithAttrs(func(int) []slog.Attr { panic(errBoom) })
	err := flow.Of(1).Then(p).Run(t.Context(), audit(t))
	if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "here" || !errors.Is(err, errBoom) {
		t.Errorf("Run() error = %v, want a StageError of here", err)
	}
	if n := len(lines()); n != 1 {
		t.Errorf("%d lines, want the last one", n)
	}
}

// A logging that writes nothing for an item must not allocate for it.
func TestLogAllocatesNothingForSilentItems(t *testing.T) {
	l, _ := notes(slog.LevelInfo)
	const items = 10_000
	for name, p := range map[string]*diag.Logging[int]{
		"below the level": diag.Log[int](l, "here").WithLevel(slog.LevelDebug),
		"between lines":   diag.Log[int](l, "here").WithEvery(items),
	} {
		got := testing.AllocsPerRun(3, func() {
			if err := flow.Range(0, items).Then(p).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		if got > items/10 {
			t.Errorf("%s: %v allocations for %d items", name, got, items)
		}
	}
}

func TestLogMisuse(t *testing.T) {
	zero := new(diag.Logging[int])
	for name, tt := range map[string]struct {
		p    *diag.Logging[int]
		want ops.ConfigError
	}{
		"no name":     {diag.Log[int](nil, ""), ops.ConfigError{Stage: "log", Field: "name", Want: "must not be empty"}},
		"no every":    {diag.Log[int](nil, "x").WithEvery(0), ops.ConfigError{Stage: "x", Field: "every", Value: 0, Want: "must be at least 1"}},
		"no rate":     {diag.Log[int](nil, "x").WithRate(0), ops.ConfigError{Stage: "x", Field: "rate", Value: 0, Want: "must be at least 1"}},
		"no function": {diag.Log[int](nil, "x").WithAttrs(nil), ops.ConfigError{Stage: "x", Field: "attrs", Want: "must not be nil"}},
		"zero":        {zero, ops.ConfigError{Stage: "log", Field: "processor", Want: "must be made by its constructor"}},
	} {
		want := []ops.ConfigError{tt.want}
		if tt.p == zero {
			want[0].Stage = "" // a zero value has no name
		}
		err := flow.Of(1).Then(tt.p).Run(t.Context())
		if diff := cmp.Diff(want, configErrors(err)); diff != "" {
			t.Errorf("%s: errors of Run mismatch (-want +got):\n%s", name, diff)
		}
		if got := configErrors(thrown(func() { tt.p.Process(t.Context(), make(chan int)) })); len(got) != 1 {
			t.Errorf("%s: Process panics with %v, want a ConfigError", name, got)
		}
	}
}
