package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The sums of three texts, by sha256sum.
const (
	sumOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sumOfABC     = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)

// folder writes files to a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The program says itself whether the results are those of sha256sum, and what its copies hold.
func TestRun(t *testing.T) {
	large := strings.Repeat("all work and no play ", 100_000)
	for name, files := range map[string]map[string]string{
		"nothing":       {},
		"small files":   {"a": "abc", "b/c": "", "b/d/e.txt": "x\n"},
		"strange names": {"a b": "1", "c\nd": "2", `e\f`: "3", "*": "4", "g\rh": "5"},
		"a large file":  {"large": large, "small": "abc"},
	} {
		for _, way := range []string{"-bare=false", "-bare"} {
			t.Run(name+" "+way, func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				args := []string{"-verify", "-workers", "3", way, "-out", t.TempDir(), folder(t, files)}
				if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
					t.Fatalf("exit code %d, stderr:\n%s", code, &stderr)
				}
				if !strings.Contains(stdout.String(), "verified: a sequential program finds the same") {
					t.Errorf("stdout:\n%s", &stdout)
				}
			})
		}
	}
}

// In the order of the files, as a flow has it.
func TestRun_writesTheList(t *testing.T) {
	dir, out := folder(t, map[string]string{"b": "", "a": "abc", "c\nd": ""}), t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-out", out, dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d, stderr:\n%s", code, &stderr)
	}
	want := sumOfABC + "  a\n" + sumOfNothing + "  b\n" + `\` + sumOfNothing + `  c\nd` + "\n"
	got, err := os.ReadFile(filepath.Join(out, sumsName))
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("error %v, list mismatch (-want +got):\n%s", err, diff)
	}
}

func TestRun_usage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no workers": {[]string{"-workers", "0"}, usage, "fanout: -workers must be at least 1, got 0\n"},
		"help":       {[]string{"-h"}, 0, ""},
		"no folder":  {[]string{"-out", t.TempDir(), "/none"}, failed, "fanout: stat /none"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code || !strings.HasPrefix(stderr.String(), test.want) {
				t.Errorf("exit code %d, stderr %q, want %d and %q", code, &stderr, test.code, test.want)
			}
		})
	}
}

var errBroken = errors.New("broken disk")

// trouble is a tree with some files that cannot be opened, and one that calls a function first.
type trouble struct {
	fstest.MapFS
	call func()
}

func (t trouble) Open(name string) (fs.File, error) {
	switch {
	case strings.HasPrefix(name, "bad"):
		return nil, errBroken
	case name == "call":
		t.call()
	}
	return t.MapFS.Open(name)
}

func newTrouble(names ...string) trouble {
	tree := trouble{MapFS: make(fstest.MapFS)}
	for _, name := range names {
		tree.MapFS[name] = &fstest.MapFile{Data: []byte("abc")}
	}
	return tree
}

func TestFlow_listsWhatCannotBeRead(t *testing.T) {
	out := t.TempDir()
	j, into := job{tree: newTrouble("a", "bad1", "bad2", "c"), out: out}, &list{dir: out}
	if err := pipeline(j, 2, 2, into).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(out, sumsName))
	if diff := cmp.Diff(sumOfABC+"  a\n"+sumOfABC+"  c\n", string(sums)); diff != "" || err != nil {
		t.Errorf("error %v, list mismatch (-want +got):\n%s", err, diff)
	}
	var lines []string
	text, err := os.ReadFile(filepath.Join(out, unreadableName))
	for line := range strings.Lines(string(text)) {
		lines = append(lines, line)
	}
	if want := 2; len(lines) != want || err != nil || !strings.Contains(lines[0], errBroken.Error()) {
		t.Errorf("unreadable %q, error %v, want %d lines", lines, err, want)
	}
	if _, err := os.Stat(j.packed("bad1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy of a file that could not be read: %v, want none", err)
	}
}

// One file more than is allowed ends either of the two, and the list has no name then.
func TestTooManyUnreadable(t *testing.T) {
	for name, digestAll := range map[string]func(j job, into *list) error{
		"flow": func(j job, into *list) error { return pipeline(j, 2, 1, into).Run(t.Context()) },
		"bare": func(j job, into *list) error { return runBare(t.Context(), j, 2, into) },
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			j, into := job{tree: newTrouble("a", "bad1", "bad2", "c"), out: out}, &list{dir: out}
			if err := digestAll(j, into); !errors.Is(err, errBroken) {
				t.Errorf("error %v, want %v", err, errBroken)
			}
			if _, err := os.Stat(filepath.Join(out, sumsName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the list: %v, want none", err)
			}
		})
	}
}

// A signal lets the files in work be finished.
func TestFlow_finishesAtASignal(t *testing.T) {
	out := t.TempDir()
	tree := newTrouble("a", "call", "d", "e", "f", "g", "h", "i", "j", "k")
	draining := make(chan struct{})
	log := slog.New(slog.NewTextHandler(signalled(draining), nil))
	tree.call = func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Error(err)
		}
		<-draining
	}
	into := &list{dir: out}
	err := runFlow(t.Context(), job{tree: tree, out: out}, settings{workers: 1}, into, log)
	if !errors.Is(err, errInterrupted) {
		t.Errorf("error %v, want %v", err, errInterrupted)
	}
	if into.files < 2 {
		t.Errorf("%d files in the list, want those in work too", into.files)
	}
}

// signalled closes itself when the flow logs that it drains.
type signalled chan struct{}

func (s signalled) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("draining")) {
		close(s)
	}
	return len(p), nil
}

func TestBare_endsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	tree := newTrouble("a", "call", "d")
	tree.call = func() { cancel(errBroken) }
	out := t.TempDir()
	if err := runBare(ctx, job{tree: tree, out: out}, 1, &list{dir: out}); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want %v", err, errBroken)
	}
}

var _ flow.Sink[digest] = (*list)(nil)
