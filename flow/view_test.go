package flow_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// shapes are flows of every shape, none of which fails.
func shapes() map[string]func() flow.Job {
	third := func(v int) (int, error) {
		if v%3 == 0 {
			return 0, errBoom
		}
		return v, nil
	}
	call := func(_ context.Context, v int) (int, error) { return third(v) }
	begun := 0
	return map[string]func() flow.Job{
		"fused": func() flow.Job {
			return flow.Range(0, 3000).TryMap(third).OnError(flow.Skip()).Map(identity).Filter(func(v int) bool { return v%2 == 0 }).Discard()
		},
		"boundaries": func() flow.Job {
			return flow.Range(0, 3000).Async(3).TryMap(third).OnError(flow.Skip()).Async(20).Map(identity).Discard()
		},
		"workers": func() flow.Job {
			return flow.Range(0, 1000).AsyncMap(3, call).OnError(flow.Retry(2, flow.Constant(0)).Then(flow.Skip())).Map(identity).Discard()
		},
		"a sink with workers": func() flow.Job {
			return flow.Range(0, 1000).AsyncForEach(3, func(context.Context, int) error { return nil })
		},
		"concat": func() flow.Job {
			return flow.Concat(flow.Range(0, 1000), flow.Range(0, 1000).Map(identity)).Map(identity).Discard()
		},
		"merge": func() flow.Job {
			return flow.Merge(flow.Range(0, 1000), flow.Range(0, 1000).Map(identity)).Map(identity).Discard()
		},
		"foreign": func() flow.Job {
			return flow.Range(0, 500).Then(ops.ProcessorFunc[int, int](relay)).Map(identity).Discard()
		},
		"nested": func() flow.Job {
			return flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Millisecond), OnEnd: true, Max: 20}, func() flow.Flow[int] {
				begun++
				return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 100).Async(2) }).Map(identity)
			}).Take(1500).Discard()
		},
		"jobs": func() flow.Job {
			return flow.Jobs(flow.Range(0, 1000).Async(3).Discard(), flow.Range(0, 1000).Map(identity).Discard())
		},
	}
}

// watcher compares each snapshot of a run with the one before.
type watcher struct {
	last map[string]flow.StageReport
	n    int
}

func (w *watcher) look(t *testing.T, s flow.Snapshot) {
	w.n++
	for _, now := range s.Stages {
		before := w.last[now.Name]
		if now.In < before.In || now.Out < before.Out {
			t.Errorf("the numbers of %s fall: %+v, then %+v", now.Name, before, now)
		}
		if min(now.In, now.Passed, now.Out, now.Filtered, now.Dropped, now.DeadLettered, now.Failed, now.Held, now.Retried) < 0 {
			t.Errorf("negative: %+v", now)
		}
		w.last[now.Name] = now
	}
	for _, e := range s.Edges {
		if e.Queued < 0 || e.Capacity > 0 && e.Queued > e.Capacity || e.Fill < 0 || e.Fill > 1 {
			t.Errorf("edge: %+v", e)
		}
	}
}

func TestSnapshot_atAnyTime(t *testing.T) {
	for name, job := range shapes() {
		t.Run(name, func(t *testing.T) {
			opt, r := audited(t)
			running := job().Start(t.Context(), opt, quiet)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					w := watcher{last: make(map[string]flow.StageReport)}
					for over := false; !over; {
						select {
						case <-running.Done():
							over = true
						default:
						}
						w.look(t, running.Snapshot())
						_ = running.Plan()
					}
				})
			}
			wg.Wait()
			if err := running.Wait(); err != nil && name != "nested" {
				t.Error(err)
			}
			end := running.Snapshot()
			for i := range end.Stages {
				r.Stages[i].Busy = 0
			}
			if diff := cmp.Diff(r.Stages, end.Stages); diff != "" {
				t.Errorf("at the end (-report +snapshot):\n%s", diff)
			}
			for _, g := range end.Segments {
				if g.State != "ended" {
					t.Errorf("%s at the end: %s", g.Name, g.State)
				}
			}
		})
	}
}

