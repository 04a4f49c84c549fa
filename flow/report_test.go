package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file, or rewrites that.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", path, diff)
	}
}

// designed is a run in which every kind of count that there is has a number of its own.
// It ends when the sink has had enough, after a minute and a half.
func designed(t *testing.T, opts ...flow.Option) error {
	took := 0
	return flow.FromFunc(paced(0, 10, 20, 30, 40, 50, 60, 70, 80, 90)).
		Filter(func(v int) bool { return v != 1 }).
		TryMap(failsOn(2)).Named("parse").OnError(flow.Skip()).
		FlatMap(func(v int) iter.Seq[int] {
			return func(yield func(int) bool) { _ = yield(v) && yield(10*v) && yield(100*v) }
		}).Named("expand").
		Batch(4, 0).
		Async(2).
		Skip(1).
		Take(3).
		ForEach(func(context.Context, []int) error {
			if took++; took == 3 {
				time.Sleep(time.Minute) // the source goes on, and meets a full queue
			}
			return nil
		}).Named("store").
		Run(t.Context(), append(opts, quiet, flow.WithName("designed"))...)
}

func TestReport_countsOfADesignedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		if err := designed(t, opt); err != nil {
			t.Fatal(err)
		}
		got := map[string]flow.StageReport{}
		for _, s := range r.Stages {
			s.At, s.Busy = "", 0
			got[s.Name] = s
		}
		want := map[string]flow.StageReport{
			// Ten items at most, one every ten seconds.
			"func":    {Name: "func", Op: "FromFunc", Out: 10},
			"filter":  {Name: "filter", Op: "Filter", In: 10, Passed: 9, Out: 9, Filtered: 1},
			"parse":   {Name: "parse", Op: "TryMap", In: 9, Passed: 8, Out: 8, Failed: 1},
			"expand":  {Name: "expand", Op: "FlatMap", In: 8, Passed: 8, Out: 24},
			"batcher": {Name: "batcher", Op: "Batch", In: 24, Passed: 24, Out: 6},
			"skip":    {Name: "skip", Op: "Skip", In: 4, Passed: 3, Out: 3, Filtered: 1},
			"take":    {Name: "take", Op: "Take", In: 3, Passed: 3, Out: 3},
			"store":   {Name: "store", Op: "ForEach", In: 3, Passed: 3},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("report mismatch (-want +got):\n%s", diff)
		}
		wantEdges := []flow.Edge{
			{From: "func", To: "filter"}, {From: "filter", To: "parse"}, {From: "parse", To: "expand"},
			{From: "expand", To: "batcher"}, {From: "batcher", To: "skip", Queued: 2, Capacity: 2},
			{From: "skip", To: "take"}, {From: "take", To: "store"},
		}
		if diff := cmp.Diff(wantEdges, r.Edges); diff != "" {
			t.Errorf("edges mismatch (-want +got):\n%s", diff)
		}
		if want := (flow.Goroutines{Started: 1, Ended: 1}); r.Goroutines != want {
			t.Errorf("goroutines = %v, want %v", r.Goroutines, want)
		}
		golden(t, "report.golden", r.String())
	})
}

func TestReport_json(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		err := flow.FromFunc(paced(0, 3)).TryMap(failsOn(1)).Named("parse").Run(t.Context(), opt, flow.WithName("small"))
		if !errors.Is(err, errPlanted) {
			t.Fatal(err)
		}
		for i := range r.Stages {
			r.Stages[i].At = filepath.Base(r.Stages[i].At)[:len("report_test.go")]
		}
		r.Cause = errPlanted // without the line of this file
		got, err := json.MarshalIndent(r, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "report.json.golden", string(got)+"\n")
	})
}

func TestReport_stringOfARunThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		_ = flow.FromFunc(paced(0, 3)).FlatMap(one).TryMap(failsOn(1)).Named("parse").Run(t.Context(), opt)
		r.Cause = errPlanted // without the line of this file
		golden(t, "report_failed.golden", r.String())
	})
}

func TestReport_isMadeHoweverTheRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errEnough)
	tests := map[string]struct {
		run  func(...flow.Option) error
		want error
	}{
		"done":      {func(o ...flow.Option) error { return flow.Of(1).Run(t.Context(), o...) }, nil},
		"failed":    {func(o ...flow.Option) error { return flow.Fail[int](errPlanted).Run(t.Context(), o...) }, errPlanted},
		"panicked":  {func(o ...flow.Option) error { return flow.Of(1).Tap(func(int) { boom() }).Run(t.Context(), o...) }, errBoom},
		"cancelled": {func(o ...flow.Option) error { return flow.Of(1).Run(ctx, o...) }, errEnough},
		"stopped":   {func(o ...flow.Option) error { _, err := flow.Repeat(1).First(t.Context(), o...); return err }, nil},
		"not opened": {func(o ...flow.Option) error {
			return flow.Of(1).To(&sinkPart{part{hook: failsIn("Open")}}).Run(t.Context(), o...)
		}, errPlanted},
		"left loop": {func(o ...flow.Option) error {
			for range flow.Repeat(1).All(t.Context(), o...) {
				break
			}
			return nil
		}, nil},
		"a channel": {func(o ...flow.Option) error {
			items, wait := flow.Of(1).Chan(t.Context(), o...)
			for range items {
				continue
			}
			return wait()
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opt, r := audited(t)
			err := tt.run(opt)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("the run ended with %v, want %v", err, tt.want)
			}
			if r.Cause != err {
				t.Errorf("Cause = %v, want what the run ended with: %v", r.Cause, err)
			}
			if want, got := "flow", r.Name; got != want {
				t.Errorf("Name = %q, want %q", got, want)
			}
		})
	}
}

