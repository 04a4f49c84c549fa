package main // a program has no exported surface

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder writes files, given by their paths, to a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runMain runs the program. What differs from run to run is blanked out.
func runMain(ctx context.Context, dir string, args ...string) (code int, stdout, stderr string) {
	var out, log strings.Builder
	code = run(ctx, args, &out, &log)
	stdout = strings.ReplaceAll(out.String(), dir, "DIR")
	stdout = regexp.MustCompile(`[0-9.]+(ms|µs|s)\b`).ReplaceAllString(stdout, "TIME")
	return code, stdout, strings.ReplaceAll(log.String(), dir, "DIR")
}

var small = map[string]string{
	"main.go":       "package main\n\nimport \"fmt\"\n\n// TODO: more\nfunc main() {}\n",
	"a/a.go":        "package a\n\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n",
	"a/b.go":        "package a // BUG(x): wrong\n",
	"a/testdata.go": "package a",
	"testdata/t.go": "package t\n",
	"_x/x.go":       "package x\n",
	"a/readme.md":   "TODO: no Go\n",
	"d.go/e.go":     "package d\n", // a folder may have any name
}

func TestRun_prints_the_result(t *testing.T) {
	dir := folder(t, small)
	code, got, stderr := runMain(t.Context(), dir, "--verify", "-packages", "-top", "2", dir)
	want := `DIR: 3 packages, 5 files, 15 lines, 143 bytes, 3 imports, 2 markers

  LINES  BYTES  FILES  IMPORTS  MARKERS  LARGEST PACKAGES
      8     76      3        2        1  a
      6     57      1        1        1  .

  PACKAGES  MOST IMPORTED
         2  fmt
         1  strings

  TODO  FIXME  BUG  MOST MARKERS
     1      0    0  .
     0      0    1  a

verified: a plain sequential program counts the same; it took TIME, the flow before it TIME

linecount: done in TIME
stage   op       in  passed  out  filtered
files   Files                  7
choose  Filter    7       5    5         2
lines   FlatMap   5       5   15         0
read    TryMap   15      15   15         0
parse   Scan     15      15   15         0
batch   Batch    15      15    1         0
sum     ForEach   1       1              0
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stdout mismatch (-want +got):\n%s", diff)
	}
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q, want 0 and nothing", code, stderr)
	}
}

func TestRun_counts_every_file(t *testing.T) {
	dir := folder(t, small)
	code, got, _ := runMain(t.Context(), dir, "-verify", dir)
	if want := "DIR: 5 packages, 7 files, 17 lines,"; code != 0 || !strings.HasPrefix(got, want) {
		t.Errorf("exit code %d, stdout %q, want 0 and %q", code, got, want)
	}
}

func TestRun_takes_an_empty_folder(t *testing.T) {
	dir := t.TempDir()
	code, got, _ := runMain(t.Context(), dir, "-verify", dir)
	if want := "DIR: 0 packages, 0 files, 0 lines, 0 bytes, 0 imports, 0 markers\n\nverified:"; code != 0 || !strings.HasPrefix(got, want) {
		t.Errorf("exit code %d, stdout %q, want 0 and %q", code, got, want)
	}
}

func TestRun_fails_with_one_line(t *testing.T) {
	long := strings.Repeat("/", maxLine+1)
	dir := folder(t, map[string]string{"good.go": "package p\n", "long/a.go": "package p\n" + long})
	for name, test := range map[string]struct{ sub, want string }{
		"path that does not exist": {"none", `^linecount: stat DIR.none: no such file`},
		"path of a file":           {"good.go", `^linecount: DIR.good\.go: not a folder`},
		"line too long":            {"long", `^linecount: DIR.long: read \(TryMap at linecount/count\.go:\d+\): a\.go: line 2: .*too long`},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runMain(t.Context(), dir, filepath.Join(dir, test.sub))
			if code != 1 || stdout != "" {
				t.Errorf("exit code %d, stdout %q, want 1 and nothing", code, stdout)
			}
			if !regexp.MustCompile(test.want + `[^\n]*\n$`).MatchString(stderr) {
				t.Errorf("stderr %q, want one line as %s", stderr, test.want)
			}
		})
	}
}

func TestRun_skips_on_demand(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.go": "package p\n",
		"b.go": "package p\n" + strings.Repeat("/", maxLine+1) + "\nTODO: not read\n",
		"c.go": "package p\n",
	})
	code, stdout, stderr := runMain(t.Context(), dir, "-skip", "-verify", dir)
	for _, want := range []string{
		"DIR: 1 packages, 3 files, 3 lines, 30 bytes, 0 imports, 0 markers\n",
		"\nunreadable files skipped: 1; their lines before the error are counted\n",
		"\nverified: ",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, stdout %q, want 0 and %q", code, stdout, want)
		}
	}
	if want := "b.go: line 2: "; strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("stderr %q, want one line with %q", stderr, want)
	}
}

func TestRun_ends_when_interrupted(t *testing.T) {
	for name, args := range map[string][]string{"in a folder": {folder(t, small)}, "while it asks for the folder": nil} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errors.New("interrupt signal received"))
			code, stdout, stderr := runMain(ctx, "-", args...)
			if want := "linecount: stopped: interrupt signal received\n"; code != 1 || stdout != "" || stderr != want {
				t.Errorf("exit code %d, stdout %q, stderr %q, want 1, nothing and %q", code, stdout, stderr, want)
			}
		})
	}
}

func TestRun_rejects_a_wrong_command_line(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string // before the usage
	}{
		"unknown flag": {[]string{"-x"}, 2, "linecount: flag provided but not defined: -x\n"},
		"two folders":  {[]string{"a", "b"}, 2, "linecount: at most one folder, behind the flags, got [\"a\" \"b\"]\n"},
		"negative top": {[]string{"-top", "-1"}, 2, "linecount: -top must be at least 0, got -1\n"},
		"help":         {[]string{"-h"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runMain(t.Context(), "/none", test.args...)
			if code != test.code || stdout != "" || !strings.HasPrefix(stderr, test.want+"usage: linecount ") {
				t.Errorf("exit code %d, stdout %q, stderr %q, want %d, nothing, and %q with the usage", code, stdout, stderr, test.code, test.want)
			}
		})
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestRun_reports_an_output_that_cannot_be_written(t *testing.T) {
	var stderr strings.Builder
	if code := run(t.Context(), []string{t.TempDir()}, brokenPipe{}, &stderr); code != 1 || stderr.String() == "" {
		t.Errorf("exit code %d, stderr %q, want 1 and the reason", code, &stderr)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
}
