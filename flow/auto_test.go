package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

// service is what a stage calls. Up to its capacity all calls at once take the same time;
// with more than that each takes so much longer that no more come back in a time.
type service struct {
	mu       sync.Mutex
	takes    time.Duration
	capacity int
	refuses  bool       // the calls beyond its capacity, at once
	noise    *rand.Rand // in the time of a call, nil for none
	calls    int        // at this moment
	served   int        // in all
}

func (s *service) call(ctx context.Context, v int) (int, error) {
	took, err := s.begin()
	time.Sleep(took)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; err != nil {
		return 0, err
	}
	s.served++
	return v, ctx.Err()
}

func (s *service) begin() (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.refuses && s.calls > s.capacity {
		return time.Millisecond, errBoom
	}
	took := s.takes * time.Duration(max(s.calls, s.capacity)) / time.Duration(s.capacity)
	if s.noise != nil {
		took = time.Duration(float64(took) * s.noise.ExpFloat64())
	}
	return took, nil
}

func (s *service) become(capacity int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capacity = capacity
}

func (s *service) results() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// scale is that of the only stage whose number of workers changes.
func scale(t *testing.T, r *flow.Running) flow.ScaleSnapshot {
	t.Helper()
	s := r.Snapshot().Scales
	if len(s) != 1 {
		t.Fatalf("the snapshot has %d scales, want one", len(s))
	}
	return s[0]
}

// mean is the number of workers over a time, looked at ten times a second.
func mean(t *testing.T, r *flow.Running, over time.Duration) float64 {
	t.Helper()
	sum, looks := 0, 0
	for end := time.Now().Add(over); time.Now().Before(end); looks++ {
		sum += scale(t, r).Workers
		time.Sleep(100 * time.Millisecond)
	}
	return float64(sum) / float64(looks)
}

// wantAbout wants the number of workers to be near what a service can bear.
func wantAbout(t *testing.T, r *flow.Running, want int, low, high float64) {
	t.Helper()
	if got := mean(t, r, 30*time.Second); got < low*float64(want) || got > high*float64(want) {
		t.Errorf("%.1f workers on average, want about %d: %v", got, want, scale(t, r))
	}
}

// auto starts a flow that has always more items than workers.
func auto(t *testing.T, workers int, call func(context.Context, int) (int, error), s flow.Scale) *flow.Running {
	t.Helper()
	return flow.Repeat(1).AsyncMap(workers, call).Scaled(s).OnError(flow.Skip()).Named("call").Discard().Start(t.Context(), audit(t), quiet)
}

func stop(t *testing.T, r *flow.Running) {
	t.Helper()
	r.Stop(errPlanted)
	if err := r.Wait(); !errors.Is(err, errPlanted) {
		t.Errorf("Wait() = %v", err)
	}
}

// TestAuto_settlesNearTheCapacity of a service, wherever it begins.
func TestAuto_settlesNearTheCapacity(t *testing.T) {
	for _, capacity := range []int{2, 3, 5, 10, 23, 40} {
		for _, begin := range []int{1, 4, 20, 64} {
			synctest.Test(t, func(t *testing.T) {
				s := &service{takes: 20 * time.Millisecond, capacity: capacity}
				r := auto(t, begin, s.call, flow.Auto(1, 64))
				time.Sleep(30 * time.Second)
				before := s.results()
				wantAbout(t, r, capacity, 0.85, 1.3)
				if got, most := s.results()-before, capacity*30*50; got < most*85/100 {
					t.Errorf("from %d: %d results, %d could have been", begin, got, most)
				}
				stop(t, r)
			})
		}
	}
}

// TestAuto_staysWithinItsBounds: a service that bears any number of calls gets the most, and
// one that bears a single one the least.
func TestAuto_staysWithinItsBounds(t *testing.T) {
	for capacity, want := range map[int]int{1000: 12, 1: 4} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{takes: 20 * time.Millisecond, capacity: capacity}
			r := auto(t, 100, s.call, flow.Auto(4, 12))
			if n := scale(t, r).Workers; n != 12 {
				t.Errorf("it begins with %d workers, want 12", n)
			}
			for range 600 {
				time.Sleep(100 * time.Millisecond)
				if n := scale(t, r).Workers; n < 4 || n > 12 {
					t.Fatalf("%d workers, want from 4 to 12", n)
				}
			}
			wantAbout(t, r, want, 0.95, 1.1)
			stop(t, r)
		})
	}
}

