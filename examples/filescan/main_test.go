package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"

	"github.com/go-streamz/streamz/examples/filescan/internal/scan"
	"github.com/go-streamz/streamz/examples/filescan/internal/trial"
)

// folder writes a tree to a new folder.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, trial.Small()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runMain runs the program. What differs from run to run is blanked out.
func runMain(ctx context.Context, dir, out string, args ...string) (code int, stdout, stderr string) {
	var o, e bytes.Buffer
	code = run(ctx, append([]string{"-out", out}, args...), &o, &e)
	blank := func(s string) string {
		s = strings.NewReplacer(dir, "DIR", out, "OUT").Replace(s)
		s = regexp.MustCompile(`[0-9.]+(ms|µs|s)\b`).ReplaceAllString(s, "TIME")
		return regexp.MustCompile(`ratio [0-9]+\.[0-9]+`).ReplaceAllString(s, "ratio N")
	}
	return code, blank(o.String()), blank(e.String())
}

func TestRun_prints_the_result(t *testing.T) {
	dir, out := folder(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a", "latin.txt"), []byte("caf\xe9"), 0o666); err != nil {
		t.Fatal(err)
	}
	code, got, stderr := runMain(t.Context(), dir, out, "-top", "2", "--verify", "--compare", "1", dir)
	want := `DIR: 6 files, 436 bytes
37 lines: 27 code, 1 comment, 9 blank
3 functions, 1 types, 1 var and 0 const declarations, in 3 packages
markers: 1 BUG, 1 FIXME, 1 HACK, 1 TODO

  LINES  LONGEST FUNCTIONS
      5  main.go:9  main
      5  z/z.go:5  body

  LINES  LONGEST FILES
     13  main.go
      9  a/a.go

  CHARACTERS  LONGEST LINES
          54  a/a.go:7
          36  main.go:6

  PACKAGES  MOST IMPORTED
         2  fmt
         2  strings

  MARKERS  PACKAGES WITH MOST
        2  .

`
	text, _, _ := strings.Cut(got, " IN ")
	if diff := cmp.Diff(want, strings.TrimRight(text, " ")); diff != "" {
		t.Errorf("stdout mismatch (-want +got):\n%s", diff)
	}
	end := `
results: OUT/findings.csv, OUT/summary.json
files that could not be read: 1, see OUT/letters.jsonl

verified: a sequential program finds the same

compared: flow TIME, raw channels TIME, ratio N (best of 1 each, in turn)
`
	if !strings.HasSuffix(got, end) {
		t.Errorf("stdout %s\nwant an end as %s", got, end)
	}
	if want := "checking with a sequential program ...\ncomparing with raw channels ...\n"; code != 0 || stderr != want {
		t.Errorf("exit code %d, stderr %q, want 0 and %q", code, stderr, want)
	}
}

func TestRun_quiet(t *testing.T) {
	dir := folder(t)
	code, _, stderr := runMain(t.Context(), dir, t.TempDir(), "-quiet", "--verify", "--compare", "1", dir)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, stderr)
	}
}

func TestRun_of_an_empty_tree(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := runMain(t.Context(), dir, t.TempDir(), "--verify", dir)
	if want := "DIR: 0 files, 0 bytes\n"; code != 0 || !strings.HasPrefix(stdout, want) {
		t.Errorf("exit code %d, stdout %q, stderr %q, want 0 and %q", code, stdout, stderr, want)
	}
	if strings.Contains(stdout, "100%") {
		t.Errorf("stdout %s\nwant no stage to be busy", stdout)
	}
}

// fullAfter is a place for so many writes.
type fullAfter int

