package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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

// fanned are the ways to put a function on several workers.
var fanned = map[string]func(f flow.Flow[int], workers int, fn func(context.Context, int) (int, error)) flow.Flow[int]{
	"ordered": func(f flow.Flow[int], workers int, fn func(context.Context, int) (int, error)) flow.Flow[int] {
		return f.AsyncMap(workers, fn)
	},
	"unordered": func(f flow.Flow[int], workers int, fn func(context.Context, int) (int, error)) flow.Flow[int] {
		return f.AsyncMapUnordered(workers, fn)
	},
	"keyed": func(f flow.Flow[int], workers int, fn func(context.Context, int) (int, error)) flow.Flow[int] {
		return f.AsyncMapKeyed(workers, identity, fn)
	},
}

// eachFan runs a test in a bubble for each of them.
func eachFan(t *testing.T, check func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int])) {
	for name, fan := range fanned {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { check(t, fan) })
		})
	}
}

// slowly takes longer for some items than for others.
func slowly(ctx context.Context, v int) (int, error) {
	time.Sleep(time.Duration(v%5) * time.Millisecond)
	return v, ctx.Err()
}

// TestAsyncMap_failsAtAnyWorker: each of five workers is in work when the item of one of
// them fails, in any way and under any policy.
func TestAsyncMap_failsAtAnyWorker(t *testing.T) {
	failures := map[string]func() error{
		"error":  func() error { return errBoom },
		"panic":  func() error { panic(errBoom) },
		"goexit": func() error { runtime.Goexit(); return nil },
	}
	policies := map[string]struct {
		policy flow.Policy
		counts func(r flow.StageReport) bool
	}{
		"stop":   {flow.Stop(), func(r flow.StageReport) bool { return r.Failed == 1 && r.Held > 0 }},
		"skip":   {flow.Skip(), func(r flow.StageReport) bool { return r.Failed == 1 && r.Passed == 39 }},
		"letter": {flow.DeadLetter(func(context.Context, ops.Letter[any]) error { return nil }), func(r flow.StageReport) bool { return r.DeadLettered == 1 && r.Passed == 39 }},
		"handle": {flow.Handle(func(context.Context, *flow.StageError) flow.Policy { return flow.Skip() }), func(r flow.StageReport) bool { return r.Failed == 1 && r.Passed == 39 }},
		"budget": {flow.Budget(1), func(r flow.StageReport) bool { return r.Failed == 1 && r.Passed == 39 }},
		"retry":  {flow.Retry(2, flow.Constant(time.Second)).RetryPanics(), func(r flow.StageReport) bool { return r.Retried == 1 && r.Passed == 40 }},
	}
	for how, fail := range failures {
		for name, p := range policies {
			t.Run(how+", "+name, func(t *testing.T) {
				eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
					for at := 10; at < 15; at++ {
						failed := new(atomic.Bool)
						opt, r := audited(t)
						err := fan(flow.Range(0, 40), 5, func(_ context.Context, v int) (int, error) {
							time.Sleep(time.Millisecond)
							if v == at && failed.CompareAndSwap(false, true) {
								return 0, fail()
							}
							return v, nil
						}).Named("work").OnError(p.policy).Run(t.Context(), opt, quiet)
						stops := name == "stop" || how == "goexit"
						if stops != (err != nil) {
							t.Fatalf("Run() = %v", err)
						}
						if stops {
							if e := stageError(t, err); e.Stage != "work" || how == "error" && e.Item != any(at) {
								t.Errorf("the failure is %+v", e)
							}
							return
						}
						if books := stageReport(t, r, "work"); !p.counts(books) {
							t.Errorf("the books are %+v", books)
						}
					}
				})
			})
		}
	}
}

// TestAsyncMap_policiesAreAskedOneByOne, and so are their handlers, although all workers
// fail at once.
func TestAsyncMap_policiesAreAskedOneByOne(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		asked := 0 // under the eyes of the race detector
		start := time.Now()
		err := fan(flow.Range(0, 20), 10, func(context.Context, int) (int, error) { return 0, errBoom }).
			OnError(flow.Handle(func(context.Context, *flow.StageError) flow.Policy {
				asked++
				time.Sleep(time.Second)
				return flow.Skip()
			})).Run(t.Context(), audit(t))
		if took := time.Since(start); err != nil || asked != 20 || took != 20*time.Second {
			t.Errorf("Run() = %v; asked %d times in %v, want 20 times in 20s", err, asked, took)
		}
	})
}

