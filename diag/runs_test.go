package diag_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
)

// exactly leaves out what the middle of a bucket stands for, and places.
var exactly = cmp.Options{
	cmpopts.IgnoreFields(diag.Latency{}, "P50", "P90", "P99"),
	cmpopts.IgnoreFields(flow.StageReport{}, "At"),
}

// latency gives the figures of durations.
func latency(all ...time.Duration) diag.Latency {
	var h diag.Histogram
	for _, d := range all {
		h.Record(d)
	}
	return h.Latency()
}

func TestMetricsOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := diag.NewMetrics().WithEvery(1)
		f := flow.Of(1, 10, 3).Call(slow).OnError(flow.Skip())
		for range 2 {
			if err := f.Run(t.Context(), flow.WithName("orders"), flow.WithObserver(m), audit(t)); err != nil {
				t.Fatal(err)
			}
		}
		err := flow.Of(10).Call(slow).Run(t.Context(), flow.WithName("fails"), flow.WithObserver(m), audit(t))
		if !errors.Is(err, errBoom) {
			t.Fatal(err)
		}
		want := []diag.RunStats{
			{Name: "fails", Started: 1, Ended: 1, Failed: 1, Duration: latency(10 * ms), Stages: []diag.StageStats{
				{Name: "items", Op: "Of", Out: 1},
				{Name: "call", Op: "Call", In: 1, Failed: 1, Latency: latency(10 * ms)},
				{Name: "discard", Op: "Discard"},
			}},
			{Name: "orders", Started: 2, Ended: 2, Duration: latency(14*ms, 14*ms), Stages: []diag.StageStats{
				{Name: "items", Op: "Of", Out: 6},
				{
					Name: "call", Op: "Call", In: 6, Passed: 4, Out: 4, Failed: 2,
					Latency: latency(ms, ms, 3*ms, 3*ms, 10*ms, 10*ms),
				},
				{Name: "discard", Op: "Discard", In: 4, Passed: 4},
			}},
		}
		if diff := cmp.Diff(want, m.Collect().Runs, exactly); diff != "" {
			t.Errorf("Runs mismatch (-want +got):\n%s", diff)
		}
	})
}

// A run that goes on is among the figures, and is not counted twice when it has ended.
func TestMetricsOfARunThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := diag.NewMetrics()
		gate := make(chan struct{})
		running := flow.Range(0, 5).Async(8).
			ForEach(func(context.Context, int) error { <-gate; return nil }).
			Start(t.Context(), flow.WithObserver(m), audit(t))
		for done := range int64(3) {
			if done > 0 {
				gate <- struct{}{}
			}
			synctest.Wait()
			got := m.Collect().Runs[0]
			if sink := got.Stages[len(got.Stages)-1]; sink.Passed != done || sink.Held != 0 || got.Ended != 0 {
				t.Errorf("after %d items: %+v, %d ended, want as many passed, none held, none ended", done, sink, got.Ended)
			}
			waiting := 4 - done // one is in work
			queue := []flow.Edge{{From: "range", To: "for-each", Queued: waiting, Capacity: 8, Fill: float64(waiting) / 8}}
			if diff := cmp.Diff(queue, got.Queues); diff != "" {
				t.Errorf("after %d items: queues mismatch (-want +got):\n%s", done, diff)
			}
		}
		close(gate)
		if err := running.Wait(); err != nil {
			t.Fatal(err)
		}
		got := m.Collect().Runs[0]
		if sink := got.Stages[len(got.Stages)-1]; sink.In != 5 || got.Ended != 1 || got.Queues != nil {
			t.Errorf("after the end: %+v ended %d, queues %v, want 5 taken, 1 ended, no queues", sink, got.Ended, got.Queues)
		}
	})
}