// TestAuto_followsTheCapacity of a service, up and down.
func TestAuto_followsTheCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 20 * time.Millisecond, capacity: 10}
		r := auto(t, 4, s.call, flow.Auto(1, 64))
		for _, capacity := range []int{10, 30, 6, 24, 3} {
			s.become(capacity)
			time.Sleep(30 * time.Second)
			wantAbout(t, r, capacity, 0.85, 1.3)
		}
		stop(t, r)
	})
}

// TestAuto_refusalsAreNoResults: a service that refuses at once what is too much for it is not
// taken for a quick one.
func TestAuto_refusalsAreNoResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 20 * time.Millisecond, capacity: 10, refuses: true}
		r := auto(t, 4, s.call, flow.Auto(1, 64))
		time.Sleep(10 * time.Second)
		wantAbout(t, r, 10, 0.7, 1.3)
		stop(t, r)
	})
	synctest.Test(t, func(t *testing.T) {
		r := auto(t, 4, func(context.Context, int) (int, error) {
			time.Sleep(time.Millisecond)
			return 0, errBoom
		}, flow.Auto(1, 64))
		time.Sleep(time.Minute)
		if n := mean(t, r, 10*time.Second); n > 2 {
			t.Errorf("%.1f workers fail, want about one", n)
		}
		stop(t, r)
	})
}

// TestAuto_isCalmInNoise: where calls take any time the number neither drifts away nor jumps.
func TestAuto_isCalmInNoise(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{takes: 20 * time.Millisecond, capacity: 16, noise: rand.New(rand.NewPCG(seed, 0))}
			r := auto(t, 4, s.call, flow.Auto(1, 64))
			time.Sleep(time.Minute)
			changes, last := 0, scale(t, r).Workers
			before := s.results()
			for range 1200 {
				time.Sleep(100 * time.Millisecond)
				now := scale(t, r).Workers
				if now != last {
					changes++
				}
				if now < 6 || now > 40 {
					t.Fatalf("seed %d: %d workers for a capacity of 16", seed, now)
				}
				last = now
			}
			if changes > 120 {
				t.Errorf("seed %d: %d changes in two minutes", seed, changes)
			}
			if got := s.results() - before; got < 84_000 {
				t.Errorf("seed %d: %d results, 96,000 could have been", seed, got)
			}
			stop(t, r)
		})
	}
}

// TestAuto_idles: without items the number falls to the least, and then nothing wakes any
// more. With items it rises again.
func TestAuto_idles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 20 * time.Millisecond, capacity: 1000}
		items := make(chan int)
		r := flow.FromChan(items).AsyncMap(32, s.call).Scaled(flow.Auto(2, 64)).Discard().Start(t.Context(), audit(t))
		time.Sleep(10 * time.Second)
		want := []string{"32 to 16: no items", "16 to 8: no items", "8 to 4: no items", "4 to 2: no items"}
		if diff := cmp.Diff(want, texts(scale(t, r).Changes)); diff != "" {
			t.Errorf("without an item (-want +got):\n%s", diff)
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
			items <- 1
		}
		if n := scale(t, r).Workers; n != 64 {
			t.Errorf("%d workers for a service that bears any number, want 64", n)
		}
		time.Sleep(10 * time.Second)
		if n := scale(t, r).Workers; n != 2 {
			t.Errorf("%d workers without items again, want 2", n)
		}
		close(items)
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func texts(changes []flow.ScaleChange) (all []string) {
	for _, c := range changes {
		c.Time = time.Time{}
		all = append(all, strings.Replace(c.String(), " at 00:00:00", "", 1))
	}
	return all
}

