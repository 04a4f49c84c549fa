package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

var orders = map[string]kernel.Order{"ordered": kernel.Ordered, "unordered": kernel.Unordered, "keyed": kernel.Keyed}

// crew is a stage with workers between a source and a sink.
type crew struct {
	kernel.Workers[int, int]
	policy *kernel.Policy
	scale  *kernel.Scale
	source func(ctx context.Context, out kernel.Outlet[int]) error
	push   func(int) error
	signal func(kernel.Signal) error
	blocks bool // push
}

// wire puts it together in a run.
func (c crew) wire(ctx context.Context) *kernel.Run {
	run := newRun(ctx, clock.Real())
	if c.signal == nil {
		c.signal = ignore
	}
	if c.Key == nil {
		c.Key = func(v int) uint64 { return uint64(v % 3) }
	}
	if c.Steady == 0 {
		c.Steady = c.Window
	}
	seg, down := anySink(run, c.blocks, c.push, c.signal)
	spec := kernel.Spec[int, int]{Name: "crew", Op: "Crew", Calls: kernel.CallsFunc, Heeds: true}
	seg, down = kernel.Attach(seg, kernel.Site{Policy: c.policy, Scale: c.scale}, kernel.Staffed(spec, c.Workers), down)
	feed(seg, down, c.source)
	return run
}

// count is a source of n numbers, which counts those that were accepted.
func count(n int, accepted *atomic.Int64) func(context.Context, kernel.Outlet[int]) error {
	return func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range n {
			if err := out.Emit(i); err != nil {
				return err
			}
			accepted.Add(1)
		}
		return nil
	}
}

func drop(int) error { return nil }

func echo(_ context.Context, v int) (int, error) { return v, nil }

var errOdd = errors.New("odd")

// skipAll goes on after every failure.
var skipAll = &kernel.Policy{Start: func() kernel.Decider {
	return func(context.Context, *kernel.Fault, error) kernel.Verdict { return kernel.Verdict{Action: kernel.Skip} }
}}

// again repeats a call at once, until it succeeds.
var again = &kernel.Policy{Repeats: true, Start: func() kernel.Decider {
	return func(context.Context, *kernel.Fault, error) kernel.Verdict {
		return kernel.Verdict{Action: kernel.Again}
	}
}}

// witness checks what comes out of a crew whose source numbers its items and its signals
// in one sequence, and whose calls fail for some items.
type witness struct {
	order   kernel.Order
	fails   func(int) bool
	signals []kernel.Signal // in the order of the source
	places  []int           // items before each
	n       int             // items

	got  []int
	when []int
}

// signal notes how many items had come.
func (w *witness) signal(sig kernel.Signal) error {
	w.when = append(w.when, len(w.got))
	return nil
}

func (w *witness) push(v int) error {
	w.got = append(w.got, v)
	return nil
}

// verify is called when the run has ended well.
func (w *witness) verify(t *testing.T) {
	t.Helper()
	var want []int
	for v := range w.n {
		if !w.fails(v) {
			want = append(want, v)
		}
	}
	if got := slices.Sorted(slices.Values(w.got)); !slices.Equal(got, want) {
		t.Fatalf("the sorted results are %v, want %v", got, want)
	}
	w.verifyOrder(t)
	w.verifySignals(t)
}

func (w *witness) verifyOrder(t *testing.T) {
	t.Helper()
	keys := map[kernel.Order]int{kernel.Ordered: 1, kernel.Keyed: 3}[w.order]
	last := map[int]int{}
	for _, v := range w.got {
		if keys == 0 {
			return
		}
		if before, seen := last[v%keys]; seen && v < before {
			t.Fatalf("%d came after %d", v, before)
		}
		last[v%keys] = v
	}
}

// verifySignals wants every item before a signal to have come before it, and none behind a
// barrier, or in order behind any.
func (w *witness) verifySignals(t *testing.T) {
	t.Helper()
	if len(w.when) != len(w.signals)+1 {
		t.Fatalf("%d signals came, want %d and the end", len(w.when), len(w.signals))
	}
	for i, sig := range w.signals {
		early, late := 0, 0
		for _, v := range w.got[:w.when[i]] {
			if v >= w.places[i] {
				early++
			}
		}
		for _, v := range w.got[w.when[i]:] {
			if v < w.places[i] {
				late++
			}
		}
		if late > 0 || early > 0 && (w.order == kernel.Ordered || sig.Kind == kernel.Barrier) {
			t.Fatalf("%v %d, behind %d items: %d of them came later and %d items from behind it earlier", sig.Kind, i, w.places[i], late, early)
		}
	}
}

