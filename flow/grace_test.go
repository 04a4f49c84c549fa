package flow_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

// TestGrace_stuck has user functions that do not return in each place where there can be one.
func TestGrace_stuck(t *testing.T) {
	places := func(stuck func()) map[string]flow.Job {
		jobs := callbacks(3, stuck)
		maps.Copy(jobs, map[string]flow.Job{
			"worker among others": flow.Range(0, 3).AsyncMap(2, func(_ context.Context, v int) (int, error) {
				if v == 1 {
					stuck()
				}
				return v, nil
			}).Named("acts").Discard(),
			"sink behind a boundary": each(flow.Range(0, 30).Async(2), func(int) { stuck() }).Named("acts"),
			"sink with workers that are all stuck": flow.Range(0, 30).
				AsyncForEach(3, func(context.Context, int) error { stuck(); return nil }).Named("acts"),
			"the sink's Close behind a boundary": flow.Range(0, 3).Async(2).To(&sinkPart{actsAt("Close", stuck)}).Named("acts"),
			"below a Restart": each(flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 3) }),
				func(int) { stuck() }).Named("acts"),
			"build": flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { stuck(); return flow.Range(0, 3) }).
				Named("acts").Discard(),
		})
		return jobs
	}
	for name := range places(nil) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				free := make(chan struct{})
				job := places(func() { <-free })[name]
				time.AfterFunc(time.Second, func() { cancel(errBoom) })
				begun := time.Now()
				var r flow.Report
				var last flow.Event
				hear := flow.ObserverFunc(func(e flow.Event) { last = e })
				err := job.Run(ctx, flow.WithGrace(time.Minute), flow.WithReport(&r), flow.WithObserver(hear), quiet)
				failed, ok := errors.AsType[*flow.StuckError](err)
				if !ok || !errors.Is(err, errBoom) {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(begun); took != 61*time.Second {
					t.Errorf("given up after %v", took)
				}
				if len(failed.Stages) != 1 || !strings.HasSuffix("/"+failed.Stages[0].Name, "/acts") || failed.Stages[0].For != time.Minute {
					t.Fatalf("stuck: %+v", failed.Stages)
				}
				if !strings.Contains(failed.Stages[0].Stack, "TestGrace_stuck") || !strings.Contains(err.Error(), "grace_test.go") {
					t.Errorf("%v, the stack does not lead to the function:\n%s", err, failed.Stages[0].Stack)
				}
				if diff := cmp.Diff(failed.Stages, r.Stuck); diff != "" || r.Cause != err {
					t.Errorf("the report says %v (-error +report):\n%s", r.Cause, diff)
				}
				for _, s := range r.Stages {
					if s.In != s.Passed+s.Filtered+s.Dropped+s.DeadLettered+s.Failed+s.Held {
						t.Errorf("the row does not balance: %+v", s)
					}
				}
				if _, ok := last.(flow.RunEnded); !ok {
					t.Errorf("the last event is a %T", last)
				}
				text := r.String()
				close(free)
				synctest.Wait()
				if _, ok := last.(flow.RunEnded); !ok || text != r.String() {
					t.Errorf("after it went on there was a %T, and the report is\n%v", last, r)
				}
			})
		})
	}
}

// TestGrace_noFurtherCalls lets a stuck function go on above others.
func TestGrace_noFurtherCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := make(chan struct{})
		called := 0
		f := flow.Range(0, 10).Map(func(v int) int { cancel(); <-cancelled; return v }).Tap(func(int) { called++ }).Filter(func(int) bool { called++; return true })
		err := each(f, func(int) { called++ }).Run(ctx, flow.WithGrace(time.Minute))
		if _, ok := errors.AsType[*flow.StuckError](err); !ok {
			t.Errorf("got %v", err)
		}
		close(cancelled)
		synctest.Wait()
		if called != 0 {
			t.Errorf("%d functions were called after the run was given up", called)
		}
	})
}