// TestAsyncMap_retriesBesideOthers: who waits to repeat a call holds no other worker up,
// and a call has its own time.
func TestAsyncMap_retriesBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := new(atomic.Int64)
		start := time.Now()
		got, err := flow.Range(0, 10).AsyncMap(10, func(ctx context.Context, v int) (int, error) {
			calls.Add(1)
			<-ctx.Done()
			return v, ctx.Err()
		}).OnError(flow.Retry(3, flow.Constant(2*time.Second)).Timeout(time.Second).Then(flow.Skip())).Collect(t.Context(), audit(t), quiet)
		if took := time.Since(start); err != nil || len(got) > 0 || calls.Load() != 30 || took != 7*time.Second {
			t.Errorf("%v, %v after %d calls and %v, want nothing after 30 calls and 7s", got, err, calls.Load(), took)
		}
	})
}

// TestAsyncMap_shareOfABudget: failures that are rare enough never end a stream.
func TestAsyncMap_shareOfABudget(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		rare := func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Millisecond)
			if v%20 == 0 {
				return v, errBoom
			}
			return v, nil
		}
		if err := fan(flow.Range(0, 1000), 4, rare).OnError(flow.BudgetShare(0.2, 50)).Run(t.Context(), audit(t), quiet); err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}

// TestAsyncMap_failureNamesTheStage, also where several would have the same name.
func TestAsyncMap_failureNamesTheStage(t *testing.T) {
	_, err := flow.Of(1).AsyncMap(2, slowly).AsyncMap(2, func(context.Context, int) (int, error) { return 0, errBoom }).
		Collect(t.Context(), audit(t))
	if e := stageError(t, err); e.Stage != "async-mapper#2" {
		t.Errorf("the failure is that of %q, want async-mapper#2", e.Stage)
	}
}

// TestAsyncMap_stopsEarly below and above, and what it holds is in the books.
func TestAsyncMap_stopsEarly(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		opt, r := audited(t)
		inWork := new(atomic.Int64)
		fn := func(ctx context.Context, v int) (int, error) {
			inWork.Add(1)
			defer inWork.Add(-1)
			return slowly(ctx, v)
		}
		got, err := fan(flow.Repeat(1), 4, fn).Named("work").Take(9).Collect(t.Context(), opt)
		if len(got) != 9 || err != nil || inWork.Load() != 0 {
			t.Errorf("below: %v, %v, and %d calls in work", got, err, inWork.Load())
		}
		if books := stageReport(t, r, "work"); books.Passed != 9 || books.Held < 3 {
			t.Errorf("below: the books are %+v, want 9 passed and those in work held", books)
		}
		got, err = fan(flow.Range(0, 100).Take(9), 4, slowly).Collect(t.Context(), audit(t))
		slices.Sort(got)
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8}, got); diff != "" || err != nil {
			t.Errorf("above: %v (-want +got):\n%s", err, diff)
		}
	})
}

// TestAsyncMap_besideOneThatFails: whoever fails, above or below, the calls in work are
// awaited and the failure is told.
func TestAsyncMap_besideOneThatFails(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		fails := func(v int) (int, error) {
			if v == 20 {
				return 0, errBoom
			}
			return v, nil
		}
		for name, f := range map[string]flow.Flow[int]{
			"above": fan(flow.Range(0, 100).TryMap(fails).Named("bad"), 4, slowly),
			"below": fan(flow.Range(0, 100), 4, slowly).TryMap(fails).Named("bad"),
			"apart": fan(flow.Range(0, 100), 4, slowly).Async(1).TryMap(fails).Named("bad"),
		} {
			_, err := f.Collect(t.Context(), audit(t))
			if e := stageError(t, err); e.Stage != "bad" {
				t.Errorf("%s: the failure is that of %q", name, e.Stage)
			}
		}
	})
}

// flushEnds is a sink whose Flush ends the context of the run, when all is done.
type flushEnds struct{ cancel context.CancelFunc }

func (flushEnds) Put(context.Context, int) error { return nil }

func (s flushEnds) Flush(context.Context) error {
	s.cancel()
	return nil
}

