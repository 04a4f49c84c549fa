package flow_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// echoes are what a call may return that only says that its context has ended.
var echoes = map[string]func(context.Context) error{
	"the error":                 func(ctx context.Context) error { return ctx.Err() },
	"the cause":                 context.Cause,
	"the error in words":        func(ctx context.Context) error { return fmt.Errorf("page 3: %w", ctx.Err()) },
	"the cause in words":        func(ctx context.Context) error { return fmt.Errorf("page 3: %w", context.Cause(ctx)) },
	"what net/http makes of it": func(ctx context.Context) error { return &url.Error{Op: "Get", URL: "http://x", Err: ctx.Err()} },
	"both, joined":              func(ctx context.Context) error { return errors.Join(ctx.Err(), context.Cause(ctx)) },
	"both, in words":            func(ctx context.Context) error { return fmt.Errorf("%w (%w)", ctx.Err(), context.Cause(ctx)) },
	"the error of an inner run": func(ctx context.Context) error { return flow.Repeat(1).Run(ctx) },
	"the error of a later call": func(ctx context.Context) error { return flow.Of(1).ForEach(awaitsEnd).Run(ctx) },
	"the error of a derived one": func(ctx context.Context) error {
		own, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		return own.Err()
	},
	"that of an errgroup": func(ctx context.Context) error {
		g, own := errgroup.WithContext(ctx)
		g.Go(func() error { return awaitsEnd(own, 0) })
		g.Go(func() error { return awaitsEnd(own, 1) })
		return g.Wait()
	},
}

func awaitsEnd(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }

// news are what a call may return after the end of its context that is more than that.
var news = map[string]func(context.Context) error{
	"another error":           func(context.Context) error { return errPlanted },
	"one beside the end":      func(ctx context.Context) error { return errors.Join(ctx.Err(), errPlanted) },
	"one before the cause":    func(ctx context.Context) error { return errors.Join(errPlanted, context.Cause(ctx)) },
	"one in front of the end": func(ctx context.Context) error { return fmt.Errorf("%w: %w", errPlanted, ctx.Err()) },
	"one deep beside it": func(ctx context.Context) error {
		return fmt.Errorf("a: %w", errors.Join(ctx.Err(), fmt.Errorf("b: %w", errPlanted)))
	},
	"one of the system's":      func(context.Context) error { return errors.Join(errPlanted, os.ErrDeadlineExceeded) },
	"the time of its own call": func(context.Context) error { return fmt.Errorf("%w, %w", errPlanted, context.DeadlineExceeded) },
	"an error of an errgroup": func(ctx context.Context) error {
		g, own := errgroup.WithContext(ctx)
		g.Go(func() error { return errPlanted })
		g.Go(func() error { <-own.Done(); <-ctx.Done(); return nil })
		return g.Wait()
	},
}

// ending are jobs with a call that returns what result makes of its context, which has ended.
func ending(result func(context.Context) error) map[string]flow.Job {
	call := func(ctx context.Context, v int) (int, error) { <-ctx.Done(); return v, result(ctx) }
	put := func(ctx context.Context, _ int) error { <-ctx.Done(); return result(ctx) }
	one := flow.Of(1)
	return map[string]flow.Job{
		"Call":                one.Call(call).Discard(),
		"Call with a policy":  one.Call(call).OnError(flow.Handle(stopsAlways)).Discard(),
		"Call, apart":         one.Async(1).Call(call).Async(1).Discard(),
		"workers":             one.AsyncMap(2, call).Discard(),
		"workers unordered":   one.AsyncMapUnordered(2, call).Discard(),
		"ForEach":             one.ForEach(put),
		"AsyncForEach":        one.AsyncForEach(2, put),
		"a source":            flow.FromFunc(func(ctx context.Context, _ func(int) error) error { return put(ctx, 0) }).Discard(),
		"Poll":                flow.Poll(time.Hour, func(ctx context.Context) (int, error) { return call(ctx, 0) }).Discard(),
		"Open":                one.To(openEnding(put)),
		"a foreign processor": one.Then(reporter(func(ctx context.Context) error { return put(ctx, 0) })).Discard(),
		"Failed of a foreign processor": one.Then(foreign(func(ctx context.Context, _ <-chan int, _ chan<- int) {
			boss, _ := ops.SupervisorFrom(ctx)
			boss.Failed(put(ctx, 0))
		})).Discard(),
		"a dead letter": one.TryMap(failsOn(1)).OnError(flow.DeadLetter(func(ctx context.Context, _ flow.Letter[any]) error { return put(ctx, 0) })).Discard(),
	}
}

