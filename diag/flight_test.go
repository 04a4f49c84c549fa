package diag_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
)

var errFlight = errors.New("planted")

// recorded gives the names of the files of the one bundle in dir, and what is in them.
func recorded(t *testing.T, dir string) (names []string, texts map[string]string) {
	t.Helper()
	bundles, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(bundles) != 1 {
		t.Fatalf("%d bundles: %v, %v", len(bundles), bundles, err)
	}
	files, err := os.ReadDir(bundles[0])
	if err != nil {
		t.Fatal(err)
	}
	texts = make(map[string]string)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(bundles[0], f.Name()))
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", f.Name(), len(text), err)
		}
		names, texts[f.Name()] = append(names, f.Name()), string(text)
	}
	slices.Sort(names)
	return names, texts
}

func silent() flow.Option { return flow.WithLogger(slog.New(slog.DiscardHandler)) }

func TestFlightRecorder_ofAFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "flights")
	err := flow.Range(0, 1000).Async(2).TryMap(func(v int) (int, error) {
		if v == 5 {
			return 0, errFlight
		}
		return v, nil
	}).Named("check").Run(t.Context(), diag.WithFlightRecorder(dir), flow.WithName("a/b"), silent())
	if !errors.Is(err, errFlight) {
		t.Fatal(err)
	}
	names, texts := recorded(t, dir)
	want := []string{"cause.txt", "goroutines.txt", "plan.json", "plan.mmd", "report.json", "report.txt", "trace.out"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for file, part := range map[string]string{
		"cause.txt": "check (TryMap", "goroutines.txt": "goroutine(s) of range", "plan.mmd": "check<br/>TryMap",
		"report.txt": "ended after", "report.json": `"balanced": true`, "plan.json": `"capacity": 2`,
	} {
		if !strings.Contains(texts[file], part) {
			t.Errorf("%s has no %q:\n%s", file, part, texts[file])
		}
	}
}

func TestFlightRecorder_ofAStall(t *testing.T) {
	dir := t.TempDir()
	first := true
	ctx, cancel := context.WithCancel(t.Context())
	err := flow.Range(0, 10).Async(2).ForEach(func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	}).Named("store").Run(ctx, diag.WithFlightRecorder(dir), flow.WithWatchdog(4*time.Millisecond), silent(),
		flow.WithObserver(flow.ObserverFunc(func(e flow.Event) {
			if _, ok := e.(flow.Stalled); ok && first { // comes after the recorder
				first = false
				cancel()
			}
		})))
	if err != context.Canceled {
		t.Fatal(err)
	}
	names, texts := recorded(t, dir)
	if !slices.Contains(names, "snapshot.json") ||
		!strings.Contains(texts["goroutines.txt"], "goroutine(s) of store") {
		t.Errorf("%v\n%s", names, texts["goroutines.txt"])
	}
}

func TestFlightRecorder_notOfAnEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	opt := diag.WithFlightRecorder(dir)
	if err := flow.Range(0, 10).Run(t.Context(), opt); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := flow.Range(0, 10).Run(ctx, opt); err != context.Canceled {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made")
	}
}

// While another records there is no trace, and the rest is written all the same.
func TestFlightRecorder_besideAnother(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	err := flow.Of(1).TryMap(func(int) (int, error) {
		return 0, flow.Of(1).TryMap(func(int) (int, error) { return 0, errFlight }).Run(t.Context(),
			diag.WithFlightRecorder(dir), flow.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	}).Run(t.Context(), diag.WithFlightRecorder(t.TempDir()), silent())
	if !errors.Is(err, errFlight) {
		t.Fatal(err)
	}
	names, _ := recorded(t, dir)
	if slices.Contains(names, "trace.out") || !slices.Contains(names, "report.txt") {
		t.Errorf("files %v", names)
	}
	for _, want := range []string{"has no trace", "flight recorded"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}
}

func TestFlightRecorder_whereNothingCanBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	err := flow.Fail[int](errFlight).Run(t.Context(), diag.WithFlightRecorder(file),
		flow.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if !errors.Is(err, errFlight) || !strings.Contains(log.String(), "could not write") {
		t.Errorf("%v\n%s", err, log.String())
	}
}
