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

func TestRestart_goesOnBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		begun := 0
		start := time.Now()
		got, err := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 3}, func() flow.Flow[int] {
			begun++
			base := 10 * begun
			return flow.Range(base, base+5).Async(2).TryMap(func(v int) (int, error) {
				if v%10 == 2 && begun < 3 {
					return 0, errBoom
				}
				return v, nil
			})
		}).Named("feed").Scan(0, func(n, v int) int { return n + 1 }).Collect(t.Context(), opt, quiet)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("took %v", d)
		}
		t.Log(r)
		if s := stageReport(t, r, "feed/try-mapper"); s.Failed != 2 || s.Passed != 9 {
			t.Errorf("%+v", s)
		}
	})
}

// Stages of one name have numbers, in each run inside the same.
func TestRestart_addsUpTheBooksByName(t *testing.T) {
	opt, r := audited(t)
	begun := 0
	err := flow.Restart(flow.RestartPolicy{Max: 1}, func() flow.Flow[int] {
		begun++
		same := func(v int) int { return v }
		return flow.Range(0, 3).Map(same).Map(same).TryMap(func(v int) (int, error) {
			if begun == 1 {
				return 0, errBoom
			}
			return v, nil
		})
	}).Run(t.Context(), opt, quiet)
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"restart/mapper", "restart/mapper#2"} {
		if s := stageReport(t, r, name); s.In != 4 {
			t.Errorf("%s took %d, want 4", name, s.In)
		}
	}
}

func TestRestart_tooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, _ := audited(t)
		err := flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), Max: 2, Within: time.Minute}, func() flow.Flow[int] {
			return flow.Fail[int](errBoom)
		}).Run(t.Context(), opt, quiet)
		failed, ok := errors.AsType[*flow.RestartError](err)
		if !ok || !errors.Is(err, errBoom) || failed.Max != 2 {
			t.Errorf("got %v", err)
		}
		t.Log(err)
	})
}

func TestUsing(t *testing.T) {
	errClose := errors.New("close")
	for _, inner := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			opt, _ := audited(t)
			var closed []error
			got, err := flow.Using(
				func(context.Context) (int, error) { return 3, nil },
				func(_ int, cause error) error { closed = append(closed, cause); return errClose },
				func(n int) flow.Flow[int] {
					return flow.Concat(flow.Range(0, n), flow.FromFunc(func(context.Context, func(int) error) error { return inner }))
				}).Collect(t.Context(), opt)
			if len(got) != 3 || !errors.Is(err, errClose) || inner != nil && !errors.Is(err, inner) || len(closed) != 1 {
				t.Errorf("got %v, %v, closed with %v", got, err, closed)
			}
			t.Log(err, closed)
		})
	}
}

func TestJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		var a, b int
		err := flow.Jobs(
			flow.Range(0, 10).Async(2).ForEach(func(context.Context, int) error { a++; return nil }),
			flow.Tick(time.Second).Take(3).ForEach(func(context.Context, time.Time) error { b++; return nil }).Named("ticks"),
		).Run(t.Context(), opt)
		if err != nil || a != 10 || b != 3 {
			t.Errorf("%v %d %d", err, a, b)
		}
		t.Log(r)
	})
}

func TestJobs_none(t *testing.T) {
	opt, _ := audited(t)
	if err := flow.Jobs().Run(t.Context(), opt); err != nil {
		t.Error(err)
	}
}
