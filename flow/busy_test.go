package flow_test

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// every is a source of n items, one each d, whose waiting is its own work.
func every(d time.Duration, n int) flow.Flow[int] {
	return flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		for i := range n {
			time.Sleep(d)
			if err := emit(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// sleeps is a sink that takes d for each item.
func sleeps(d time.Duration) func(context.Context, int) error {
	return func(context.Context, int) error {
		time.Sleep(d)
		return nil
	}
}

func asleep(d time.Duration) func(context.Context, int) (int, error) {
	return func(_ context.Context, v int) (int, error) {
		time.Sleep(d)
		return v, nil
	}
}

// TestReport_busy: what a segment waits for is not work, and what its functions wait for is.
func TestReport_busy(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tests := map[string]struct {
		job  func() flow.Job
		want map[string]float64
	}{
		// The source sleeps 10 x 1s, and waits for room in the rest of its 25s.
		"waiting for room below": {
			func() flow.Job { return every(s, 10).Async(1).ForEach(sleeps(3 * s)) },
			map[string]float64{"func": 10. / 25, "for-each": 30. / 31},
		},
		"waiting for items": {
			func() flow.Job { return every(4*s, 5).Async(1).ForEach(sleeps(s)) },
			map[string]float64{"func": 1, "for-each": 5. / 21},
		},
		"one segment never waits": {
			func() flow.Job { return every(s, 3).Call(asleep(s)).ForEach(sleeps(s)) },
			map[string]float64{"func": 1, "call": 1, "for-each": 1},
		},
		"waiting for a rate": {
			func() flow.Job { return flow.Range(0, 5).Throttle(1).ForEach(sleeps(250 * ms)) },
			map[string]float64{"range": 1.25 / 4.25, "throttle": 1.25 / 4.25, "for-each": 1.25 / 4.25},
		},
		"waiting for the next tick": {
			func() flow.Job {
				return flow.Tick(s).Take(4).Map(func(time.Time) int { return 0 }).ForEach(sleeps(500 * ms))
			},
			map[string]float64{"tick": 2 / 4.5, "take": 2 / 4.5, "mapper": 2 / 4.5, "for-each": 2 / 4.5},
		},
		"waiting for a channel": {
			func() flow.Job { return flow.FromChan(sent(2*s, 5)).ForEach(sleeps(s)) },
			map[string]float64{"chan": 5. / 11, "for-each": 5. / 11},
		},
		"a channel that is never empty": {
			func() flow.Job { return flow.FromChan(sent(0, 5)).ForEach(sleeps(s)) },
			map[string]float64{"chan": 1, "for-each": 1},
		},
		"the mean of workers": { // one works 4s of 4, the other 0s
			func() flow.Job { return flow.Range(0, 2).AsyncMap(2, oneOf(4*s)).ForEach(sleeps(s)) },
			map[string]float64{"range": 0, "async-mapper": 0.5, "for-each": 2. / 5},
		},
		"waiting for the next try": { // a call of 1s fails, 3s later one succeeds
			func() flow.Job {
				return flow.Of(0).Call(failsOnce(s)).OnError(flow.Retry(2, flow.Constant(3*s))).ForEach(sleeps(0))
			},
			map[string]float64{"items": 0.4, "call": 0.4, "for-each": 0.4},
		},
		"not fused": {
			func() flow.Job { return every(s, 3).Then(ops.ProcessorFunc[int, int](relay)).ForEach(sleeps(0)) },
			map[string]float64{"func": 1, "processor-func": 0, "for-each": 0},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				if err := tt.job().Run(t.Context(), opt); err != nil {
					t.Fatal(err)
				}
				got := make(map[string]float64)
				for _, s := range r.Stages {
					got[s.Name] = s.Busy
				}
				if diff := cmp.Diff(rounded(tt.want), rounded(got)); diff != "" {
					t.Errorf("busy mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func failsOnce(d time.Duration) func(context.Context, int) (int, error) {
	calls := 0
	return func(_ context.Context, v int) (int, error) {
		time.Sleep(d)
		if calls++; calls == 1 {
			return 0, errPlanted
		}
		return v, nil
	}
}

func oneOf(d time.Duration) func(context.Context, int) (int, error) {
	return func(_ context.Context, v int) (int, error) {
		time.Sleep(time.Duration(v) * d)
		return v, nil
	}
}

// sent is a channel on which an item comes each d, n in all.
func sent(d time.Duration, n int) <-chan int {
	ch := make(chan int, n)
	if d == 0 {
		defer close(ch)
		for i := range n {
			ch <- i
		}
		return ch
	}
	go func() {
		defer close(ch)
		for i := range n {
			time.Sleep(d)
			ch <- i
		}
	}()
	return ch
}

func rounded(shares map[string]float64) map[string]float64 {
	for name, v := range shares {
		shares[name] = math.Round(v*1e9) / 1e9
	}
	return shares
}

// TestReport_fill: how full a queue is when its consumer has done with what it took.
func TestReport_fill(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tests := map[string]struct {
		f    func() flow.Flow[int]
		want []flow.Edge
	}{
		// Item 0 comes at 1s and is done at 4.25s, when three wait; these are done at 14s, and
		// four wait; these at 27s, and one waits; this at 30.25s, and none.
		"a consumer that is slower": {
			func() flow.Flow[int] { return every(s, 9).Async(4).Call(asleep(3250 * ms)) },
			[]flow.Edge{{From: "func", To: "call", Capacity: 4, Fill: (3 + 4 + 1 + 0) / 4. / 4}, {From: "call", To: "discard"}},
		},
		"a consumer that is faster": {
			func() flow.Flow[int] { return every(3*s, 9).Async(1).Call(asleep(s)) },
			[]flow.Edge{{From: "func", To: "call", Capacity: 1}, {From: "call", To: "discard"}},
		},
		"fused": {
			func() flow.Flow[int] { return every(s, 9).Call(asleep(3 * s)) },
			[]flow.Edge{{From: "func", To: "call"}, {From: "call", To: "discard"}},
		},
		"a queue that nobody asked for, beside one": {
			func() flow.Flow[int] { return flow.Unbatch(every(s, 3).Async(7).Batch(1, s)) },
			[]flow.Edge{{From: "func", To: "batcher", Capacity: 7}, {From: "batcher", To: "unbatcher"}, {From: "unbatcher", To: "discard"}},
		},
		// Each is taken singly: when the second is taken one waits, then one, then none.
		"a sliding buffer": {
			func() flow.Flow[int] { return every(s, 4).Then(ops.NewSlidingBuffer[int](2)).Call(asleep(2500 * ms)) },
			[]flow.Edge{
				{From: "func", To: "sliding-buffer"},
				{From: "sliding-buffer", To: "call", Capacity: 2, Fill: (0 + 1 + 1 + 0) / 4. / 2},
				{From: "call", To: "discard"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				if err := tt.f().Run(t.Context(), opt); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, r.Edges); diff != "" {
					t.Errorf("edges mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// asked is a clock that counts how often it is asked for anything.
type asked struct {
	clock.Clock
	times atomic.Int64
}

func (c *asked) Now() time.Time {
	c.times.Add(1)
	return c.Clock.Now()
}

func (c *asked) NewTimer(d time.Duration) clock.Timer {
	c.times.Add(1)
	return askedTimer{c.Clock.NewTimer(d), c}
}

type askedTimer struct {
	clock.Timer
	c *asked
}

func (t askedTimer) Reset(d time.Duration) bool {
	t.c.times.Add(1)
	return t.Timer.Reset(d)
}

// TestIdleFlow_usesNoTime: a flow to which nothing comes neither reads its clock nor is
// woken, also after it had something to do.
func TestIdleFlow_usesNoTime(t *testing.T) {
	flows := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"fused":                                func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity) },
		"a boundary":                           func(f flow.Flow[int]) flow.Flow[int] { return f.Async(4).Map(identity).Async(1) },
		"a batch":                              func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Async(4).Batch(2, time.Second).Async(4)) },
		"a throttle":                           func(f flow.Flow[int]) flow.Flow[int] { return f.Throttle(10).Async(1) },
		"workers":                              func(f flow.Flow[int]) flow.Flow[int] { return f.AsyncMap(3, asleep(time.Second)) },
		"buffers":                              func(f flow.Flow[int]) flow.Flow[int] { return f.Buffer(2).Then(ops.NewSlidingBuffer[int](2)) },
		"a processor that only knows channels": func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)) },
	}
	for name, build := range flows {
		for _, n := range []int{0, 1, 5} {
			t.Run(fmt.Sprint(name, ", after ", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := &asked{Clock: clock.Real()}
					in := make(chan int)
					ended := make(chan error)
					opt, _ := audited(t)
					go func() { ended <- build(flow.FromChan(in)).Run(t.Context(), opt, flow.WithClock(c)) }()
					for i := range n {
						in <- i
					}
					time.Sleep(time.Minute) // an alarm may ring once in vain
					synctest.Wait()
					before := c.times.Load()
					time.Sleep(time.Hour)
					synctest.Wait()
					if got := c.times.Load() - before; got != 0 || before == 0 {
						t.Errorf("the clock was asked %d times in an idle hour, want none (and %d before, want some)", got, before)
					}
					close(in)
					if err := <-ended; err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}
