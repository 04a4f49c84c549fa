package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// TestWorkers_endInEveryState: whoever waits for whatever when the run ends, or when nobody
// needs more items, nothing hangs and the books balance.
func TestWorkers_endInEveryState(t *testing.T) {
	errEnd := errors.New("ended")
	states := map[string]struct {
		items, window int
		call, push    func(context.Context) error // for each item
	}{
		"workers are idle":    {0, 4, nil, nil},
		"results are out":     {4, 4, nil, nil},
		"calls run":           {2, 4, wait, nil},
		"producer is blocked": {100, 4, wait, nil},
		"sink is blocked":     {100, 4, nil, wait},
		"all are blocked":     {100, 64, wait, wait},
	}
	for name, s := range states {
		for order, kind := range orders {
			for _, how := range []string{"cancelled", "source fails"} {
				t.Run(fmt.Sprintf("%s, %s, %s", name, order, how), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := context.WithCancelCause(t.Context())
						c := crew{blocks: s.push != nil}
						c.Count, c.Window, c.Order = 3, s.window, kind
						c.Call = func(ctx context.Context, v int) (int, error) {
							if s.call != nil && v%2 == 1 {
								return v, s.call(ctx)
							}
							return v, nil
						}
						c.push = func(int) error {
							if s.push != nil {
								return s.push(ctx)
							}
							return nil
						}
						c.source = func(ctx context.Context, out kernel.Outlet[int]) error {
							for i := range s.items {
								if err := out.Emit(i); err != nil {
									return err
								}
							}
							if how == "source fails" {
								time.Sleep(time.Second)
								return errEnd
							}
							return wait(ctx)
						}
						time.AfterFunc(time.Minute, func() { cancel(errEnd) })
						execute(t, c.wire(ctx), errEnd)
					})
				})
			}
		}
	}
}

func wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestWorkers_whoBelowHasEnough: calls in flight are awaited, and what comes of them is
// held.
func TestWorkers_whoBelowHasEnough(t *testing.T) {
	for _, outcome := range []error{nil, errOdd} {
		eachBubble(t, func(t *testing.T, order kernel.Order) {
			started, ended := new(atomic.Int64), new(atomic.Int64)
			c := crew{source: count(1000, new(atomic.Int64))}
			n := 0
			c.push = func(int) error {
				if n++; n == 3 {
					return kernel.ErrStop
				}
				return nil
			}
			c.Count, c.Window, c.Order = 4, 8, order
			c.Call = func(ctx context.Context, v int) (int, error) {
				started.Add(1)
				defer ended.Add(1)
				if v < 3 {
					time.Sleep(time.Millisecond)
					return v, nil
				}
				<-ctx.Done()
				time.Sleep(time.Second)
				return v, outcome
			}
			run := c.wire(t.Context())
			execute(t, run, nil)
			if s, e := started.Load(), ended.Load(); s != e {
				t.Errorf("%d calls began and %d returned", s, e)
			}
			books := run.Stages()[1].Final()
			if books.Passed != 3 || books.Held != books.In-3 {
				t.Errorf("the books are %+v, want 3 passed and the others held", books)
			}
		})
	}
}

// TestWorkers_signalsStandTheirGround while a call hangs: more than there is room for.
func TestWorkers_signalsStandTheirGround(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		var got []string
		release, sent := make(chan struct{}), new(atomic.Int64)
		c := crew{push: drop}
		c.signal = func(sig kernel.Signal) error {
			got = append(got, fmt.Sprint(sig.Kind, " ", max(sig.Time.Unix(), 0)))
			return nil
		}
		c.Count, c.Window, c.Order = 2, 128, order
		c.Call = func(_ context.Context, v int) (int, error) {
			if v == 0 {
				<-release
			}
			return v, nil
		}
		var want []string
		c.source = func(_ context.Context, out kernel.Outlet[int]) error {
			for i := range 100 {
				if err := out.Emit(i); err != nil {
					return err
				}
				want = append(want, fmt.Sprint("watermark ", i))
				for _, at := range []int{i - 1, i} { // the second takes the place of the first
					if err := out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(int64(at), 0)}); err != nil {
						return err
					}
				}
				sent.Add(1)
			}
			return nil
		}
		run, done := c.wire(t.Context()), make(chan struct{})
		go func() {
			defer close(done)
			execute(t, run, nil)
		}()
		synctest.Wait()
		if len(got) > 0 || sent.Load() > 70 {
			t.Errorf("%d signals were taken and %v came while the first item is in work", sent.Load(), got)
		}
		close(release)
		<-done
		got = slices.Compact(got) // one that was taken at once was not there any more to be replaced
		if diff := cmp.Diff(append(want, "end 0"), got); diff != "" {
			t.Errorf("signals mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestWorkers_barrierOfNothing arrives, and so does the End.
func TestWorkers_barrierOfNothing(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		var got []kernel.SignalKind
		c := crew{push: drop, signal: func(sig kernel.Signal) error { got = append(got, sig.Kind); return nil }}
		c.Count, c.Window, c.Order, c.Call = 2, 4, order, echo
		arrived := false
		c.source = func(_ context.Context, out kernel.Outlet[int]) error {
			return out.Barrier(func(err error) { arrived = err == nil })
		}
		execute(t, c.wire(t.Context()), nil)
		if diff := cmp.Diff([]kernel.SignalKind{kernel.Barrier, kernel.End}, got); diff != "" || !arrived {
			t.Errorf("arrived %t, signals mismatch (-want +got):\n%s", arrived, diff)
		}
	})
}

