package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// TestObserver_order looks that nothing is told before RunStarted or after RunEnded, whoever
// does what at once.
func TestObserver_order(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var kinds journal
			hear := flow.ObserverFunc(func(e flow.Event) { kinds.note("%T", e) })
			running := counting().Discard().Start(t.Context(), flow.WithObserver(hear), audit(t))
			var wg sync.WaitGroup
			for _, do := range []func(){running.Pause, running.Resume, func() { _ = running.Drain(context.Background()) }, func() { running.Stop(nil) }} {
				wg.Go(do)
			}
			wg.Wait()
			_ = running.Wait()
			running.Pause()
			running.Stop(errBoom)
			synctest.Wait()
			all := kinds.all()
			for len(all) > 2 && all[len(all)-1] == "flow.PhaseChanged" { // told by who did it at that moment
				all = all[:len(all)-1]
			}
			if first, last := all[0], all[len(all)-1]; first != "flow.RunStarted" || last != "flow.RunEnded" {
				t.Errorf("events: %v", &kinds)
			}
		})
	}
}

// TestObserver_afterGivingUp has a stuck function fail later.
func TestObserver_afterGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kinds journal
		hear := flow.ObserverFunc(func(e flow.Event) { kinds.note("%T", e) })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		free := make(chan struct{})
		running := flow.Of(1).TryMap(func(int) (int, error) { <-free; return 0, errBoom }).OnError(flow.Skip()).
			Discard().Start(ctx, flow.WithGrace(time.Second), flow.WithObserver(hear), quiet)
		synctest.Wait() // the function is called
		cancel()
		if _, ok := errors.AsType[*flow.StuckError](running.Wait()); !ok {
			t.Errorf("Wait: %v", running.Wait())
		}
		close(free)
		synctest.Wait()
		running.Pause()
		if diff := cmp.Diff([]string{"flow.RunStarted", "flow.RunEnded"}, kinds.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestObserver_othersHear has the first of two end its goroutine.
func TestObserver_othersHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kinds journal
		bad := flow.ObserverFunc(func(e flow.Event) {
			if _, ok := e.(flow.ItemFailed); ok {
				boom()
			}
		})
		hear := flow.ObserverFunc(func(e flow.Event) { kinds.note("%T", e) })
		err := flow.Of(1).TryMap(func(int) (int, error) { return 0, errors.New("item") }).OnError(flow.Skip()).
			Run(t.Context(), flow.WithObserver(bad), flow.WithObserver(hear), audit(t), quiet)
		if failed := stageError(t, err); failed.Stage != "observer" || !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]string{"flow.RunStarted", "flow.ItemFailed", "flow.RunEnded"}, kinds.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestCallTimed looks that a time is that of the stage's own function.
func TestCallTimed(t *testing.T) {
	slow := func(d time.Duration) func(context.Context, int) (int, error) {
		return func(_ context.Context, v int) (int, error) {
			time.Sleep(d)
			return v, nil
		}
	}
	ms := time.Millisecond
	wait := func(_ context.Context, _ int) error { time.Sleep(7 * ms); return nil }
	jobs := map[string]struct {
		job  flow.Job
		want map[string]time.Duration
	}{
		"fused": {
			flow.Range(0, 5).Call(slow(3 * ms)).Named("a").Map(identity).Named("b").Call(slow(5 * ms)).Named("c").ForEach(wait),
			map[string]time.Duration{"a": 3 * ms, "b": 0, "c": 5 * ms, "for-each": 7 * ms},
		},
		"FlatMap": {
			flow.Range(0, 5).FlatMap(func(v int) iter.Seq[int] {
				return func(yield func(int) bool) {
					for range 3 {
						time.Sleep(2 * ms)
						if !yield(v) {
							return
						}
					}
				}
			}).Named("a").ForEach(wait),
			map[string]time.Duration{"a": 6 * ms, "for-each": 7 * ms},
		},
		"gatherer": {
			flow.Range(0, 5).Then(ops.Gather(ops.NewGatherer(func() int { return 0 },
				func(_ *int, v int, emit func(int) error) error { time.Sleep(2 * ms); return emit(v) },
				func(*int, func(int) error) error { time.Sleep(time.Hour); return nil }))).Named("a").ForEach(wait),
			map[string]time.Duration{"a": 2 * ms, "for-each": 7 * ms},
		},
		"workers": {
			flow.Range(0, 5).AsyncMap(2, slow(3*ms)).Named("a").AsyncForEach(2, wait),
			map[string]time.Duration{"a": 3 * ms, "async-for-each": 7 * ms},
		},
		"failures": {
			flow.Range(0, 5).Call(func(context.Context, int) (int, error) { time.Sleep(3 * ms); return 0, errBoom }).
				OnError(flow.DeadLetter(func(context.Context, ops.Letter[any]) error { time.Sleep(time.Hour); return nil })).Named("a").Discard(),
			map[string]time.Duration{"a": 3 * ms},
		},
	}
	for name, c := range jobs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				times := make(map[string]time.Duration)
				calls := make(map[string]int)
				hear := sampler(func(e flow.Event) {
					if e, ok := e.(flow.CallTimed); ok {
						mu.Lock()
						defer mu.Unlock()
						times[e.Stage.Name] += e.Took
						calls[e.Stage.Name]++
					}
				})
				if err := c.job.Run(t.Context(), flow.WithObserver(hear), audit(t), quiet); err != nil {
					t.Error(err)
				}
				for stage, want := range c.want {
					if n := calls[stage]; n == 0 || times[stage] != time.Duration(n)*want {
						t.Errorf("%s: %d calls took %v, want %v each", stage, n, times[stage], want)
					}
				}
				if len(calls) != len(c.want) {
					t.Errorf("timed: %v", calls)
				}
			})
		})
	}
}

// everyThird is a sampler that wants one of three.
type everyThird struct{ sampler }

func (everyThird) Every() int { return 3 }

func TestCallTimed_everyThird(t *testing.T) {
	n := 0
	hear := everyThird{func(e flow.Event) {
		if _, ok := e.(flow.CallTimed); ok {
			n++
		}
	}}
	if err := flow.Range(0, 30).Map(identity).Run(t.Context(), flow.WithObserver(hear), audit(t)); err != nil || n != 10 {
		t.Errorf("%d of 30 calls were timed, %v", n, err)
	}
}

// TestStart_earlyStopIsNoEnd has a Take behind a boundary end a source that is a channel: what
// lies between is abandoned, as in a run that nobody looks at.
func TestStart_earlyStopIsNoEnd(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprint("live ", live), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := make(chan int, 2)
				ch <- 1
				var book journal
				ended := false
				g := &gatherPart{part{name: "gatherer", book: &book, hook: func(method string) error {
					ended = ended || method == "End"
					return nil
				}}}
				job := flow.FromChan(ch).Then(ops.Gather(g)).Async(1).Take(1).Discard()
				var err error
				if live {
					err = job.Start(t.Context(), audit(t)).Wait()
				} else {
					err = job.Run(t.Context(), audit(t))
				}
				if err != nil || ended || book.String() != "gatherer closed: "+flow.ErrStop.Error() {
					t.Errorf("%v; End was called: %v; %v", err, ended, &book)
				}
			})
		})
	}
}