// TestAsyncMap_endIsNoCancellation: who ends the context after the last item was put cuts
// off no worker that has nothing to do but to hear of the end.
func TestAsyncMap_endIsNoCancellation(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		for range 500 {
			ctx, cancel := context.WithCancel(t.Context())
			if err := fan(flow.Of(1, 2, 3), 8, slowly).To(flushEnds{cancel}).Run(ctx, audit(t)); err != nil {
				t.Fatalf("Run() = %v, want nil", err)
			}
		}
	})
}

// TestAsyncMap_timersBesideIt fire in time while all workers are busy.
func TestAsyncMap_timersBesideIt(t *testing.T) {
	type batch struct {
		After time.Duration
		Items []int
	}
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		hour := func(_ context.Context, v int) (int, error) {
			if v > 0 {
				time.Sleep(time.Hour)
			}
			return v, nil
		}
		start, got := time.Now(), []batch(nil)
		note := func(items []int) { got = append(got, batch{time.Since(start), items}) }
		err := fan(flow.Of(0, 1, 2), 2, hour).Batch(10, time.Second).Tap(note).Run(t.Context(), audit(t))
		if err != nil || len(got) < 2 || got[0].After != time.Second || !slices.Equal(got[0].Items, []int{0}) {
			t.Errorf("below: %v, batches %v, want that of 0 after 1s", err, got)
		}

		start, got = time.Now(), nil
		src := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			for i := range 5 {
				if err := emit(i); err != nil {
					return err
				}
				time.Sleep(time.Minute)
			}
			return nil
		})
		first := func(items []int) int { return items[0] }
		err = fan(src.Batch(10, time.Second).Tap(note).Map(first), 2, hour).Run(t.Context(), audit(t))
		if err != nil || len(got) != 5 || got[4].After != 4*time.Minute+time.Second {
			t.Errorf("above: %v, batches %v, want the fifth after 4m1s", err, got)
		}
	})
}

// TestAsyncMap_whereverItStands gives the same: in a sub-flow, behind others, between
// channels, and with a boundary at every place.
func TestAsyncMap_whereverItStands(t *testing.T) {
	eachFan(t, func(t *testing.T, fan func(flow.Flow[int], int, func(context.Context, int) (int, error)) flow.Flow[int]) {
		var want []int
		for v := range 60 {
			want = append(want, v)
		}
		src := flow.Range(0, 60)
		inside := flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return fan(f, 3, slowly) })
		for name, f := range map[string]flow.Flow[int]{
			"alone":             fan(src, 3, slowly),
			"one worker":        fan(src, 1, slowly),
			"a thousand":        fan(src, 1000, slowly),
			"in a Pipe":         src.Then(inside),
			"a Pipe in a Pipe":  src.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return f.Then(inside) })),
			"in a Concat":       flow.Concat(fan(flow.Range(0, 20), 3, slowly), fan(flow.Range(20, 100).Take(20), 2, slowly), fan(flow.Range(40, 60), 3, slowly)),
			"Concat ended":      flow.Concat(fan(flow.Repeat(0), 3, slowly).Take(1), fan(flow.Range(1, 60), 3, slowly)),
			"above a Concat":    fan(flow.Concat(flow.Range(0, 30), flow.Range(30, 60)), 3, slowly),
			"one behind other":  fan(fan(fan(src, 3, slowly).Map(identity), 2, slowly), 4, slowly),
			"with boundaries":   fan(src.Async(1), 3, slowly).Async(1).Map(identity).Async(2),
			"among channels":    fan(src.Then(ops.ProcessorFunc[int, int](relay)), 3, slowly).Then(ops.ProcessorFunc[int, int](relay)),
			"itself a foreign":  src.Then(hidden{flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return fan(f, 3, slowly) })}),
			"with a timed one":  flow.Unbatch(fan(flow.Unbatch(src.Batch(7, time.Second)), 3, slowly).Batch(4, time.Millisecond)),
			"before a slow one": fan(src, 3, slowly).Call(slowly),
		} {
			got, err := f.Collect(t.Context(), audit(t))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
	})
}

// hidden is a processor that is not fused.
type hidden struct{ ops.Processor[int, int] }

