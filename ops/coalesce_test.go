package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("coalesce", 1, ints(6), referenceMap(double), coalescing(func() {}), coalescing, randomInts),
	newSubject("coalesce", 3, ints(6), referenceMap(double), coalescingWorkers(func() {}), coalescingWorkers, randomInts).with(2),
	newSubject("coalesce", 1, ints(6), referenceFlatMap(twice), ops.NewCoalesce(ops.NewFlatMapper(twice), same), nil, randomInts),
	newSubject("coalesce", 1, ints(6), referenceFilter(even), ops.NewCoalesce(ops.NewFilter(even), same), nil, randomInts),
)

var _ = misused(
	newMisuse("coalesce of nothing", "coalesce: processor must not be nil", ops.NewCoalesce[int, int](nil, same)),
	newMisuse("coalesce without key", "coalesce: key function must not be nil", ops.NewCoalesce[int, int, int](okayMapper, nil)),
	newMisuse("coalesce of what cannot run", "coalesce: attempts of retry must be at least 1, got 0", ops.NewCoalesce(ops.NewRetry(okayMapper, 0), same)),
	newMisuse("coalesce with a nil handler", "coalesce: OnError must not be nil", ops.NewCoalesce(okayMapper, same).OnError(nil)),
)

var _ = chained(
	func(n int, before func()) link {
		return link{"coalesce", coalescing(before), referenceMap(double), false}
	},
	func(n int, before func()) link {
		p := ops.NewCoalesce(workers(n%3+1, before), same)
		return link{fmt.Sprint("coalesce of workers ", n%3+1), p, referenceMap(double), false}
	},
)

func coalescing(before func()) *ops.Coalesce[int, int, int] {
	return ops.NewCoalesce(tryMapper(before), same)
}

func coalescingWorkers(before func()) *ops.Coalesce[int, int, int] {
	return ops.NewCoalesce(asyncMapper(before), same)
}

// request is an item of a run, and what came of it when.
type request struct {
	ID, Key, Run int
	At           time.Duration
}

type answer struct {
	ID, Key int
	At      time.Duration
	Failed  bool
}

// requests are of many keys or of few, at even times; calls take odd ones. So no call ends just
// when an item comes.
func requests(r *rand.Rand) []request {
	all, at, keys := make([]request, r.IntN(40)), time.Duration(0), 1+r.IntN(8)
	for i := range all {
		at += 2 * time.Duration(r.IntN(12)) * ms * time.Duration(r.IntN(2))
		all[i] = request{i, r.IntN(keys), r.IntN(2), at}
	}
	return all
}

func callTakes(key int) time.Duration { return time.Duration(2*key+1) * 3 * ms }
func callFails(key int) bool          { return key%4 == 3 }
func callFilters(key int) bool        { return key%4 == 2 }

func lookUp(ctx context.Context, v request) (int, error) {
	switch err := clock.Sleep(ctx, clock.Real(), callTakes(v.Key)); {
	case err != nil:
		return 0, err
	case callFails(v.Key):
		return 0, errBoom
	case callFilters(v.Key):
		return 0, ops.ErrFiltered
	}
	return v.Key, nil
}

// referenceLookup goes through the items in the order of time. A key knows until when its last
// call is in flight, and until when what that came to is kept.
func referenceLookup(ttl, errTTL time.Duration, all []request) (want []answer, stats ops.LookupStats) {
	flies, kept := make(map[int]time.Duration), make(map[int]time.Duration)
	for _, v := range all {
		done := v.At
		switch {
		case v.At < flies[v.Key]:
			stats.Shared++
			done = flies[v.Key]
		case v.At < kept[v.Key]:
			stats.Hits++
		default:
			stats.Misses++
			done += callTakes(v.Key)
			flies[v.Key], kept[v.Key] = done, done+ttl
			if callFails(v.Key) {
				kept[v.Key] = done + errTTL
			}
		}
		if !callFilters(v.Key) {
			want = append(want, answer{v.ID, v.Key, done, callFails(v.Key)})
		}
	}
	return want, stats
}

// lookedUp is what comes of the items of two runs at once that share a processor.
type lookedUp struct {
	mu   sync.Mutex
	all  []answer
	from time.Time
}

func (l *lookedUp) add(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.At = time.Since(l.from)
	l.all = append(l.all, a)
}

func (l *lookedUp) failed(_ context.Context, e *ops.ItemError) {
	if v := e.Item.(request); errors.Is(e, errBoom) {
		l.add(answer{ID: v.ID, Key: v.Key, Failed: true})
	}
}