// source emits n items with signals in between, as chance has it. No two watermarks stand
// together, so that none is merged.
func (w *witness) source(n int, r *rand.Rand, wait func()) func(context.Context, kernel.Outlet[int]) error {
	return func(_ context.Context, out kernel.Outlet[int]) error {
		for w.n = 0; w.n < n; {
			wait()
			switch r.IntN(12) {
			case 0:
				w.note(kernel.Signal{Kind: kernel.Barrier})
				if err := out.Barrier(nil); err != nil {
					return err
				}
			case 1:
				sig := kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(int64(w.n), 0)}
				w.note(sig)
				if err := out.Watermark(sig); err != nil {
					return err
				}
			}
			if err := out.Emit(w.n); err != nil {
				return err
			}
			w.n++
		}
		return nil
	}
}

func (w *witness) note(sig kernel.Signal) {
	w.signals, w.places = append(w.signals, sig), append(w.places, w.n)
}

func each(t *testing.T, check func(*testing.T, kernel.Order)) {
	for name, order := range orders {
		t.Run(name, func(t *testing.T) { check(t, order) })
	}
}

func eachBubble(t *testing.T, check func(*testing.T, kernel.Order)) {
	each(t, func(t *testing.T, order kernel.Order) {
		synctest.Test(t, func(t *testing.T) { check(t, order) })
	})
}

// TestWorkers_giveWhatTheModelGives: any number of workers, any window, calls that take any
// time and fail for some items, slow ends on both sides, signals.
func TestWorkers_giveWhatTheModelGives(t *testing.T) {
	each(t, func(t *testing.T, order kernel.Order) {
		for seed := range uint64(150) {
			synctest.Test(t, func(t *testing.T) { randomCrew(t, order, seed) })
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

func randomCrew(t *testing.T, order kernel.Order, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	w := &witness{order: order, fails: func(v int) bool { return v%7 == 3 }}
	produce, consume := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	workers := 1 + r.IntN(8)
	window := workers + r.IntN(40)
	slow, service := r.IntN(3), r.Uint64()
	c := crew{policy: skipAll, blocks: slow == 1, signal: w.signal}
	c.Count, c.Window, c.Steady, c.Order = workers, window, workers+r.IntN(window-workers+1), order
	c.Call = func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Duration((uint64(v)*service>>7)%4) * time.Duration(service%3) * time.Millisecond)
		if w.fails(v) {
			return 0, errOdd
		}
		return v, nil
	}
	c.push = func(v int) error {
		if slow == 1 {
			pause(consume)
		}
		return w.push(v)
	}
	c.source = w.source(r.IntN(200), produce, func() {
		if slow == 2 {
			pause(produce)
		}
	})
	execute(t, c.wire(t.Context()), nil)
	w.verify(t)
}

// TestWorkers_underRealScheduling does the same at full speed on real processors, where
// workers claim many items at once, in windows that are always full.
func TestWorkers_underRealScheduling(t *testing.T) {
	each(t, func(t *testing.T, order kernel.Order) {
		for _, window := range []int{4, 64, 1024} {
			w := &witness{order: order, fails: func(v int) bool { return v%97 == 3 }}
			r := rand.New(rand.NewPCG(1, uint64(window)))
			c := crew{policy: skipAll, push: w.push, signal: w.signal}
			c.Count, c.Window, c.Order = 4, window, order
			c.Call = func(_ context.Context, v int) (int, error) {
				if w.fails(v) {
					return 0, errOdd
				}
				return v, nil
			}
			c.source = w.source(3000, r, func() {})
			execute(t, c.wire(t.Context()), nil)
			w.verify(t)
		}
	})
}

// TestWorkers_orderIsExact although earlier items are slower.
func TestWorkers_orderIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &witness{fails: func(int) bool { return false }, n: 30}
		c := crew{push: w.push, signal: w.signal, source: count(30, new(atomic.Int64))}
		c.Count, c.Window = 3, 8
		c.Call = func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Duration(30-v) * time.Millisecond)
			return v, nil
		}
		execute(t, c.wire(t.Context()), nil)
		w.verify(t)
	})
}