// TestAsyncMap_itemsOfAnyType: of none, of one word and of many.
func TestAsyncMap_itemsOfAnyType(t *testing.T) {
	type large struct{ words [64]int }
	const n = 300
	empty, err := flow.Repeat(struct{}{}).Take(n).AsyncMapUnordered(3, func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, nil
	}).Count(t.Context(), audit(t))
	if empty != n || err != nil {
		t.Errorf("%d empty structs and %v", empty, err)
	}
	widen := func(_ context.Context, v int) (large, error) { return large{[64]int{0: v, 63: -v}}, nil }
	narrow := func(_ context.Context, v large) (*int, error) { return &v.words[63], nil }
	got, err := flow.Range(0, n).AsyncMap(3, widen).AsyncMap(2, narrow).Collect(t.Context(), audit(t))
	if len(got) != n || err != nil {
		t.Fatalf("%d pointers and %v", len(got), err)
	}
	for i, v := range got {
		if *v != -i {
			t.Fatalf("item %d is %d", i, *v)
		}
	}
}

// TestAsyncForEach_callsForEveryItem, as many at once as there are workers.
func TestAsyncForEach_callsForEveryItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var got []int
		start := time.Now()
		opt, r := audited(t)
		err := flow.Range(0, 50).AsyncForEach(5, func(_ context.Context, v int) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			got = append(got, v)
			return nil
		}).Run(t.Context(), opt)
		slices.Sort(got)
		if took := time.Since(start); err != nil || len(got) != 50 || got[0] != 0 || got[49] != 49 || took != 10*time.Second {
			t.Errorf("%v, %v in %v, want all of 50 items in 10s", err, got, took)
		}
		if books := stageReport(t, r, "async-for-each"); books.Passed != 50 || books.Out != 0 {
			t.Errorf("the books are %+v, want 50 passed and none out", books)
		}
	})
}

// TestAsyncForEach_hasEnough: ErrStop ends the flow when the calls in flight have returned.
func TestAsyncForEach_hasEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, ended := new(atomic.Int64), new(atomic.Int64)
		opt, r := audited(t)
		err := flow.Repeat(1).AsyncForEach(3, func(context.Context, int) error {
			n := began.Add(1)
			defer ended.Add(1)
			time.Sleep(time.Second)
			if n == 10 {
				return fmt.Errorf("that will do: %w", flow.ErrStop)
			}
			return nil
		}).Run(t.Context(), opt)
		if b, e := began.Load(), ended.Load(); err != nil || b != e || b > 20 {
			t.Errorf("Run() = %v; %d calls began and %d ended", err, b, e)
		}
		if books := stageReport(t, r, "async-for-each"); books.Failed != 0 || books.Passed < 7 {
			t.Errorf("the books are %+v", books)
		}
	})
}

// TestAsyncForEach_failsAsASinkDoes under Stop and Skip.
func TestAsyncForEach_failsAsASinkDoes(t *testing.T) {
	store := func(_ context.Context, v int) error {
		time.Sleep(time.Millisecond)
		if v%10 == 3 {
			return errBoom
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		err := flow.Range(0, 50).AsyncForEach(4, store).Run(t.Context(), audit(t))
		if e := stageError(t, err); e.Op != "AsyncForEach" || !errors.Is(err, errBoom) {
			t.Errorf("Run() = %v", err)
		}
		opt, r := audited(t)
		err = flow.Range(0, 50).AsyncForEach(4, store).OnError(flow.Skip()).Run(t.Context(), opt, quiet)
		if books := stageReport(t, r, "async-for-each"); err != nil || books.Failed != 5 || books.Passed != 45 {
			t.Errorf("Run() = %v; the books are %+v", err, books)
		}
	})
}

// TestAsyncForEach_barrierWaitsForTheCalls before it.
func TestAsyncForEach_barrierWaitsForTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := new(atomic.Int64)
		err := flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
			for i := range 30 {
				if err := out.Emit(i); err != nil {
					return err
				}
				if i%10 == 9 {
					if err := out.Barrier(func(err error) {
						if n := done.Load(); err != nil || n != int64(i+1) {
							t.Errorf("the barrier behind %d items arrives after %d calls: %v", i+1, n, err)
						}
					}); err != nil {
						return err
					}
				}
			}
			return nil
		})).AsyncForEach(4, func(_ context.Context, v int) error {
			time.Sleep(time.Duration(v%3) * time.Millisecond)
			done.Add(1)
			return nil
		}).Run(t.Context(), audit(t))
		if err != nil {
			t.Error(err)
		}
	})
}