// run runs the items of one run. The results do not say which item they are of, as items of one
// key have the same.
func (l *lookedUp) run(t *testing.T, p ops.Processor[request, int], all []request, run int) {
	source := flow.FromFunc(func(ctx context.Context, emit func(request) error) error {
		for _, v := range all {
			if v.Run != run {
				continue
			}
			if err := clock.Sleep(ctx, clock.Real(), v.At-time.Since(l.from)); err != nil {
				return err
			}
			if err := emit(v); err != nil {
				return err
			}
		}
		return nil
	})
	var r flow.Report
	err := source.Then(p).OnError(flow.Skip()).ForEach(func(_ context.Context, key int) error {
		l.add(answer{ID: -1, Key: key})
		return nil
	}).Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
	if err != nil || !r.Balanced() {
		t.Errorf("run %d: error %v\n%v", run, err, r)
	}
}

// wantLookedUp runs all items and compares. The processor has to tell of failures.
func wantLookedUp(t *testing.T, want []answer, all []request, build func(*lookedUp) ops.Processor[request, int]) {
	t.Helper()
	got := &lookedUp{from: time.Now()}
	p := build(got)
	var wg sync.WaitGroup
	for run := range 2 {
		wg.Go(func() { got.run(t, p, all, run) })
	}
	wg.Wait()
	for i := range want {
		if !want[i].Failed {
			want[i].ID = -1
		}
	}
	for _, s := range [][]answer{want, got.all} {
		slices.SortFunc(s, func(a, b answer) int {
			return slices.Compare([]int{int(a.At), a.Key, a.ID}, []int{int(b.At), b.Key, b.ID})
		})
	}
	if diff := cmp.Diff(orNil(want), orNil(got.all)); diff != "" {
		t.Errorf("answers to %v mismatch (-want +got):\n%s", all, diff)
	}
}

// manyWorkers are so many that no item waits for one.
func manyWorkers() *ops.AsyncMapper[request, int] {
	return ops.NewAsyncMapper(lookUp).WithWorkers(64).WithOrdered(false)
}

func keyOf(v request) int { return v.Key }

func TestCoalesceModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		all := requests(r)
		want, stats := referenceLookup(0, 0, all)
		var c *ops.Coalesce[request, int, int]
		wantLookedUp(t, want, all, func(l *lookedUp) ops.Processor[request, int] {
			c = ops.NewCoalesce(manyWorkers(), keyOf).OnError(l.failed)
			return c
		})
		if diff := cmp.Diff(ops.CoalesceStats{Calls: stats.Misses, Shared: stats.Shared}, c.Stats()); diff != "" {
			t.Errorf("numbers for %v mismatch (-want +got):\n%s", all, diff)
		}
	})
}

// Those who wait keep their place: the order is that of the items.
func TestCoalesce_order(t *testing.T) {
	bubble(t, "of workers", func(t *testing.T) {
		var calls atomic.Int64
		slow := ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
			calls.Add(1)
			return double(n), clock.Sleep(ctx, clock.Real(), time.Duration(n)*ms)
		}).WithWorkers(4)
		got := runFlow(t, ops.NewCoalesce(slow, same), script[int]{{Items: []int{9, 1, 9, 1}}, {After: 5 * ms, Items: []int{9, 1}}}, 0, virtualTime())
		want := []stamped[int]{{9 * ms, 18}, {9 * ms, 2}, {9 * ms, 18}, {9 * ms, 2}, {9 * ms, 18}, {9 * ms, 2}}
		if diff := cmp.Diff(want, got); diff != "" || calls.Load() != 3 {
			t.Errorf("%d calls, want 3; mismatch (-want +got):\n%s", calls.Load(), diff)
		}
	})
}

// held is a call that returns what is sent to it, or with its context.
type held struct {
	calls   atomic.Int64
	release chan func() (string, error)
}

func newHeld() *held { return &held{release: make(chan func() (string, error))} }

func (h *held) call(ctx context.Context, v int) (string, error) {
	n := h.calls.Add(1)
	select {
	case end := <-h.release:
		s, err := end()
		return fmt.Sprint(s, " of call ", n, " for ", v), err
	case <-ctx.Done():
		return "", fmt.Errorf("call %d: %w", n, context.Cause(ctx))
	}
}

func (h *held) gives(s string) { h.release <- func() (string, error) { return s, nil } }

// called is what one goroutine's Call came to.
type called struct {
	out string
	err error
}

func callIn(ctx context.Context, p ops.Caller[int, string], v int) <-chan called {
	ch := make(chan called, 1)
	go func() {
		c := called{err: errors.New("the call did not return")}
		defer func() {
			if v := recover(); v != nil {
				c.err = v.(error)
			}
			ch <- c
		}()
		c.out, c.err = p.Call(ctx, v)
	}()
	settle()
	return ch
}