// TestWorkers_callAtOnce: each call waits until all five are in work.
func TestWorkers_callAtOnce(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		running, most := new(atomic.Int64), int64(0)
		c := crew{push: drop, source: count(50, new(atomic.Int64))}
		c.Count, c.Window, c.Order = 5, 5, order
		c.Key = func(v int) uint64 { return uint64(v) }
		c.Call = func(_ context.Context, v int) (int, error) {
			defer running.Add(-1)
			if running.Add(1); v%5 == 0 {
				time.Sleep(time.Millisecond)
				most = max(most, running.Load())
				time.Sleep(time.Millisecond)
				return v, nil
			}
			time.Sleep(2 * time.Millisecond)
			return v, nil
		}
		start := time.Now()
		execute(t, c.wire(t.Context()), nil)
		if most != 5 {
			t.Errorf("%d calls at once, want 5", most)
		}
		if took := time.Since(start); took != 20*time.Millisecond {
			t.Errorf("50 calls of 2 ms took %v, want 20 ms", took)
		}
	})
}

// stuckCrew runs a crew until all is blocked and gives how many items were accepted. Then
// it cancels.
func stuckCrew(t *testing.T, c crew) int64 {
	t.Helper()
	accepted := new(atomic.Int64)
	c.source = count(5000, accepted)
	ctx, cancel := context.WithCancel(t.Context())
	run, done := c.wire(ctx), make(chan struct{})
	go func() {
		defer close(done)
		execute(t, run, context.Canceled)
	}()
	synctest.Wait()
	n := accepted.Load()
	cancel()
	<-done
	return n
}

// hang blocks a call until the run ends.
func hang(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// TestWorkers_acceptNoMoreThanTheWindow while the oldest item is stuck in its call, or the
// first result in the sink.
func TestWorkers_acceptNoMoreThanTheWindow(t *testing.T) {
	for _, window := range []int{3, 5, 16, 64, 100, 2000} {
		for name, order := range orders {
			t.Run(fmt.Sprintf("%s %d, stuck calls", name, window), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := crew{push: drop}
					c.Count, c.Window, c.Order = 3, window, order
					c.Key = func(int) uint64 { return 0 }
					c.Call = func(ctx context.Context, v int) (int, error) {
						if order == kernel.Unordered || v == 0 {
							return hang(ctx)
						}
						return v, nil
					}
					if got := stuckCrew(t, c); got != int64(window) {
						t.Errorf("%d items were accepted, want %d", got, window)
					}
				})
			})
			t.Run(fmt.Sprintf("%s %d, stuck sink", name, window), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stuck := make(chan struct{})
					c := crew{push: func(int) error { <-stuck; return nil }, blocks: true}
					c.Count, c.Window, c.Order, c.Call = 3, window, order, echo
					time.AfterFunc(time.Second, func() { close(stuck) })
					accepted := new(atomic.Int64)
					c.source = count(5000, accepted)
					run, done := c.wire(t.Context()), make(chan struct{})
					go func() {
						defer close(done)
						execute(t, run, nil)
					}()
					synctest.Wait()
					if got := accepted.Load(); got != int64(window) {
						t.Errorf("%d items were accepted, want %d", got, window)
					}
					<-done
				})
			})
		}
	}
}

// TestWorkers_steadyWindow: no more than that is accepted before calls are known to be
// quick, and no more than Window after that.
func TestWorkers_steadyWindow(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		for quick, want := range map[int]int64{0: 8, 100: 100 + 64} {
			c := crew{push: drop}
			c.Count, c.Steady, c.Window, c.Order = 2, 8, 64, order
			c.Call = func(ctx context.Context, v int) (int, error) {
				if v >= quick {
					return hang(ctx)
				}
				return v, nil
			}
			// Out of order, what stands in a claim with a stuck call is in the window too.
			if got := stuckCrew(t, c); got > want || got <= int64(quick) {
				t.Errorf("with %d quick calls before the stuck ones %d items were accepted, want up to %d", quick, got, want)
			}
		}
	})
}