// TestAuto_sleepsWhenIdle: at the least number no timer runs.
func TestAuto_sleepsWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := clock.NewFake()
		items := make(chan int)
		s := &service{takes: 0, capacity: 1000}
		r := flow.FromChan(items).AsyncMap(8, s.call).Scaled(flow.Auto(2, 64)).Discard().Start(t.Context(), audit(t), flow.WithClock(clk))
		for range 3 {
			synctest.Wait()
			for range 10 {
				clk.Advance(time.Second)
				synctest.Wait()
			}
			if n, timers := scale(t, r).Workers, clk.Waiters(); n != 2 || timers > 0 {
				t.Errorf("%d workers and %d timers, want 2 and none", n, timers)
			}
			for range 20 {
				items <- 1
			}
		}
		close(items)
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestAuto_needsNoMoreThanThereIsWork: with few items the number falls to the workers that
// they need.
func TestAuto_needsNoMoreThanThereIsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: time.Second, capacity: 1000}
		r := flow.Tick(250*time.Millisecond).
			Map(func(time.Time) int { return 1 }).
			AsyncMap(40, s.call).Scaled(flow.Auto(1, 64)).Discard().Start(t.Context(), audit(t))
		time.Sleep(30 * time.Second)
		wantAbout(t, r, 4, 0.9, 1.5)
		stop(t, r)
	})
}

// TestAuto_besideOneLongCall the others go on, and are counted.
func TestAuto_besideOneLongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 10 * time.Millisecond, capacity: 1000}
		long := true
		r := flow.Repeat(1).AsyncMapUnordered(2, func(ctx context.Context, v int) (int, error) {
			s.mu.Lock()
			first := long
			long = false
			s.mu.Unlock()
			if first {
				time.Sleep(time.Hour)
			}
			return s.call(ctx, v)
		}).Scaled(flow.Auto(2, 16)).Discard().Start(t.Context(), audit(t))
		time.Sleep(20 * time.Second)
		wantAbout(t, r, 16, 0.9, 1)
		stop(t, r)
	})
}

// TestSnapshot_showsTheScale as text, as JSON, and beside stages without one.
func TestSnapshot_showsTheScale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{takes: 20 * time.Millisecond, capacity: 4}
		r := flow.Repeat(1).AsyncMap(2, slowly).AsyncMap(3, s.call).Scaled(flow.Auto(2, 64)).Named("call").Discard().Start(t.Context(), audit(t))
		time.Sleep(200 * time.Millisecond)
		snap := r.Snapshot()
		want := []flow.ScaleSnapshot{{Stage: "call", Workers: 6, Least: 2, Most: 64, Changes: []flow.ScaleChange{
			{From: 3, To: 6, Reason: "items wait"},
		}}}
		if diff := cmp.Diff(want, snap.Scales, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
			t.Errorf("the scales (-want +got):\n%s", diff)
		}
		if text := snap.String(); !strings.Contains(text, "\n6 of 2 to 64 workers of call, 3 to 6 at ") {
			t.Errorf("the text has no scale:\n%s", text)
		}
		if dot := snap.DOT(); !strings.Contains(dot, `\n6 of 2 to 64 workers\n`) {
			t.Errorf("the drawing has no scale:\n%s", dot)
		}
		if plan := r.Plan().String(); !strings.Contains(plan, ", 2 to 64 workers") || !strings.Contains(plan, ", 2 workers") {
			t.Errorf("the plan has no scale:\n%s", plan)
		}
		text, err := json.Marshal(snap)
		if err != nil || !strings.Contains(string(text), `"scales":[{"stage":"call","workers":6,"least":2,"most":64,"changes":[{"time":`) {
			t.Errorf("%v, JSON %s", err, text)
		}
		time.Sleep(time.Minute)
		if n := len(scale(t, r).Changes); n != 8 {
			t.Errorf("%d changes are kept, want 8", n)
		}
		stop(t, r)
		if n := scale(t, r).Workers; n == 0 {
			t.Error("after the end there is no number of workers")
		}
	})
}