// Two runs with one name that go on at once add up, their queues as well.
func TestMetricsOfRunsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := diag.NewMetrics()
		gate := make(chan struct{})
		job := flow.Range(0, 4).Async(4).ForEach(func(context.Context, int) error { <-gate; return nil })
		a := job.Start(t.Context(), flow.WithObserver(m), audit(t))
		b := job.Start(t.Context(), flow.WithObserver(m), audit(t))
		synctest.Wait()
		got := m.Collect().Runs
		want := []flow.Edge{{From: "range", To: "for-each", Queued: 6, Capacity: 8, Fill: 0.75}}
		if diff := cmp.Diff(want, got[0].Queues); diff != "" || len(got) != 1 || got[0].Started != 2 {
			t.Errorf("%d names, started %d, want 1 and 2; queues mismatch (-want +got):\n%s", len(got), got[0].Started, diff)
		}
		close(gate)
		if err := errors.Join(a.Wait(), b.Wait()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMetricsOfRunsHaveALimit(t *testing.T) {
	m := diag.NewMetrics().WithLimit(3)
	for i := range 3 {
		err := flow.Of(1).Run(t.Context(), flow.WithName(strconv.Itoa(i)), flow.WithObserver(m), audit(t))
		if err != nil {
			t.Fatal(err)
		}
	}
	got := m.Collect()
	if len(got.Runs) != 1 || len(got.Runs[0].Stages) != 2 || got.Refused != 2 {
		t.Errorf("%d runs, %d refused, want one with two stages, and 2 refused", len(got.Runs), got.Refused)
	}
}

func TestMetricsCountEvents(t *testing.T) {
	m := diag.NewMetrics()
	seen := make(chan *flow.View, 1)
	hear := flow.ObserverFunc(func(e flow.Event) {
		if e, ok := e.(flow.RunStarted); ok {
			m.Observe(flow.Stalled{Run: e.Run})
			m.Observe(flow.Restarted{Run: e.Run})
			m.Observe(flow.Restarted{Run: e.Run})
			m.Observe(flow.DrainMissed{Run: e.Run})
			seen <- e.Run
		}
	})
	if err := flow.Of(1).Run(t.Context(), flow.WithObserver(m), flow.WithObserver(hear), audit(t)); err != nil {
		t.Fatal(err)
	}
	m.Observe(flow.Stalled{Run: <-seen}) // has ended
	m.Observe(flow.PhaseChanged{})
	got := m.Collect().Runs[0]
	if got.Stalls != 1 || got.Restarts != 2 || got.Missed != 1 {
		t.Errorf("%d stalls, %d restarts, %d missed drains, want 1, 2 and 1", got.Stalls, got.Restarts, got.Missed)
	}
}

func TestMetricsPrometheusOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := diag.NewMetrics().WithEvery(1)
		gate := make(chan struct{})
		job := flow.Of(1, 2).Async(2).ForEach(func(context.Context, int) error { <-gate; time.Sleep(ms); return nil })
		r := job.Start(t.Context(), flow.WithName(`a "run"`), flow.WithObserver(m), audit(t))
		synctest.Wait()
		during := written(t, m)
		for _, want := range []string{
			`streamz_queue_items{run="a \"run\"",from="items",to="for-each"} 1`,
			`streamz_queue_capacity{run="a \"run\"",from="items",to="for-each"} 2`,
		} {
			if !strings.Contains(during, "# TYPE "+want[:strings.Index(want, "{")]+" gauge\n"+want+"\n") {
				t.Errorf("no family of %s in\n%s", want, during)
			}
		}
		close(gate)
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		after := written(t, m)
		for _, want := range []string{
			`streamz_run_started_total{run="a \"run\""} 1`,
			`streamz_run_ended_total{run="a \"run\""} 1`,
			`streamz_run_failed_total{run="a \"run\""} 0`,
			`streamz_run_seconds_sum{run="a \"run\""} 0.002`,
			`streamz_stage_in_total{run="a \"run\"",stage="for-each"} 2`,
			`streamz_stage_out_total{run="a \"run\"",stage="items"} 2`,
			`streamz_stage_call_seconds_count{run="a \"run\"",stage="for-each"} 2`,
		} {
			if !strings.Contains(after, "\n"+want+"\n") {
				t.Errorf("no %s in\n%s", want, after)
			}
		}
		if strings.Contains(after, "queue") {
			t.Errorf("queues of a run that has ended in\n%s", after)
		}
	})
}

func written(t *testing.T, m *diag.Metrics) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteByte('\n')
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMetricsObserveAtOnce(t *testing.T) {
	m := diag.NewMetrics().WithEvery(1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				err := flow.Range(0, 50).Async(4).Map(strconv.Itoa).Run(t.Context(), flow.WithObserver(m), audit(t))
				if err != nil {
					t.Error(err)
				}
				if got := m.Collect().Runs[0]; got.Stages[0].Out < 50*got.Ended {
					t.Errorf("%d items of %d runs, want 50 each", got.Stages[0].Out, got.Ended)
				}
			}
		})
	}
	wg.Wait()
	if got := m.Collect().Runs[0]; got.Stages[0].Out != 4000 || got.Ended != 80 {
		t.Errorf("%d items of %d runs, want 4000 of 80", got.Stages[0].Out, got.Ended)
	}
}