func (n *fullAfter) Write(p []byte) (int, error) {
	if *n--; *n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("no space left")

func TestRun_reports_an_output_that_cannot_be_written(t *testing.T) {
	dir := folder(t)
	for n, what := range []string{"result", "verification", "comparison", ""} {
		var stderr strings.Builder
		code := run(t.Context(), []string{"-out", t.TempDir(), "-quiet", "--verify", "--compare", "1", dir}, new(fullAfter(n)), &stderr)
		if failed := strings.Contains(stderr.String(), errFull.Error()); failed != (what != "") || failed != (code == 1) {
			t.Errorf("%s not written: exit code %d, stderr %q", what, code, &stderr)
		}
	}
}

// A user's first run is often in a project of their own, where the results go as well.
func TestRun_does_not_read_its_own_results(t *testing.T) {
	dir := folder(t)
	if err := os.CopyFS(filepath.Join(dir, ".git"), trial.Small()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		code, stdout, stderr := runMain(t.Context(), dir, filepath.Join(dir, "filescan-out"), "--verify", "--compare", "1", dir)
		if want := "DIR: 6 files, 436 bytes\n"; code != 0 || !strings.HasPrefix(stdout, want) {
			t.Errorf("exit code %d, stdout %q, stderr %q, want 0 and %q", code, stdout, stderr, want)
		}
	}
}

func TestRun_fails_with_its_reason(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "a", "latin.txt"), []byte("caf\xe9"), 0o666); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "main.go")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no folder":         {[]string{filepath.Join(dir, "none")}, `^filescan: stat DIR.none: no such file`},
		"folder is a file":  {[]string{file}, `^filescan: DIR.main.go: not a folder\n$`},
		"too many bad":      {[]string{"-max-errors", "0", dir}, `filescan: scanning DIR: parse \(.*flow.go:\d+\): 1 of \d+ items failed, the budget is 0; the last: a/latin.txt: line 1: not UTF-8\n$`},
		"results into dir":  {[]string{"-out", dir, dir}, `^filescan: scanning DIR: DIR: the results cannot go to the folder that is read\n$`},
		"bad output folder": {[]string{"-out", file, dir}, `^filescan: scanning DIR: mkdir DIR.main.go: not a directory\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runMain(t.Context(), dir, t.TempDir(), test.args...)
			if code != 1 || stdout != "" || !regexp.MustCompile(test.want).MatchString(stderr) {
				t.Errorf("exit code %d, stdout %q, stderr %q, want 1, nothing and %s", code, stdout, stderr, test.want)
			}
		})
	}
}

func TestRun_says_what_is_saved_when_interrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupt signal received"))
	dir := folder(t)
	code, stdout, stderr := runMain(ctx, dir, t.TempDir(), dir)
	want := "\nresults of the 0 files that were read as a whole: OUT/partial-findings.csv, OUT/partial-summary.json\n" +
		"filescan: stopped: scanning DIR: interrupt signal received\n"
	if code != 130 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, stdout %q, stderr %q, want 130, nothing and %q", code, stdout, stderr, want)
	}
}

func TestRun_keeps_an_earlier_result_when_interrupted(t *testing.T) {
	dir, out := folder(t), t.TempDir()
	if code, _, stderr := runMain(t.Context(), dir, out, dir); code != 0 {
		t.Fatal(stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, _ := runMain(ctx, dir, out, dir); code != 130 {
		t.Fatalf("exit code %d, want 130", code)
	}
	wantFiles := func(want ...string) {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(out, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			names[i] = filepath.Base(name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("files mismatch (-want +got):\n%s", diff)
		}
	}
	wantFiles(scan.FindingsName, scan.PartialFindingsName, scan.PartialSummaryName, scan.SummaryName)
	if s, err := scan.ReadSummary(out); err != nil || !s.Complete || s.Files != 6 {
		t.Errorf("summary %+v, error %v, want the whole one", s, err)
	}
	if code, _, stderr := runMain(t.Context(), dir, out, dir); code != 0 {
		t.Fatal(stderr)
	}
	wantFiles(scan.FindingsName, scan.SummaryName)
}

func TestRun_rejects_a_wrong_command_line(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string // before the usage
	}{
		"unknown flag":        {[]string{"-x"}, 2, "filescan: flag provided but not defined: -x\n"},
		"two folders":         {[]string{"a", "b"}, 2, "filescan: at most one folder, behind the flags, got [\"a\" \"b\"]\n"},
		"no workers":          {[]string{"-workers", "0"}, 2, "filescan: -workers must be at least 1, got 0\n"},
		"no batch":            {[]string{"-batch", "0"}, 2, "filescan: -batch must be at least 1, got 0\n"},
		"negative wait":       {[]string{"-wait", "-1s"}, 2, "filescan: -wait must not be negative, got -TIME\n"},
		"negative max-errors": {[]string{"-max-errors", "-1"}, 2, "filescan: -max-errors must be at least 0, got -1\n"},
		"negative top":        {[]string{"-top", "-1"}, 2, "filescan: -top must be at least 0, got -1\n"},
		"negative compare":    {[]string{"-compare", "-1"}, 2, "filescan: -compare must be at least 0, got -1\n"},
		"help":                {[]string{"-h"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runMain(t.Context(), "/none", t.TempDir(), test.args...)
			if code != test.code || stdout != "" || !strings.HasPrefix(stderr, test.want+"usage: filescan ") {
				t.Errorf("exit code %d, stdout %q, stderr %q, want %d, nothing, and %q with the usage", code, stdout, stderr, test.code, test.want)
			}
		})
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPrintStages(t *testing.T) {
	books := flow.Report{
		Duration: 2 * time.Second,
		Stages: []flow.StageReport{
			{Name: "walk", Out: 2000, Busy: 1},
			{Name: "parse", In: 2000, Out: 1990, Filtered: 5, Dropped: 1, DeadLettered: 3, Failed: 1, Busy: 1},
			{Name: "save", In: 1990, Busy: 0.125},
			{Name: "idle", Busy: 1},
		},
		Edges: []flow.Edge{{From: "walk", To: "parse"}, {From: "parse", To: "save", Capacity: 1024, Fill: 0.5}},
	}
	want := `
     IN    OUT  FILTERED  DROPPED  FAILED  ITEMS/S  BUSY         QUEUE  STAGE
      0  2,000         0        0       0    1,000  100%                walk
  2,000  1,990         5        1       4    1,000  100%                parse
  1,990      0         0        0       0      995   12%  50% of 1,024  save
      0      0         0        0       0        0                      idle
`
	var got strings.Builder
	printStages(&got, books)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("table mismatch (-want +got):\n%s", diff)
	}
}