func wantCalled(t *testing.T, ch <-chan called, out string, err error) {
	t.Helper()
	settle()
	select {
	case got := <-ch:
		if got.out != out || !errors.Is(got.err, err) {
			t.Errorf("the call gave %q, %v, want %q, %v", got.out, got.err, out, err)
		}
	default:
		t.Errorf("the call has not returned, want %q, %v", out, err)
	}
}

func wantFlying(t *testing.T, ch <-chan called) {
	t.Helper()
	settle()
	select {
	case got := <-ch:
		t.Errorf("the call gave %q, %v, want it to wait", got.out, got.err)
	default:
	}
}

// heldCoalesce is a Coalesce for which all items are the same.
func heldCoalesce(h *held) *ops.Coalesce[int, string, struct{}] {
	return ops.NewCoalesce(ops.NewCall(h.call), func(int) struct{} { return struct{}{} })
}

func TestCoalesce_shares(t *testing.T) {
	tests := map[string]struct {
		end  func() (string, error)
		out  string
		want error
	}{
		"a result":                    {func() (string, error) { return "x", nil }, "x of call 1 for 1", nil},
		"an error":                    {func() (string, error) { return "", errBoom }, " of call 1 for 1", errBoom},
		"that nothing comes":          {func() (string, error) { return "", ops.ErrFiltered }, " of call 1 for 1", ops.ErrFiltered},
		"the end of an inner context": {func() (string, error) { return "", context.Canceled }, " of call 1 for 1", context.Canceled},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) {
			h := newHeld()
			c := heldCoalesce(h)
			first, second, third := callIn(t.Context(), c, 1), callIn(t.Context(), c, 2), callIn(t.Context(), c, 3)
			wantFlying(t, second)
			h.release <- tt.end
			for _, ch := range []<-chan called{first, second, third} {
				wantCalled(t, ch, tt.out, tt.want)
			}
			later := callIn(t.Context(), c, 4)
			h.gives("y")
			wantCalled(t, later, "y of call 2 for 4", nil)
			if diff := cmp.Diff(ops.CoalesceStats{Calls: 2, Shared: 2}, c.Stats()); diff != "" {
				t.Errorf("numbers mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// A call that is given up fails nobody else: one of those who wait calls anew.
func TestCoalesce_givenUp(t *testing.T) {
	ends := map[string]func(cancel context.CancelCauseFunc, h *held) (want error){
		"by the end of its context": func(cancel context.CancelCauseFunc, h *held) error {
			cancel(errCause)
			return errCause
		},
		"by an error after the end of its context": func(cancel context.CancelCauseFunc, h *held) error {
			h.release <- func() (string, error) {
				cancel(errCause)
				return "", errBoom
			}
			return errBoom
		},
		"by a panic": func(_ context.CancelCauseFunc, h *held) error {
			h.release <- func() (string, error) { panic(errBoom) }
			return errBoom
		},
		"by the end of its goroutine": func(_ context.CancelCauseFunc, h *held) error {
			h.release <- func() (string, error) { runtime.Goexit(); return "", nil }
			return nil
		},
	}
	for name, end := range ends {
		bubble(t, name, func(t *testing.T) {
			h := newHeld()
			c := heldCoalesce(h)
			ctx, cancel := context.WithCancelCause(t.Context())
			first := callIn(ctx, c, 1)
			second, third := callIn(t.Context(), c, 2), callIn(t.Context(), c, 3)
			if want := end(cancel, h); want != nil {
				settle()
				if got := <-first; !errors.Is(got.err, want) {
					t.Errorf("the call that was given up gave %v, want %v", got.err, want)
				}
			}
			wantFlying(t, second)
			wantFlying(t, third)
			h.gives("x")
			settle()
			a, b := <-second, <-third
			if a != b || a.err != nil || a.out != "x of call 2 for 2" && a.out != "x of call 2 for 3" {
				t.Errorf("the others have %v and %v, want both what call 2 gave", a, b)
			}
			if diff := cmp.Diff(ops.CoalesceStats{Calls: 2, Shared: 1}, c.Stats()); diff != "" {
				t.Errorf("numbers mismatch (-want +got):\n%s", diff)
			}
			cancel(nil)
		})
	}
}

// A result counts also if the context of its item has ended meanwhile.
func TestCoalesce_resultAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		ctx, cancel := context.WithCancel(t.Context())
		_ = callIn(ctx, c, 1)
		second := callIn(t.Context(), c, 2)
		h.release <- func() (string, error) { cancel(); return "x", nil }
		wantCalled(t, second, "x of call 1 for 1", nil)
	})
}

// cancelled runs the items until all wait, cancels, and gives the row of the report.
func cancelled(t *testing.T, p ops.Processor[int, string], in ...int) flow.StageReport {
	t.Helper()
	var r flow.Report
	running := flow.FromSlice(in).Then(p).Discard().Start(t.Context(), flow.WithReport(&r))
	settle()
	running.Stop(errCause)
	if err := running.Wait(); err != errCause || !r.Balanced() {
		t.Errorf("error %v, want %v\n%v", err, errCause, r)
	}
	return r.Stages[1]
}

// One who waits no longer leaves nothing behind, and the call goes on.
func TestCoalesce_waitEnds(t *testing.T) {
	bubble(t, "outside of a run", func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		first := callIn(t.Context(), c, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		second := callIn(ctx, c, 2)
		cancel(errCause)
		wantCalled(t, second, "", errCause)
		wantFlying(t, first)
		h.gives("x")
		wantCalled(t, first, "x of call 1 for 1", nil)
		if diff := cmp.Diff(ops.CoalesceStats{Calls: 1}, c.Stats()); diff != "" {
			t.Errorf("numbers mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "in a run", func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		first := callIn(t.Context(), c, 1)
		wantCounts(t, flow.StageReport{In: 1, Held: 1}, cancelled(t, c, 2, 3))
		wantFlying(t, first)
		h.gives("x")
		wantCalled(t, first, "x of call 1 for 1", nil)
	})
	bubble(t, "in the workers of a run", func(t *testing.T) {
		h := newHeld()
		c := ops.NewCoalesce(ops.NewAsyncMapper(h.call).WithWorkers(3), func(int) int { return 0 })
		wantCounts(t, flow.StageReport{In: 3, Held: 3}, cancelled(t, c, 1, 2, 3))
		if n := h.calls.Load(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
	bubble(t, "by the timeout of a policy", func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		first := callIn(t.Context(), c, 1)
		start := time.Now()
		_, err := flow.Of(2).Then(c).OnError(flow.Retry(2, flow.Constant(ms)).Timeout(10 * ms)).Collect(t.Context())
		if took := time.Since(start); took != 21*ms || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v after %v, want a timeout after 21ms", err, took)
		}
		h.gives("x")
		wantCalled(t, first, "x of call 1 for 1", nil)
	})
}

// The timeout of the policy of one run is no matter of another.
func TestCoalesce_timeoutOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := flow.Of(1).Then(c).OnError(flow.Retry(1, flow.Constant(ms)).Timeout(10 * ms)).Collect(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want a timeout", err)
			}
		})
		settle()
		second := callIn(t.Context(), c, 2)
		wg.Wait()
		h.gives("x")
		wantCalled(t, second, "x of call 2 for 2", nil)
	})
}