// TestWorkers_passAroundAStuckCall: out of order, one call that hangs stops nobody.
func TestWorkers_passAroundAStuckCall(t *testing.T) {
	const items = 100_000
	synctest.Test(t, func(t *testing.T) {
		free, came := make(chan struct{}), 0
		c := crew{source: count(items, new(atomic.Int64))}
		c.push = func(int) error {
			if came++; came == items-1 {
				close(free)
			}
			return nil
		}
		c.Count, c.Window, c.Order = 2, 16, kernel.Unordered
		c.Call = func(_ context.Context, v int) (int, error) {
			if v == 0 {
				<-free
			}
			return v, nil
		}
		execute(t, c.wire(t.Context()), nil)
		if came != items {
			t.Errorf("%d of %d items came through", came, items)
		}
	})
}

// TestWorkers_slowCallsHoldNobodyUp: after quick calls each one takes a second. A worker
// may have claimed many items before that is known, not again and again.
func TestWorkers_slowCallsHoldNobodyUp(t *testing.T) {
	eachBubble(t, func(t *testing.T, order kernel.Order) {
		last, gaps := time.Now(), 0
		c := crew{source: count(2000, new(atomic.Int64))}
		c.push = func(v int) error {
			if time.Since(last) > time.Second {
				gaps++
			}
			last = time.Now()
			return nil
		}
		c.Count, c.Window, c.Order = 2, 1024, order
		c.Key = func(v int) uint64 { return uint64(v) }
		c.Call = func(_ context.Context, v int) (int, error) {
			if v >= 1000 {
				time.Sleep(time.Second)
			}
			return v, nil
		}
		execute(t, c.wire(t.Context()), nil)
		if gaps > 4 {
			t.Errorf("results stood behind a slow call %d times, want once or twice a worker at most", gaps)
		}
	})
}

// TestWorkers_retryTakesOneAtATime, however quick the calls are.
func TestWorkers_retryTakesOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		came := new(atomic.Int64)
		c := crew{policy: again, push: func(int) error { came.Add(1); return nil }}
		c.Count, c.Window, c.Order = 2, 256, kernel.Unordered
		c.Call = func(ctx context.Context, v int) (int, error) {
			if v == 1000 {
				return hang(ctx)
			}
			return v, nil
		}
		if got := stuckCrew(t, c); got != 5000 || came.Load() != 4999 {
			t.Errorf("%d of %d items came, want all but one", came.Load(), got)
		}
	})
}

// TestWorkers_holdLittleForManyKeys: the memory of a keyed stage is that of its slots,
// whatever the number of its workers.
func TestWorkers_holdLittleForManyKeys(t *testing.T) {
	per := func(workers int) uint64 {
		c := crew{push: drop, source: count(1, new(atomic.Int64))}
		c.Count, c.Window, c.Order, c.Call = workers, 4096, kernel.Keyed, echo
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.wire(t.Context()).Abort()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := per(1), per(200); many > few+200*4096 {
		t.Errorf("a stage of 200 workers takes %d bytes, one of 1 worker %d", many, few)
	}
}

// TestWorkers_noItemPassesASignal, in order, at full speed on real processors.
func TestWorkers_noItemPassesASignal(t *testing.T) {
	for _, window := range []int{2, 64, 1024} {
		came, signals := 0, 0
		c := crew{source: alternate(50_000)}
		c.push = func(v int) error {
			if came++; signals != v {
				t.Fatalf("window %d: %d signals came before item %d", window, signals, v)
			}
			return nil
		}
		c.signal = func(sig kernel.Signal) error {
			if signals++; sig.Kind != kernel.End && came != signals {
				t.Fatalf("window %d: %d items came before signal %d", window, came, signals)
			}
			return nil
		}
		c.Count, c.Window, c.Call = 2, window, echo
		execute(t, c.wire(t.Context()), nil)
	}
}

// alternate is a source of n items with a signal behind each.
func alternate(n int) func(context.Context, kernel.Outlet[int]) error {
	return func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range n {
			if err := out.Emit(i); err != nil {
				return err
			}
			if err := out.Watermark(kernel.Signal{Kind: kernel.Watermark}); err != nil {
				return err
			}
		}
		return nil
	}
}
