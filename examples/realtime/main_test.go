package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/go-streamz/streamz/diag"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stat is the file of a process with so many ticks and pages.
func stat(pid int, name string, cpu, virtual, rss int) string {
	return fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194304 100 0 0 0 %d 0 0 0 20 0 1 0 77 %d %d 184 1 2\n", pid, name, cpu, virtual, rss)
}

// machine is a /proc whose processes are others at each look.
type machine struct {
	looks atomic.Int64
	at    []map[int]string // by process, at each look; the last one stays
}

func (m *machine) Open(name string) (fs.File, error) {
	look := m.looks.Load()
	if name == "." {
		look = m.looks.Add(1)
	}
	tree := fstest.MapFS{"uptime": {}, "9/none": {}} // no process, and one that has just ended
	for pid, text := range m.at[min(int(look), len(m.at))-1] {
		tree[fmt.Sprintf("%d/stat", pid)] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree.Open(name)
}

// days are three looks: a process that does nothing, one that works, one that grows, and a
// thread of the kernel.
func days() *machine {
	return &machine{at: []map[int]string{
		{1: stat(1, "init", 1, 1, 256), 2: stat(2, "kthreadd", 1, 0, 0), 3: stat(3, "a (b) c", 1, 1, 512)},
		{1: stat(1, "init", 1, 1, 256), 2: stat(2, "kthreadd", 2, 0, 0), 3: stat(3, "a (b) c", 5, 1, 512)},
		{1: stat(1, "init", 1, 1, 256), 3: stat(3, "a (b) c", 5, 1, 1024), 4: stat(4, "init", 9, 1, 257)},
	}}
}

func newStore(t *testing.T) *store {
	t.Helper()
	db, err := openStore(t.Context(), filepath.Join(t.TempDir(), "a b?.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// ways are the two programs.
var ways = map[string]func(ctx context.Context, tree fs.FS, s *store, metrics *diag.Metrics) error{
	"flow": func(ctx context.Context, tree fs.FS, s *store, metrics *diag.Metrics) error {
		return pipeline(tree, s, metrics, 10*time.Millisecond, 3).Run(ctx)
	},
	"bare": func(ctx context.Context, tree fs.FS, s *store, metrics *diag.Metrics) error {
		return bare(ctx, tree, s, metrics, 10*time.Millisecond, 3)
	},
}

// What has not changed is told once, and threads of the kernel never.
func TestWays(t *testing.T) {
	for name, watch := range ways {
		t.Run(name, func(t *testing.T) {
			db, metrics := newStore(t), diag.NewMetrics()
			if err := watch(t.Context(), days(), db, metrics); err != nil {
				t.Fatal(err)
			}
			got, err := db.biggest(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			want := []program{{"a (b) c", 4 << 20, 3}, {"init", 1<<20 + pageSize, 2}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("programs mismatch (-want +got):\n%s", diff)
			}
			if total := metrics.Collect().Gauges["events.total"]; total != 5 {
				t.Errorf("%v events counted, want 5", total)
			}
		})
	}
}

// A second run knows the programs of the first.
func TestEnrich(t *testing.T) {
	db := newStore(t)
	e := event{PID: 1, Name: "init", RSS: 100}
	first, err := db.enrich(t.Context(), e)
	if err != nil || !first.First.IsZero() || first.grown() != 100 {
		t.Errorf("enrich() = %+v, %v, want a program that was never seen", first, err)
	}
	if err := db.publish(t.Context(), []enriched{first, first}); err != nil {
		t.Fatal(err)
	}
	e.RSS = 70
	second, err := db.enrich(t.Context(), e)
	if err != nil || second.First.IsZero() || second.Biggest != 100 || second.grown() != 0 {
		t.Errorf("enrich() = %+v, %v, want one that had 100 bytes", second, err)
	}
}

// Of a batch that cannot be written as a whole nothing is.
func TestPublish_isATransaction(t *testing.T) {
	db := newStore(t)
	const refuse = `CREATE TRIGGER refuse BEFORE INSERT ON samples WHEN new.name = 'bad' BEGIN SELECT RAISE(ABORT, 'refused'); END`
	if _, err := db.db.ExecContext(t.Context(), refuse); err != nil {
		t.Fatal(err)
	}
	batch := []enriched{{Name: "good"}, {Name: "bad"}}
	if err := db.publish(t.Context(), batch); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("publish() = %v, want that it was refused", err)
	}
	if n, err := db.samples(t.Context()); n != 0 || err != nil {
		t.Errorf("%d samples, %v, want none", n, err)
	}
}

func TestWays_tellWhatFails(t *testing.T) {
	for name, watch := range ways {
		t.Run(name, func(t *testing.T) {
			broken := days()
			broken.at[1][1] = "1 init"
			if err := watch(t.Context(), broken, newStore(t), diag.NewMetrics()); err == nil || !strings.Contains(err.Error(), "1/stat: no name") {
				t.Errorf("error %v, want that of the file", err)
			}
			db := newStore(t)
			if _, err := db.db.ExecContext(t.Context(), "DROP TABLE programs"); err != nil {
				t.Fatal(err)
			}
			if err := watch(t.Context(), days(), db, diag.NewMetrics()); err == nil || !strings.Contains(err.Error(), "no such table: programs") {
				t.Errorf("error %v, want that of the database", err)
			}
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			if err := watch(ctx, days(), newStore(t), diag.NewMetrics()); !errors.Is(err, cause) {
				t.Errorf("error %v, want %v", err, cause)
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	got, err := parseStat(3, []byte(stat(3, "x ) (y", 5, 1, 2)))
	want := event{PID: 3, Started: 77, Name: "x ) (y", CPU: 5, RSS: 2 * pageSize}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "1", "1 )x(", "1 (x) S 1 2", strings.Replace(stat(1, "x", 5, 1, 2), " 5 ", " five ", 1)} {
		if e, err := parseStat(1, []byte(text)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", text, e)
		}
	}
}

func TestRun(t *testing.T) {
	proc, file := t.TempDir(), filepath.Join(t.TempDir(), "x.db")
	if err := os.Mkdir(filepath.Join(proc, "1"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(proc, "1", "stat"), []byte(stat(1, "init", 1, 1, 512)), 0o666); err != nil {
		t.Fatal(err)
	}
	want := "1 events written to FILE, which has COUNT\n\n  MB  EVENTS  PROGRAM\n   2       COUNT  init\n"
	for i, way := range []string{"-bare=false", "-bare"} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"-proc", proc, "-db", file, "-interval", "1ms", "-polls", "3", way}, &stdout, &stderr); code != 0 {
			t.Fatalf("exit code %d, stderr:\n%s", code, &stderr)
		}
		want := strings.NewReplacer("FILE", file, "COUNT", fmt.Sprint(i+1)).Replace(want)
		if diff := cmp.Diff(want, stdout.String()); diff != "" {
			t.Errorf("stdout mismatch (-want +got):\n%s", diff)
		}
	}
}

func TestRun_usage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no interval": {[]string{"-interval", "0"}, 2, "realtime: -interval must be positive, got 0s\n"},
		"no proc":     {[]string{"-proc", "/none", "-polls", "1"}, 1, "realtime: look (Poll at "},
		"no database": {[]string{"-db", "/none/x"}, 1, "realtime: /none/x: "},
		"help":        {[]string{"-h"}, 0, "usage: realtime"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			args := append([]string{"-db", filepath.Join(t.TempDir(), "x.db")}, test.args...)
			if code := run(t.Context(), args, &stdout, &stderr); code != test.code || !strings.HasPrefix(stderr.String(), test.want) {
				t.Errorf("exit code %d, stderr %q, want %d and %q", code, &stderr, test.code, test.want)
			}
		})
	}
}