// Two runs, of which the one that calls is cancelled, fails or panics.
func TestCoalesce_twoRuns(t *testing.T) {
	for name, panics := range map[string]bool{"the one that calls is cancelled": false, "the one that calls panics": true} {
		bubble(t, name, func(t *testing.T) {
			h := newHeld()
			c := heldCoalesce(h)
			ctx, cancel := context.WithCancelCause(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := flow.Of(1).Then(c).Collect(ctx); err == nil {
					t.Error("the first run did not fail")
				}
			})
			settle()
			var got []string
			wg.Go(func() {
				var r flow.Report
				out, err := flow.Of(2, 3).Then(c).Collect(t.Context(), flow.WithReport(&r))
				if got = out; err != nil || !r.Balanced() {
					t.Errorf("the second run failed with %v\n%v", err, r)
				}
			})
			settle()
			if panics {
				h.release <- func() (string, error) { panic(errBoom) }
			} else {
				cancel(errCause)
			}
			h.gives("x")
			h.gives("y")
			wg.Wait()
			if diff := cmp.Diff([]string{"x of call 2 for 2", "y of call 3 for 3"}, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
			cancel(nil)
		})
	}
}

// A panic of one worker under a policy that goes on is the failure of its item alone.
func TestCoalesce_panicOfAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		inner := ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
			err := clock.Sleep(ctx, clock.Real(), ms)
			if calls.Add(1) == 1 {
				deliberatePanic()
			}
			return double(n), err
		}).WithWorkers(4)
		c := ops.NewCoalesce(inner, same)
		var r flow.Report
		got, err := flow.Of(1, 1, 1, 1).Then(c).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if diff := cmp.Diff([]int{2, 2, 2}, got); diff != "" || err != nil || !r.Balanced() || r.Stages[1].Failed != 1 {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		if diff := cmp.Diff(ops.CoalesceStats{Calls: 2, Shared: 2}, c.Stats()); diff != "" {
			t.Errorf("numbers mismatch (-want +got):\n%s", diff)
		}
	})
}