// TestGrace_values looks that what a run that was given up still makes is nobody's.
func TestGrace_values(t *testing.T) {
	deaf := func(free chan struct{}) flow.Flow[int] {
		return flow.Range(0, 100).Map(func(v int) int {
			if v == 50 {
				<-free
			}
			return v
		})
	}
	values := map[string]func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error){
		"Collect": func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error) {
			got, err := f.Collect(ctx, o)
			return len(got), err
		},
		"Count": func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error) {
			got, err := f.Count(ctx, o)
			return int(got), err
		},
		"Last": func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error) { return f.Last(ctx, o) },
		"First": func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error) {
			return f.Skip(50).First(ctx, o)
		},
		"Reduce": func(ctx context.Context, f flow.Flow[int], o flow.Option) (any, error) {
			return f.Reduce(ctx, 0, func(sum, v int) int { return sum + v }, o)
		},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				free := make(chan struct{})
				got, err := value(ctx, deaf(free), flow.WithGrace(time.Minute))
				if _, ok := errors.AsType[*flow.StuckError](err); !ok || got != 0 {
					t.Errorf("got %v, %v", got, err)
				}
				close(free)
				synctest.Wait()
			})
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				close(free)
				if got, err := value(t.Context(), deaf(free), flow.WithGrace(time.Minute)); err != nil || got == 0 {
					t.Errorf("not stuck: %v, %v", got, err)
				}
			})
		})
	}
}

// TestGrace_loop has a body of a range loop that takes longer than the grace: it is not the
// run's.
func TestGrace_loop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		var got []int
		var last error
		for v, err := range flow.Range(0, 10).All(ctx, flow.WithGrace(time.Minute), audit(t)) {
			if last = err; err == nil {
				got = append(got, v)
				time.Sleep(time.Hour)
			}
		}
		if diff := cmp.Diff([]int{0}, got); diff != "" || last != errBoom {
			t.Errorf("%v (-want +got):\n%s", last, diff)
		}
	})
}

func TestGrace_loopIsLeft(t *testing.T) {
	ends := map[string]func(){"break": nil, "panic": boom}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				defer func() {
					if v := recover(); (v == nil) != (end == nil) || v != nil && v != errBoom {
						t.Errorf("recovered %v", v)
					}
					if r.Cause != nil || stageReport(t, r, "all").In != 4 {
						t.Errorf("%v:\n%v", r.Cause, r)
					}
				}()
				for v := range flow.Repeat(1).Scan(0, func(n, _ int) int { return n + 1 }).All(t.Context(), flow.WithGrace(time.Minute), opt) {
					if v == 4 {
						if end != nil {
							end()
						}
						break
					}
				}
			})
		})
	}
}

func TestGrace_loopStuckAbove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		free := make(chan struct{})
		var last error
		for _, err := range flow.Range(0, 10).Map(func(v int) int { <-free; return v }).All(ctx, flow.WithGrace(time.Minute)) {
			last = err
		}
		if _, ok := errors.AsType[*flow.StuckError](last); !ok {
			t.Errorf("got %v", last)
		}
		close(free)
		synctest.Wait()
	})
}

func TestGrace_channel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		free := make(chan struct{})
		items, wait := flow.Range(0, 10).Map(func(v int) int {
			if v == 2 {
				<-free
			}
			return v
		}).Chan(ctx, flow.WithGrace(time.Minute))
		n := 0
		for range items {
			n++
		}
		if _, ok := errors.AsType[*flow.StuckError](wait()); !ok || n != 2 {
			t.Errorf("%d items, %v", n, wait())
		}
		close(free)
		synctest.Wait()
	})
}

// TestGrace_partOnly ends a part of a run, whose source does not care.
func TestGrace_partOnly(t *testing.T) {
	for name, after := range map[string]time.Duration{"and goes on after a while": 90 * time.Second, "for good": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				deaf := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
					_ = emit(1)
					time.Sleep(after)
					return nil
				}).Named("deaf")
				begun := time.Now()
				err := flow.Merge(deaf.Async(1).Take(1), flow.Tick(time.Second).Map(time.Time.Second)).Run(t.Context(), flow.WithGrace(time.Minute))
				stuck, ok := errors.AsType[*flow.StuckError](err)
				if !ok || len(stuck.Stages) != 1 || stuck.Stages[0].Name != "deaf" || stuck.Err != nil {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(begun); took != min(after, 2*time.Minute) {
					t.Errorf("ended after %v", took)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

// TestGrace_eachPartHasItsTime ends parts of a run one after the other, each of which needs
// most of the grace.
func TestGrace_eachPartHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var parts []flow.Flow[int]
		for i := range 6 {
			parts = append(parts, flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
				time.Sleep(time.Duration(i) * 25 * time.Second)
				_ = emit(i)
				<-ctx.Done()
				time.Sleep(50 * time.Second)
				return ctx.Err()
			}).Async(1).Take(1))
		}
		got, err := flow.Merge(parts...).Collect(t.Context(), flow.WithGrace(time.Minute), audit(t))
		if err != nil || len(got) != 6 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestGrace_inTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		err := flow.Range(0, 10).Call(func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 0, nil }).
			Run(ctx, flow.WithGrace(time.Minute), audit(t))
		if err != errBoom {
			t.Errorf("got %v", err)
		}
	})
}

