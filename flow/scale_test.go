package flow_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// crowd is a function that takes a second and tells how many of its calls go on.
type crowd struct{ now atomic.Int64 }

func (c *crowd) call(ctx context.Context, v int) (int, error) {
	c.now.Add(1)
	defer c.now.Add(-1)
	time.Sleep(time.Second)
	return v, ctx.Err()
}

func (c *crowd) do(ctx context.Context, v int) error {
	_, err := c.call(ctx, v)
	return err
}

func (c *crowd) stream(ctx context.Context, v int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) { yield(c.call(ctx, v)) }
}

// want looks how many calls go on.
func (c *crowd) want(t *testing.T, what string, n int64) {
	t.Helper()
	synctest.Wait()
	if got := c.now.Load(); got != n {
		t.Errorf("%s: %d calls go on, want %d", what, got, n)
	}
}

// scaled are the stages whose number of workers can change.
var scaled = map[string]func(c *crowd, s flow.Scale) flow.Job{
	"AsyncMap": func(c *crowd, s flow.Scale) flow.Job { return flow.Repeat(1).AsyncMap(3, c.call).Scaled(s).Discard() },
	"AsyncMapUnordered": func(c *crowd, s flow.Scale) flow.Job {
		return flow.Repeat(1).AsyncMapUnordered(3, c.call).Scaled(s).Discard()
	},
	"AsyncForEach": func(c *crowd, s flow.Scale) flow.Job { return flow.Repeat(1).AsyncForEach(3, c.do).Scaled(s) },
	"FlatMapMerge": func(c *crowd, s flow.Scale) flow.Job {
		return flow.Repeat(1).FlatMapMerge(3, c.stream).Scaled(s).Discard()
	},
	"a Retry": func(c *crowd, s flow.Scale) flow.Job {
		return flow.Repeat(1).Then(ops.NewRetry(ops.NewAsyncMapper(c.call), 2)).Scaled(s).Discard()
	},
	"one with a buffer": func(c *crowd, s flow.Scale) flow.Job {
		return flow.Repeat(1).Then(ops.NewAsyncMapper(c.call).WithWorkers(2).WithBufferSize(9)).Scaled(s).Named("work").Discard()
	},
}

// TestManual_isTheNumberOfCalls that go on at once, whatever the stage was given.
func TestManual_isTheNumberOfCalls(t *testing.T) {
	for name, job := range scaled {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, w := new(crowd), flow.NewWorkers(2, 8)
				r := job(c, flow.Manual(w)).Start(t.Context(), audit(t))
				time.Sleep(5*time.Second + time.Second/2)
				c.want(t, "at first", 2)
				for _, n := range []int{8, 1, 5, 4} {
					if err := w.Set(n); err != nil || w.Count() != n {
						t.Errorf("Set(%d) = %v, Count() = %d", n, err, w.Count())
					}
					time.Sleep(5 * time.Second)
					c.want(t, "after Set", int64(n))
				}
				var got []int
				for _, change := range scale(t, r).Changes {
					got = append(got, change.From, change.To)
				}
				if diff := cmp.Diff([]int{2, 8, 8, 1, 1, 5, 5, 4}, got); diff != "" || scale(t, r).Changes[0].Reason != "set" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
				stop(t, r)
			})
		})
	}
}

// TestManual_keepsOrder and loses nothing while the number changes all the time.
func TestManual_keepsOrder(t *testing.T) {
	var want []int
	for v := range 300 {
		want = append(want, v)
	}
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			r, w := rand.New(rand.NewPCG(seed, 0)), flow.NewWorkers(3, 9)
			over := make(chan struct{})
			var changing sync.WaitGroup
			changing.Go(func() {
				for {
					select {
					case <-over:
						return
					case <-time.After(time.Duration(r.IntN(5)) * time.Millisecond):
						_ = w.Set(1 + r.IntN(9))
					}
				}
			})
			got, err := flow.Range(0, 300).AsyncMap(1, slowly).Scaled(flow.Manual(w)).
				AsyncMap(1, slowly).Scaled(flow.Auto(1, 5)).Collect(t.Context(), audit(t))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("seed %d: %v (-want +got):\n%s", seed, err, diff)
			}
			close(over)
			changing.Wait()
		})
	}
}