// Who looks at a run sees that the item waits, and no function of it is stuck.
func TestCoalesce_waitIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		first := callIn(t.Context(), c, 1)
		running := flow.Of(2).Then(c).Named("wait").Discard().Start(t.Context(), flow.WithGrace(ms))
		settle()
		states := make([]string, 0, 1)
		for _, g := range running.Snapshot().Segments {
			states = append(states, g.State)
		}
		if !slices.Contains(states, "waiting for time") {
			t.Errorf("the goroutines are %v, want one that waits for time", states)
		}
		running.Stop(errCause)
		if err := running.Wait(); err != errCause {
			t.Errorf("Wait() error = %v, want %v: nothing is stuck", err, errCause)
		}
		h.gives("x")
		wantCalled(t, first, "x of call 1 for 1", nil)
	})
}

// Inside another one it is called directly, and shared as well.
func TestCoalesce_insideARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		inner := ops.NewAsyncMapper(func(ctx context.Context, n int) (int, error) {
			err := clock.Sleep(ctx, clock.Real(), ms)
			if calls.Add(1) == 1 {
				return 0, errBoom
			}
			return double(n), err
		}).WithWorkers(3)
		retry := ops.NewRetry(ops.NewCoalesce(inner, same), 2).WithBackoff(ms, 1).WithJitter(false)
		got := runFlow(t, retry, script[int]{{Items: []int{5, 5, 5}}}, 0, virtualTime())
		if diff := cmp.Diff([]stamped[int]{{3 * ms, 10}, {3 * ms, 10}, {3 * ms, 10}}, got); diff != "" || calls.Load() != 2 {
			t.Errorf("%d calls, want 2, mismatch (-want +got):\n%s", calls.Load(), diff)
		}
	})
}

// A NaN is the key of one item only.
func TestCoalesce_NaN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := ops.NewCoalesce(ops.NewCall(h.call), func(int) float64 { return math.NaN() })
		first, second := callIn(t.Context(), c, 1), callIn(t.Context(), c, 2)
		h.gives("x")
		h.gives("x")
		settle()
		if a, b := <-first, <-second; a.out == b.out || c.Stats() != (ops.CoalesceStats{Calls: 2}) {
			t.Errorf("the calls gave %v and %v, %v, want two calls", a, b, c.Stats())
		}
	})
}

// Several results of one call go to all.
func TestCoalesce_severalResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bridged[int, int]{ops.NewFlatMapper(twice)}
		got, err := flow.Of(1, 2).Then(ops.NewCoalesce(p, same)).Collect(t.Context())
		if diff := cmp.Diff([]int{1, -1, 2, -2}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
		if _, err := ops.NewCoalesce(p, same).Call(t.Context(), 1); err == nil {
			t.Error("Call() gave one of several results, want an error")
		}
		none := ops.NewCoalesce(bridged[int, int]{ops.NewFilter(even)}, same)
		if _, err := none.Call(t.Context(), 1); !errors.Is(err, ops.ErrNoOutput) {
			t.Errorf("error %v of no output, want ErrNoOutput", err)
		}
		if _, err := none.EmptyOK(true).Call(t.Context(), 1); !errors.Is(err, ops.ErrFiltered) {
			t.Errorf("error %v of no output that is okay, want ErrFiltered", err)
		}
	})
}

// Copies count for themselves and share no calls.
func TestCoalesce_copies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := heldCoalesce(h)
		first := callIn(t.Context(), c, 1)
		copies := []*ops.Coalesce[int, string, struct{}]{
			c.WithName("other"), c.EmptyOK(true), c.OnError(func(context.Context, *ops.ItemError) {}),
		}
		for _, d := range copies {
			ch := callIn(t.Context(), d, 2)
			h.gives("x")
			h.gives("x")
			settle()
			<-ch
			<-first
			if d.Stats() != (ops.CoalesceStats{Calls: 1}) {
				t.Errorf("a copy counts %v, want a call of its own", d.Stats())
			}
			first = callIn(t.Context(), c, 1)
		}
		h.gives("x")
		<-first
		zero := new(ops.Coalesce[int, string, int])
		if _, err := zero.Call(t.Context(), 1); err == nil || zero.Stats() != (ops.CoalesceStats{}) {
			t.Errorf("the zero value gave error %v and %v", err, zero.Stats())
		}
	})
}