func failsIn(method string) func(string) error {
	return func(called string) error {
		if called == method {
			return errPlanted
		}
		return nil
	}
}

func TestReport_heldByStagesOfACancelledRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		opt, r := audited(t)
		result := make(chan error, 1)
		go func() {
			result <- flow.Range(0, 100).Async(4).Map(identity).Batch(3, 0).
				ForEach(func(ctx context.Context, _ []int) error { <-ctx.Done(); return ctx.Err() }).Run(ctx, opt)
		}()
		synctest.Wait()
		cancel(errEnough)
		if err := <-result; err != errEnough {
			t.Errorf("Run() = %v, want %v", err, errEnough)
		}
		if want, got := int64(1), stageReport(t, r, "for-each").Held; got != want {
			t.Errorf("the sink held %d, want %d", got, want)
		}
		if got := r.Edges[0].Queued; got == 0 {
			t.Errorf("nothing was queued:\n%v", r)
		}
	})
}

func TestReport_partialBatchIsHeld(t *testing.T) {
	opt, r := audited(t)
	err := flow.Concat(flow.Range(0, 7), flow.Fail[int](errPlanted)).Batch(3, 0).Run(t.Context(), opt)
	if !errors.Is(err, errPlanted) {
		t.Fatal(err)
	}
	s := stageReport(t, r, "batcher")
	want := flow.StageReport{Name: "batcher", Op: "Batch", At: s.At, Busy: s.Busy, In: 7, Passed: 6, Out: 2, Held: 1}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("report mismatch (-want +got):\n%s", diff)
	}
}

func TestReport_duration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		if err := flow.FromFunc(paced(0, 90)).Run(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		if want := 90 * time.Second; r.Duration != want {
			t.Errorf("Duration = %v, want %v", r.Duration, want)
		}
	})
}

func TestReport_edgesOfAConcat(t *testing.T) {
	opt, r := audited(t)
	err := flow.Concat(flow.Of(1).Async(1), flow.Of(2).Map(identity), flow.Of(3)).
		Then(ops.ProcessorFunc[int, int](relay)).Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.Edge{
		{From: "items", To: "processor-func", Capacity: 1},
		{From: "items#2", To: "mapper"}, {From: "mapper", To: "processor-func"},
		{From: "items#3", To: "processor-func"},
		{From: "processor-func", To: "discard"},
	}
	if diff := cmp.Diff(want, r.Edges); diff != "" {
		t.Errorf("edges mismatch (-want +got):\n%s", diff)
	}
}

func TestReport_thatDoesNotBalance(t *testing.T) {
	balanced := flow.Report{
		Stages: []flow.StageReport{{Name: "a", Out: 3}, {Name: "b", In: 2, Passed: 1, Failed: 1, Out: 1}, {Name: "c", In: 1, Passed: 1}},
		Edges:  []flow.Edge{{From: "a", To: "b", Queued: 1}, {From: "b", To: "c"}},
	}
	if !balanced.Balanced() {
		t.Errorf("a balanced report is called unbalanced")
	}
	for name, spoil := range map[string]func(*flow.Report){
		"an item lost in a stage": func(r *flow.Report) { r.Stages[1].Failed = 0 },
		"an item lost on an edge": func(r *flow.Report) { r.Edges[0].Queued = 0 },
		"a goroutine left":        func(r *flow.Report) { r.Goroutines.Started = 1 },
	} {
		r := balanced
		r.Stages = append([]flow.StageReport(nil), balanced.Stages...)
		r.Edges = append([]flow.Edge(nil), balanced.Edges...)
		spoil(&r)
		if r.Balanced() {
			t.Errorf("%s: the report is called balanced", name)
		}
	}
}

func TestReport_zero(t *testing.T) {
	var r flow.Report
	if !r.Balanced() {
		t.Errorf("the zero report does not balance")
	}
	if got := r.String(); got == "" {
		t.Errorf("the zero report has no text")
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// Of a run that did not start the report says so, and nothing of an earlier run.
func TestReport_ofARunThatDidNotStart(t *testing.T) {
	var r flow.Report
	if err := flow.Of(1).Run(t.Context(), flow.WithReport(&r), flow.WithName("first")); err != nil {
		t.Fatal(err)
	}
	err := flow.Of(1).Take(-1).Run(t.Context(), flow.WithReport(&r), flow.WithName("second"))
	if r.Name != "second" || r.Cause != err || len(r.Stages) > 0 {
		t.Errorf("the report is %+v, want one of the second run, without stages", r)
	}
	if got := r.String(); !strings.HasPrefix(got, "second: not started: ") {
		t.Errorf("String() = %q, want one that says that nothing started", got)
	}
}