// TestManual_ofSeveral: each stage of each run has the number.
func TestManual_ofSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := new(crowd), flow.NewWorkers(1, 8)
		job := flow.Jobs(flow.Repeat(1).AsyncForEach(4, c.do).Scaled(flow.Manual(w)), flow.Repeat(1).AsyncMap(4, c.call).Scaled(flow.Manual(w)).Discard())
		first, second := job.Start(t.Context(), audit(t)), job.Start(t.Context(), audit(t))
		time.Sleep(10*time.Second + time.Second/2)
		c.want(t, "at first", 4)
		_ = w.Set(3)
		time.Sleep(2 * time.Second)
		c.want(t, "after Set", 12)
		stop(t, first)
		_ = w.Set(5)
		time.Sleep(2 * time.Second)
		c.want(t, "of one run", 10)
		stop(t, second)
		if err := w.Set(2); err != nil {
			t.Error(err)
		}
		third := job.Start(t.Context(), audit(t))
		time.Sleep(time.Second / 2)
		c.want(t, "of a new run", 4)
		stop(t, third)
	})
}

// TestWorkers_refuse a number that cannot be.
func TestWorkers_refuse(t *testing.T) {
	w := flow.NewWorkers(2, 4)
	for _, n := range []int{-1, 0, 5} {
		err := w.Set(n)
		if e, ok := errors.AsType[*flow.ConfigError](err); !ok || e.Value != n || e.Field != "workers" || w.Count() != 2 {
			t.Errorf("Set(%d) = %v, Count() = %d", n, err, w.Count())
		}
	}
	for name, bad := range map[string]*flow.Workers{"nil": nil, "zero": {}, "bad": flow.NewWorkers(1, 0)} {
		if err := bad.Set(1); err == nil {
			t.Errorf("Set of %s Workers = nil", name)
		}
	}
}

// TestScaled_endsInOrder and at once while some workers are not wanted.
func TestScaled_endsInOrder(t *testing.T) {
	for name, s := range map[string]func() flow.Scale{
		"manual": func() flow.Scale { return flow.Manual(flow.NewWorkers(2, 9)) },
		"auto":   func() flow.Scale { return flow.Auto(1, 9) },
	} {
		t.Run(name, func(t *testing.T) {
			eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
				if _, err := fan(flow.Of(1), 1, slowly).Scaled(s()).Collect(t.Context()); err != nil {
					return // keyed
				}
				opt, report := audited(t)
				r := fan(blocked(50), 2, slowly).Scaled(s()).Discard().Start(t.Context(), opt)
				if err := r.Drain(t.Context()); err != nil || report.Stages[1].Passed != report.Stages[0].Out {
					t.Errorf("Drain() = %v\n%v", err, report)
				}
				got, err := fan(flow.Repeat(1), 2, slowly).Scaled(s()).Take(9).Collect(t.Context(), audit(t))
				if len(got) != 9 || err != nil {
					t.Errorf("Take(9) gives %v, %v", got, err)
				}
				_, err = fan(flow.Range(0, 100), 2, func(_ context.Context, v int) (int, error) {
					if v == 50 {
						panic(errBoom)
					}
					return v, nil
				}).Scaled(s()).Named("bad").Collect(t.Context(), audit(t))
				if e := stageError(t, err); e.Stage != "bad" {
					t.Errorf("the failure is that of %q", e.Stage)
				}
				got, err = fan(flow.Range(0, 100), 2, slowly).Scaled(s()).Collect(t.Context(), audit(t))
				slices.Sort(got)
				if len(got) != 100 || got[99] != 99 || err != nil {
					t.Errorf("to the end: %v, %v", got, err)
				}
			})
		})
	}
}

// TestScaled_inAnyPlace: within copies, sub-flows and flows that begin anew each stage has a
// number of its own.
func TestScaled_inAnyPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := new(crowd), flow.NewWorkers(2, 4)
		part := func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(1, c.call).Scaled(flow.Manual(w)) }
		for name, f := range map[string]flow.Flow[int]{
			"Pipe":              flow.Repeat(1).Then(flow.Pipe(part)),
			"ParallelUnordered": flow.Repeat(1).ParallelUnordered(1, part),
			"Restart":           flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return part(flow.Repeat(1)) }),
		} {
			_ = w.Set(2)
			r := f.Discard().Start(t.Context(), audit(t))
			time.Sleep(5*time.Second + time.Second/2)
			c.want(t, name, 2)
			_ = w.Set(4)
			time.Sleep(5 * time.Second)
			c.want(t, name+" after Set", 4)
			if s := r.Snapshot().Scales; len(s) != 1 || s[0].Workers != 4 {
				t.Errorf("%s: the scales are %v", name, s)
			}
			stop(t, r)
		}
	})
}
