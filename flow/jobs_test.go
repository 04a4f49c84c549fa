package flow_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

func TestJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		var a, b int
		err := flow.Jobs(
			each(flow.Range(0, 10).Async(2), func(int) { a++ }),
			each(flow.Tick(time.Second).Take(3), func(time.Time) { b++ }).Named("ticks"),
		).Run(t.Context(), opt)
		if err != nil || a != 10 || b != 3 {
			t.Errorf("%v %d %d", err, a, b)
		}
		want := []string{"range", "for-each", "tick", "take", "ticks"}
		if diff := cmp.Diff(want, stageNames(r)); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
	})
}

func TestJobs_none(t *testing.T) {
	if err := flow.Jobs().Run(t.Context(), audit(t)); err != nil {
		t.Error(err)
	}
}

func TestJobs_oneFails(t *testing.T) {
	for name, fails := range map[string]func(int) (int, error){
		"error": func(int) (int, error) { return 0, errBoom },
		"panic": func(int) (int, error) { boom(); return 0, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				err := flow.Jobs(
					counting().Discard(),
					flow.Tick(time.Minute).Map(time.Time.Second).TryMap(fails).Named("bad").Discard(),
					flow.Repeat(1).Call(func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }).Discard(),
				).Run(t.Context(), audit(t))
				if failed, ok := err.(*flow.StageError); !ok || failed.Stage != "bad" || !errors.Is(err, errBoom) || time.Since(begun) != time.Minute {
					t.Errorf("after %v: %v", time.Since(begun), err)
				}
			})
		})
	}
}

// TestJobs_oneEndsEarly leaves the others alone.
func TestJobs_oneEndsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := flow.Jobs(
			flow.Repeat(1).Async(2).Take(3).Discard(),
			each(flow.Tick(time.Second).Take(10), func(time.Time) { n++ }),
			flow.Repeat(1).ForEach(func(context.Context, int) error { return flow.ErrStop }),
		).Run(t.Context(), audit(t))
		if err != nil || n != 10 {
			t.Errorf("%d of 10 items, %v", n, err)
		}
	})
}

func TestJobs_drain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		running := flow.Jobs(
			each(counting().Batch(100, time.Hour), func(b []int) { got = append(got, len(b)) }),
			flow.Tick(time.Hour).Discard(),
			flow.Range(0, 3).Discard(),
		).Start(t.Context(), audit(t))
		time.Sleep(2500 * time.Millisecond)
		if err := running.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{3}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestJobs_names(t *testing.T) {
	opt, r := audited(t)
	job := flow.Jobs(
		flow.Jobs(flow.Range(0, 1).Discard(), flow.Range(0, 1).Map(identity).Discard()).Named("inner"),
		flow.Range(0, 1).Map(identity).Discard(),
		flow.Range(0, 1).Discard(),
	).Named("all")
	if err := job.Run(t.Context(), opt); err != nil {
		t.Error(err)
	}
	want := []string{
		"all/inner/range", "all/inner/discard", "all/inner/range#2", "all/inner/mapper", "all/inner/discard#2",
		"all/range", "all/mapper", "all/discard", "all/range#2", "all/discard#2",
	}
	if diff := cmp.Diff(want, stageNames(r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestJobs_policyIsTheirDefault(t *testing.T) {
	fails := func(int) (int, error) { return 0, errBoom }
	err := flow.Jobs(
		flow.Range(0, 3).TryMap(fails).Discard(),
		flow.Jobs(flow.Range(0, 3).TryMap(fails).Discard()),
	).OnError(flow.Skip()).Run(t.Context(), audit(t), quiet)
	if err != nil {
		t.Error(err)
	}
}

func TestJobs_areWhatTheyWere(t *testing.T) {
	n := 0
	jobs := []flow.Job{each(flow.Range(0, 3), func(int) { n++ })}
	all := flow.Jobs(jobs...)
	jobs[0] = flow.Job{}
	for range 2 {
		if err := all.Run(t.Context(), audit(t)); err != nil {
			t.Error(err)
		}
	}
	if n != 6 {
		t.Errorf("%d items", n)
	}
}

func TestJobs_misuse(t *testing.T) {
	ch := make(chan int)
	once := flow.FromChan(ch)
	var none flow.Job
	for name, c := range map[string]struct {
		job  flow.Job
		want []string
	}{
		"zero jobs":             {flow.Jobs(none, flow.Of(1).Discard(), none), []string{"jobs job 0", "jobs job 2"}},
		"a source used twice":   {flow.Jobs(once.Discard(), once.Map(identity).Discard()), []string{"chan source"}},
		"misuse in two of them": {flow.Jobs(flow.Of(1).Take(-1).Discard(), flow.Of(1).Skip(-1).Discard()), []string{"take count", "skip count"}},
		"no name":               {flow.Jobs(flow.Of(1).Discard()).Named(""), []string{"jobs name"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range configErrors(t, c.job.Run(t.Context())) {
				got = append(got, e.Stage+" "+e.Field)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