// TestWorkers_keyFails: a key function that panics fails its item.
func TestWorkers_keyFails(t *testing.T) {
	for _, policy := range []*kernel.Policy{nil, skipAll} {
		synctest.Test(t, func(t *testing.T) {
			came := 0
			c := crew{policy: policy, push: func(int) error { came++; return nil }, source: count(9, new(atomic.Int64))}
			c.Count, c.Window, c.Order, c.Call = 2, 4, kernel.Keyed, echo
			c.Key = func(v int) uint64 {
				if v == 4 {
					panic(errOdd)
				}
				return uint64(v)
			}
			run := c.wire(t.Context())
			err := run.Execute()
			if books := run.Stages()[1].Final(); books.Failed != 1 || run.Imbalance() != "" {
				t.Errorf("the books are %+v, %s", books, run.Imbalance())
			}
			if (err != nil) != (policy == nil) || policy != nil && came != 8 {
				t.Errorf("Execute() = %v, and %d results came", err, came)
			}
		})
	}
}

// TestWorkers_tellHowManyAreDone to a policy that asks for a share of them.
func TestWorkers_tellHowManyAreDone(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		seen := int64(0)
		note := &kernel.Policy{Counts: true, Start: func() kernel.Decider {
			return func(_ context.Context, f *kernel.Fault, _ error) kernel.Verdict {
				seen = f.Seen
				return kernel.Verdict{Action: kernel.Skip}
			}
		}}
		c := crew{policy: note, push: drop, source: count(50, new(atomic.Int64))}
		c.Count, c.Window, c.Order = 2, 8, order
		c.Call = func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Millisecond)
			if v == 40 {
				return v, errOdd
			}
			return v, nil
		}
		execute(t, c.wire(t.Context()), nil)
		if seen < 30 || seen > 50 { // the other worker goes its own way
			t.Errorf("the failure of item 40 is told as that of the %dth that is done with, want about the 41st", seen)
		}
	})
}

// TestWorkers_keepNothingAlive: free slots forget their items and their results.
func TestWorkers_keepNothingAlive(t *testing.T) {
	type big struct{ _ [1 << 10]byte }
	each(t, func(t *testing.T, order kernel.Order) {
		items, results := make([]weak.Pointer[big], 20), make([]weak.Pointer[big], 20)
		ctx, cancel := context.WithCancel(t.Context())
		run := newRun(ctx, clock.Real())
		came, at := make(chan struct{}), 0
		seg, down := sink(run, func(v *big) error {
			results[at] = weak.Make(v)
			if at++; at == len(results) {
				close(came)
			}
			return nil
		}, ignore)
		workers := kernel.Workers[*big, *big]{Count: 2, Window: 32, Steady: 32, Order: order}
		workers.Call = func(context.Context, *big) (*big, error) { return new(big), nil }
		workers.Key = func(*big) uint64 { return 0 }
		seg, port := kernel.Attach(seg, kernel.Site{}, kernel.Staffed(kernel.Spec[*big, *big]{Name: "crew", Op: "Crew", Calls: kernel.CallsFunc}, workers), down)
		kernel.Feed(seg, kernel.Site{}, kernel.Source[*big]{Name: "source", Op: "Source", Stream: func(ctx context.Context, out kernel.Outlet[*big]) error {
			for i := range items {
				v := new(big)
				items[i] = weak.Make(v)
				if err := out.Emit(v); err != nil {
					return err
				}
			}
			return wait(ctx)
		}}, port)
		done := make(chan struct{})
		go func() {
			defer close(done)
			execute(t, run, context.Canceled)
		}()
		<-came
		collected(t, "item", items)
		collected(t, "result", results)
		cancel()
		<-done
	})
}

// collected waits for the garbage collector to take all that is pointed at. What a
// goroutine has just let go may still be on its stack for a while.
func collected[T any](t *testing.T, what string, pointers []weak.Pointer[T]) {
	t.Helper()
	for range 100 {
		runtime.GC()
		if !slices.ContainsFunc(pointers, func(p weak.Pointer[T]) bool { return p.Value() != nil }) {
			return
		}
	}
	t.Errorf("an %s that is through is kept alive", what)
}
