package flow_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// unused collects what is reported.
type unused chan string

func (u unused) report(at string) { u <- at }

// next collects the garbage until something is reported, "" if nothing is.
func (u unused) next(t *testing.T) string {
	t.Helper()
	for range 200 {
		runtime.GC()
		select {
		case at := <-u:
			return at
		case <-time.After(5 * time.Millisecond):
		}
	}
	return ""
}

// none fails the test if something is reported while other garbage of this moment is.
func (u unused) none(t *testing.T) {
	t.Helper()
	for range 2 {
		other := make(unused, 1)
		drop(func() { _ = flow.Of(1).ReportUnused(other.report) })
		if other.next(t) == "" {
			t.Fatal("no cleanup runs")
		}
	}
	select {
	case at := <-u:
		t.Errorf("reported as unused: %s", at)
	default:
	}
}

// drop calls build in a frame of its own, so that nothing on the stack keeps the flow.
//
//go:noinline
func drop(build func()) { build() }

func TestReportUnused(t *testing.T) {
	for name, build := range map[string]func(u unused) (at string){
		"a flow": func(u unused) string {
			_, at := flow.Of(1, 2).ReportUnused(u.report), at()
			return at
		},
		"a flow of which others were made": func(u unused) string {
			f, at := flow.Of(1, 2).Skip(1).ReportUnused(u.report), at()
			_ = f.Take(1).Discard()
			_ = flow.Merge(f, f)
			return at
		},
		"a job": func(u unused) string {
			_, at := flow.Of(1, 2).Discard().ReportUnused(u.report), at()
			return at
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, want := make(unused, 1), ""
			drop(func() { want = build(u) })
			if got := u.next(t); got != want {
				t.Errorf("reported %q, want %q", filepath.Base(got), filepath.Base(want))
			}
			u.none(t)
		})
	}
}

func TestReportUnused_notWhatWasRun(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, u unused){
		"a flow": func(t *testing.T, u unused) {
			got, err := flow.Of(1, 2).ReportUnused(u.report).Collect(t.Context(), audit(t))
			if diff := cmp.Diff([]int{1, 2}, got); diff != "" || err != nil {
				t.Errorf("error %v, items mismatch (-want +got):\n%s", err, diff)
			}
		},
		"a flow of which another was made": func(t *testing.T, u unused) {
			f := flow.Of(1, 2).ReportUnused(u.report)
			_ = f.Take(1)
			if n, err := flow.Concat(f.Async(1), f.Skip(1)).Count(t.Context(), audit(t)); n != 3 || err != nil {
				t.Errorf("Count() = %d, %v, want 3", n, err)
			}
		},
		"a job": func(t *testing.T, u unused) {
			if err := flow.Of(1, 2).Discard().ReportUnused(u.report).Run(t.Context(), audit(t)); err != nil {
				t.Error(err)
			}
		},
		"what cannot start": func(t *testing.T, u unused) {
			f := flow.Of(1, 2).ReportUnused(u.report).Async(0)
			if errs := configErrors(t, f.Run(t.Context())); len(errs) != 1 || errs[0].Field != "buffer of Async" {
				t.Errorf("got %v, want the error of Async", errs)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := make(unused, 1)
			drop(func() { run(t, u) })
			u.none(t)
		})
	}
}

func TestReportUnused_isNoStage(t *testing.T) {
	opt, report := audited(t)
	u := make(unused, 1)
	f := flow.Of(1).Skip(0).ReportUnused(u.report).Named("mine").Async(2)
	if err := f.Discard().ReportUnused(u.report).Named("out").Run(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"items", "mine", "out"}, stageNames(report)); diff != "" {
		t.Errorf("stages mismatch (-want +got):\n%s", diff)
	}
}

func TestReportUnused_misuse(t *testing.T) {
	want := []*flow.ConfigError{{Stage: "mine", Field: "report of ReportUnused", Want: "must not be nil"}}
	for name, job := range map[string]flow.Job{
		"a flow": flow.Of(1).Named("mine").ReportUnused(nil).Discard(),
		"a job":  flow.Of(1).Discard().ReportUnused(nil).Named("mine"),
	} {
		got := configErrors(t, job.Run(t.Context()))
		for _, e := range got {
			e.At = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("errors of %s mismatch (-want +got):\n%s", name, diff)
		}
	}
	var zeroFlow flow.Flow[int]
	var zeroJob flow.Job
	u := make(unused, 1)
	for _, job := range []flow.Job{zeroFlow.ReportUnused(u.report).Discard(), zeroJob.ReportUnused(u.report)} {
		if len(configErrors(t, job.Run(t.Context()))) == 0 {
			t.Error("the zero value ran")
		}
	}
}

func BenchmarkReportUnused(b *testing.B) {
	f := flow.Of(1)
	b.ReportAllocs()
	for b.Loop() {
		_ = f.ReportUnused(func(string) {})
	}
}

func TestWithReportUnwaited(t *testing.T) {
	start := func(u unused) (*flow.Running, string) {
		return flow.Of(1).Discard().Start(t.Context(), flow.WithReportUnwaited(u.report)), at()
	}
	t.Run("forgotten", func(t *testing.T) {
		u, want := make(unused, 1), ""
		drop(func() { _, want = start(u) })
		if got := u.next(t); got != want {
			t.Errorf("reported %q, want %q", filepath.Base(got), filepath.Base(want))
		}
	})
	for name, wait := range map[string]func(*flow.Running) error{
		"waited for": (*flow.Running).Wait,
		"drained":    func(r *flow.Running) error { return r.Drain(t.Context()) },
		"asked":      func(r *flow.Running) error { <-r.Done(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			u := make(unused, 1)
			drop(func() {
				running, _ := start(u)
				if err := wait(running); err != nil {
					t.Error(err)
				}
			})
			u.none(t)
		})
	}
}