type openEnding func(context.Context, int) error

func (fn openEnding) Open(ctx context.Context) error { return fn(ctx, 0) }
func (fn openEnding) Put(context.Context, int) error { return nil }

// TestError_thatOnlySaysThatTheContextHasEnded is none: Run returns the cause alone.
func TestError_thatOnlySaysThatTheContextHasEnded(t *testing.T) {
	for what, result := range echoes {
		for where, job := range ending(result) {
			t.Run(what+" from "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, err := cancelledAs(t, job.Run)
					if err != errEnough {
						t.Errorf("Run() = %v, want %v alone", err, errEnough)
					}
					for _, s := range r.Stages {
						if s.Failed != 0 {
							t.Errorf("books %+v", s)
						}
					}
				})
			})
		}
	}
}

// TestError_thatSaysMoreThanThatTheContextHasEnded is joined behind the cause.
func TestError_thatSaysMoreThanThatTheContextHasEnded(t *testing.T) {
	for what, result := range news {
		for where, job := range ending(result) {
			t.Run(what+" from "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					err := cancelled(t, job.Run)
					joined, ok := err.(interface{ Unwrap() []error })
					if !ok || joined.Unwrap()[0] != errEnough {
						t.Fatalf("Run() = %v, want %v and a failure", err, errEnough)
					}
					if failed := stageError(t, err); !errors.Is(failed, errPlanted) {
						t.Errorf("Run() = %v, want the error behind the cause", err)
					}
				})
			})
		}
	}
}

// TestFailure_twoAtOnce: one is the cause that all others hear of, and the first of the
// error; the other is joined.
func TestFailure_twoAtOnce(t *testing.T) {
	for range 200 {
		var meet sync.WaitGroup
		meet.Add(3)
		fails := func(name string) func(int) (int, error) {
			return func(v int) (int, error) {
				meet.Done()
				meet.Wait()
				return v, errors.New(name)
			}
		}
		var heard error
		hears := flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
			meet.Done()
			<-ctx.Done()
			heard = context.Cause(ctx)
			return nil
		})
		err := flow.Merge(flow.Of(1).TryMap(fails("a")).Named("a"), flow.Of(1).TryMap(fails("b")).Named("b"), hears).
			Run(t.Context(), audit(t))
		first := err
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			first = joined.Unwrap()[0]
			if n := len(joined.Unwrap()); n != 2 {
				t.Fatalf("Run() = %v, want two failures at most", err)
			}
			if a, b := stageError(t, first), stageError(t, joined.Unwrap()[1]); a.Stage == b.Stage {
				t.Fatalf("Run() = %v, twice the same", err)
			}
		}
		if heard != first {
			t.Fatalf("the source was told %v, Run() = %v", heard, err)
		}
	}
}

// TestFailure_andCancelAtOnce: whatever came first, the other is not lost.
func TestFailure_andCancelAtOnce(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancelCause(t.Context())
		var meet sync.WaitGroup
		meet.Add(2)
		go func() {
			meet.Done()
			meet.Wait()
			cancel(errEnough)
		}()
		err := flow.Of(1).Async(1).TryMap(func(int) (int, error) {
			meet.Done()
			meet.Wait()
			return 0, errPlanted
		}).Run(ctx, audit(t))
		if !errors.Is(err, errPlanted) {
			t.Fatalf("Run() = %v, which lost the failure", err)
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok && joined.Unwrap()[0] != errEnough {
			t.Fatalf("Run() = %v, want the cancel first", err)
		}
	}
}

// several is an error that cannot be compared.
type several []error

func (s several) Error() string { return fmt.Sprint("several: ", []error(s)) }

// TestError_thatCannotBeCompared as a cause and as that of a stage.
func TestError_thatCannotBeCompared(t *testing.T) {
	for name, result := range map[string]func(context.Context) error{
		"the cause": context.Cause, "another": func(context.Context) error { return several{errPlanted} },
	} {
		for where, job := range ending(result) {
			t.Run(name+" from "+where, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(several{errEnough})
				err := job.Run(ctx, audit(t), quiet)
				if _, ok := errors.AsType[several](err); !ok {
					t.Errorf("Run() = %v", err)
				}
			})
		}
	}
}