// TestSnapshot_isTrue looks at a run that stands still.
func TestSnapshot_isTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int)
		f := flow.Concat(flow.Range(0, 7), flow.Range(0, 5), flow.FromChan(ch)).Map(identity).Async(2).AsyncMap(2, func(ctx context.Context, v int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}).Named("work")
		running := f.Discard().Start(t.Context(), audit(t), flow.WithName("still"))
		synctest.Wait()
		time.Sleep(time.Second)
		_ = running.Snapshot()
		time.Sleep(time.Second)
		s := running.Snapshot()
		want := map[string][2]int64{"range": {0, 7}, "range#2": {0, 5}, "chan": {0, 0}, "mapper": {12, 12}, "work": {12, 0}, "discard": {0, 0}}
		for name, n := range want {
			row, ok := s.Stage(name)
			if !ok || row.In != n[0] || row.Out != n[1] {
				t.Errorf("%s: %+v, want %d in and %d out", name, row, n[0], n[1])
			}
		}
		if s.Run != "still" || s.ID != running.ID() || s.Phase != flow.Active || s.Elapsed != 2*time.Second {
			t.Errorf("%+v", s)
		}
		states := make(map[string]int)
		for _, g := range s.Segments {
			states[g.Name+" "+g.State]++
		}
		if diff := cmp.Diff(map[string]int{"range waiting for items": 1, "work waiting for items": 1, "work working": 2, "discard waiting for items": 1}, states); diff != "" {
			t.Errorf("goroutines (-want +got):\n%s\n%v", diff, s)
		}
		text := s.String()
		for _, part := range []string{"still: active for 2s\n", "0 of 2 queued from mapper to work\n", "goroutine of work: working in work\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("lacks %q:\n%s", part, text)
			}
		}
		var form struct {
			Phase   string
			Seconds float64
		}
		if b, err := json.Marshal(s); err != nil || json.Unmarshal(b, &form) != nil || form.Phase != "active" || form.Seconds != 2 {
			t.Errorf("JSON: %s, %v", b, err)
		}
		running.Stop(nil)
		if err := running.Wait(); err != context.Canceled {
			t.Error(err)
		}
	})
}

func TestPlan(t *testing.T) {
	job := flow.Range(0, 3).Map(identity).Async(5).AsyncMap(2, func(_ context.Context, v int) (int, error) { return v, nil }).OnError(flow.Skip()).Discard()
	p, err := job.Plan(flow.WithName("planned"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Stages {
		got = append(got, s.Name+" "+s.Policy)
	}
	if diff := cmp.Diff([]string{"range ", "mapper ", "async-mapper Skip", "discard "}, got); diff != "" || p.Name != "planned" || p.Segments != 5 {
		t.Errorf("%+v (-want +got):\n%s", p, diff)
	}
	if p.Stages[0].Segment != p.Stages[1].Segment || p.Stages[1].Segment == p.Stages[2].Segment || p.Stages[2].Workers != 2 {
		t.Errorf("goroutines: %+v", p.Stages)
	}
	if e := p.Edges[1]; e.From != "mapper" || e.To != "async-mapper" || e.Capacity != 5 {
		t.Errorf("edges: %+v", p.Edges)
	}
}

// TestSnapshot_besideAFullSlidingBuffer: whoever looks and who loses an item never wait for each
// other.
func TestSnapshot_besideAFullSlidingBuffer(t *testing.T) {
	held := make(chan struct{})
	running := flow.Range(0, 100_000).SlidingBuffer(1).ForEach(func(context.Context, int) error {
		<-held
		return nil
	}).Start(t.Context(), audit(t), quiet)
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for range 2000 {
				_ = running.Snapshot()
			}
		})
	}
	lookers.Wait()
	close(held)
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}
