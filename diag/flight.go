package diag

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/trace"
	"strings"
	"sync"
	"time"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/internal/goroutines"
)

// What the trace of a bundle covers: so long at least where the memory allows it.
const (
	flightAge    = 5 * time.Second
	flightMemory = 8 << 20
	mostBundles  = 4 // of one run
)

// WithFlightRecorder has the run write what is needed to find out afterwards why it failed:
// a folder in dir, which is made if it does not exist, with
//
//   - trace.out: the last seconds of the runtime, for go tool trace
//   - goroutines.txt: the stacks of the goroutines, those of the run first, by stage; without
//     the one that writes it, which is where a function failed
//   - plan.json, plan.mmd: how the run was wired
//   - report.txt, report.json: the books, when it has ended, else snapshot.txt and snapshot.json
//
// It is written when the run fails, at a [flow.Stalled] and when a drain is missed, four times
// a run at most. The end of the caller's context without a cause is no failure. Where it was
// written, or why not, goes to the run's log.
//
// The runtime records for one at a time in a program: where somebody else does already the
// bundle has no trace. Recording costs a few percent of the program's time. No item is in the
// files, but the names of functions and files are.
func WithFlightRecorder(dir string) flow.Option {
	return flow.WithObserver(&recorder{dir: dir, flights: make(map[*flow.View]*flight)})
}

// recorder is that of all runs with one option.
type recorder struct {
	dir string

	mu      sync.Mutex
	flights map[*flow.View]*flight
	trace   *trace.FlightRecorder // while a run goes on, nil if somebody else records
}

// flight is one run.
type flight struct {
	view    *flow.View
	failure string // the goroutines when it failed
	bundles int
}

// Observe implements flow.Observer.
func (r *recorder) Observe(e flow.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case flow.RunStarted:
		r.begin(e.Run)
	case flow.ItemFailed:
		if f := r.flights[e.Run]; e.Action == "stop" && f.failure == "" {
			f.failure = stacks(e.Run.ID())
		}
	case flow.Stalled:
		r.write(e.Run, "stall", e.Stall, nil)
	case flow.DrainMissed:
		r.write(e.Run, "drain", e.Err, nil)
	case flow.RunEnded:
		if cause := e.Report.Cause; cause != nil && cause != context.Canceled {
			r.write(e.Run, "failure", cause, &e.Report)
		}
		r.end(e.Run)
	}
}

func (r *recorder) begin(v *flow.View) {
	r.flights[v] = &flight{view: v}
	if r.trace != nil {
		return
	}
	t := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: flightAge, MaxBytes: flightMemory})
	if err := t.Start(); err != nil {
		v.Logger().Warn("the flight recorder has no trace", "run", v.Name(), "error", err)
		return
	}
	r.trace = t
}

func (r *recorder) end(v *flow.View) {
	delete(r.flights, v)
	if r.trace != nil && len(r.flights) == 0 {
		r.trace.Stop()
		r.trace = nil
	}
}

// write writes a bundle. report is nil while the run goes on.
func (r *recorder) write(v *flow.View, why string, cause error, report *flow.Report) {
	f := r.flights[v]
	if f == nil || f.bundles == mostBundles {
		return
	}
	f.bundles++
	dir, err := r.bundle(f, why, cause, report)
	if err != nil {
		v.Logger().Error("the flight recorder could not write", "run", v.Name(), "error", err)
		return
	}
	v.Logger().LogAttrs(context.Background(), slog.LevelWarn, "flight recorded",
		slog.String("run", v.Name()), slog.String("why", why), slog.String("folder", dir))
}

// bundle makes the folder and its files. A file that fails does not keep the others from
// being written.
func (r *recorder) bundle(f *flight, why string, cause error, report *flow.Report) (string, error) {
	now := f.view.Snapshot().Time.UTC().Format("20060102-150405.000")
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.dir, fmt.Sprintf("%s-%s-%s-*", fileName(f.view.Name()), now, why))
	if err != nil {
		return "", err
	}
	put := func(name, text string) {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	put("cause.txt", cause.Error()+"\n")
	put("plan.json", text(f.view.Plan()))
	put("plan.mmd", f.view.Plan().Mermaid())
	if report != nil {
		put("report.txt", report.String())
		put("report.json", text(report))
	} else {
		snapshot := f.view.Snapshot()
		put("snapshot.txt", snapshot.String())
		put("snapshot.json", text(snapshot))
	}
	if f.failure == "" || report == nil {
		f.failure = stacks(f.view.ID())
	}
	put("goroutines.txt", f.failure)
	return dir, errors.Join(err, r.putTrace(filepath.Join(dir, "trace.out")))
}

func (r *recorder) putTrace(name string) error {
	if r.trace == nil {
		return nil
	}
	var b bytes.Buffer
	if _, err := r.trace.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// text is JSON for people.
func text(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b) + "\n"
}

// fileName makes part of a file's name of that of a run.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || r < ' ' {
			return '-'
		}
		return r
	}, name)
}

// stacks writes the goroutines of the program, those of a run first.
func stacks(id string) string {
	all, err := goroutines.All()
	if err != nil {
		return err.Error()
	}
	var own, other strings.Builder
	for _, g := range all {
		b, who := &other, "elsewhere"
		if g.Labels[goroutines.Run] == id {
			b, who = &own, g.Labels[goroutines.Segment]
			if stage := g.Labels[goroutines.Stage]; stage != "" {
				who += ", stage " + stage
			}
		}
		fmt.Fprintf(b, "%d goroutine(s) of %s:\n%s\n", g.Count, who, g.Stack)
	}
	return own.String() + other.String()
}