func TestGrace_byTheClockOfTheRun(t *testing.T) {
	fake := clock.NewFake()
	ctx, cancel := context.WithCancel(t.Context())
	free, done := make(chan struct{}), make(chan error)
	go func() {
		done <- flow.Range(0, 1).Map(func(int) int { cancel(); <-free; return 0 }).Run(ctx, flow.WithClock(fake), flow.WithGrace(time.Minute))
	}()
	if err := fake.BlockUntil(t.Context(), 2); err != nil { // that for parts, and the one for the end
		t.Fatal(err)
	}
	fake.Advance(time.Minute)
	if _, ok := errors.AsType[*flow.StuckError](<-done); !ok {
		t.Error("not given up")
	}
	close(free)
}

func TestGrace_missedDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		running := each(flow.Range(0, 10).Async(2), func(int) { <-free }).Named("deaf").Start(t.Context(), flow.WithGrace(time.Minute))
		synctest.Wait() // it has an item
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := running.Drain(ctx)
		missed, ok := errors.AsType[*flow.DrainError](err)
		stuck, also := errors.AsType[*flow.StuckError](err)
		if !ok || !also || err != running.Wait() || !errors.Is(err, context.DeadlineExceeded) || len(missed.Culprits) != 1 || len(stuck.Stages) != 1 {
			t.Errorf("Drain: %v, Wait: %v", err, running.Wait())
		}
		if r := running.Report(); r.Drain == nil || r.Drain.Complete || len(r.Stuck) != 1 {
			t.Errorf("report: %v", r)
		}
		close(free)
		synctest.Wait()
	})
}

func TestGrace_misuse(t *testing.T) {
	for name, opt := range map[string]flow.Option{
		"WithGrace": flow.WithGrace(0), "WithWatchdog": flow.WithWatchdog(-1), "WithStallLimit": flow.WithStallLimit(0),
	} {
		if errs := configErrors(t, flow.Of(1).Run(t.Context(), opt)); len(errs) != 1 || errs[0].Field != name {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// A stage whose segment was told to end long ago, and did, is not at work again because it was
// closed: a Close behind it may take its time.
func TestGrace_isNotForWhatHasClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := closingSink{close: func() { time.Sleep(time.Minute) }}
		err := flow.Range(0, 10).Take(3).Batch(2, 0).Async(1).Map(func(b []int) int { return len(b) }).To(sink).
			Run(t.Context(), flow.WithGrace(time.Second), audit(t))
		if err != nil {
			t.Errorf("Run() = %v, want nil: nothing was told to end that has not", err)
		}
	})
}

// A signal that came out of a flow inside a source leaves that at work.
func TestGrace_namesTheStageInsideBehindASignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		inside := func() flow.Flow[int] {
			return barriered(ignore).Map(func(v int) int {
				if v == 2 {
					cancel()
					time.Sleep(time.Minute)
				}
				return v
			}).Named("stuck")
		}
		err := flow.Restart(flow.RestartPolicy{}, inside).Named("outer").Run(ctx, flow.WithGrace(time.Second), quiet)
		stuck, ok := errors.AsType[*flow.StuckError](err)
		if !ok || len(stuck.Stages) != 1 || stuck.Stages[0].Name != "outer/stuck" {
			t.Errorf("Run() = %v, want that outer/stuck is stuck", err)
		}
		time.Sleep(time.Minute)
	})
}

type closingSink struct{ close func() }

func (closingSink) Put(context.Context, int) error { return nil }

func (s closingSink) Close(error) error {
	s.close()
	return nil
}
