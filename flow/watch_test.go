package flow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// hang sleeps for ten minutes at the nth call, unless its context ends.
func hang(nth int) func(ctx context.Context, v int) (int, error) {
	n := 0
	return func(ctx context.Context, v int) (int, error) {
		if n++; n == nth {
			select {
			case <-time.After(10 * time.Minute):
			case <-ctx.Done():
			}
		}
		return v, ctx.Err()
	}
}

func TestStall_whoIsNamed(t *testing.T) {
	cases := map[string]struct {
		f       func() flow.Flow[int]
		name    string
		queue   int64
		blocked []string
	}{
		"fused to the source": {func() flow.Flow[int] { return flow.Range(0, 100).Call(hang(10)).Named("slow").Map(identity) }, "slow", 0, nil},
		"a Map": {func() flow.Flow[int] {
			deaf := hang(3)
			return flow.Range(0, 100).Map(func(v int) int { v, _ = deaf(context.Background(), v); return v }).Named("slow")
		}, "slow", 0, nil},
		"behind a boundary": {func() flow.Flow[int] {
			return flow.Range(0, 100).Async(4).Map(identity).Async(4).Call(hang(10)).Named("slow")
		}, "slow", 4, []string{"mapper", "range"}},
		"worker in order": {func() flow.Flow[int] { return flow.Range(0, 5000).AsyncMap(1, hang(3)).Named("slow") }, "slow", 14, []string{"range"}},
		"foreign":         {func() flow.Flow[int] { return flow.Range(0, 100).Then(stuckForeign(3)).Named("slow") }, "slow", 0, nil},
		"above a foreign": {func() flow.Flow[int] {
			return flow.Range(0, 100).Call(hang(3)).Named("slow").Then(stuckForeign(0))
		}, "slow", 0, nil},
		"below a foreign": {func() flow.Flow[int] {
			return flow.Range(0, 100).Then(foreign(relayAll)).Call(hang(3)).Named("slow")
		}, "slow", 0, []string{"range"}},
		"inside": {func() flow.Flow[int] {
			return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 100).Call(hang(3)).Named("slow") }).Named("r").Async(1)
		}, "r/slow", 0, nil},
		"below what is inside": {func() flow.Flow[int] {
			return flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 100).Map(identity) }).Call(hang(3)).Named("slow")
		}, "slow", 0, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var told []*flow.StallError
				hear := flow.ObserverFunc(func(e flow.Event) {
					if e, ok := e.(flow.Stalled); ok {
						told = append(told, e.Stall)
					}
				})
				err := c.f().Run(t.Context(), flow.WithWatchdog(time.Minute), flow.WithObserver(hear), audit(t),
					flow.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				if err != nil {
					t.Errorf("Run: %v", err)
				}
				if len(told) != 1 {
					t.Fatalf("told %d times: %v", len(told), told)
				}
				stall := told[0]
				if stall.Name != c.name || stall.Queue < c.queue || stall.For < time.Minute || stall.For > 80*time.Second {
					t.Errorf("got %v", stall)
				}
				if diff := cmp.Diff(c.blocked, stall.Blocked); diff != "" {
					t.Errorf("blocked (-want +got):\n%s", diff)
				}
				if !strings.Contains(stall.Stack, "flow_test.") || !strings.Contains(stall.Error(), "; it is in flow_test.") {
					t.Errorf("%v, the stack does not lead to the function:\n%s", stall, stall.Stack)
				}
				if n := strings.Count(log.String(), "stage holds up the flow"); n != 1 {
					t.Errorf("logged %d times:\n%s", n, &log)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				err := c.f().Run(t.Context(), flow.WithStallLimit(time.Minute), audit(t), quiet)
				if stall, ok := errors.AsType[*flow.StallError](err); name != "a Map" && (!ok || stall.Name != c.name) {
					t.Errorf("with a limit: %v", err)
				}
			})
		})
	}
}

// relayAll passes all items on.
func relayAll(ctx context.Context, in <-chan int, out chan<- int) {
	for v := range in {
		select {
		case out <- v:
		case <-ctx.Done():
			return
		}
	}
}

// TestStall_isNone has flows that look as if they hung, and do not.
func TestStall_isNone(t *testing.T) {
	slow := func(d time.Duration) func(context.Context, int) (int, error) {
		return func(_ context.Context, v int) (int, error) {
			time.Sleep(d)
			return v, nil
		}
	}
	cases := map[string]flow.Flow[int]{
		"slow, but it moves":       flow.Range(0, 20).Async(4).Call(slow(59 * time.Second)),
		"slow workers that move":   flow.Range(0, 20).AsyncMap(3, slow(59*time.Second)),
		"slow worker, none waits":  flow.Range(0, 1).AsyncMap(3, slow(time.Hour)),
		"slow workers, none waits": flow.Range(0, 3).AsyncMap(3, slow(time.Hour)),
		"none waits":               flow.Range(0, 1).Async(4).Call(slow(time.Hour)),
		"idle Tick":                flow.Tick(time.Hour).Map(time.Time.Second).Call(slow(0)).Take(2),
		"idle source":              flow.FromFunc(func(_ context.Context, emit func(int) error) error { time.Sleep(time.Hour); return emit(1) }).Map(identity).Call(slow(0)),
		"idle source inside": flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
			return flow.FromFunc(func(_ context.Context, emit func(int) error) error { time.Sleep(time.Hour); return emit(1) })
		}).Map(identity),
		"idle foreign":               flow.Tick(time.Hour).Map(time.Time.Second).Then(foreign(relayAll)).Take(2),
		"waits for the next try":     flow.Range(0, 10).Async(3).TryMap(func(int) (int, error) { return 0, errBoom }).OnError(flow.Retry(2, flow.Constant(time.Hour)).Then(flow.Skip())),
		"waits for its pace":         flow.Range(0, 3).Async(1).Throttle(1.0 / 3600),
		"waits to restart":           flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Hour), Max: 2, OnEnd: true, If: func(error) bool { return true }}, func() flow.Flow[int] { return flow.Range(0, 1) }).Take(2),
		"same place in another turn": flow.Restart(flow.RestartPolicy{OnEnd: true}, func() flow.Flow[int] { return flow.Range(0, 1).Call(slow(59 * time.Second)) }).Take(10),
		"its turn has not come":      flow.Concat(flow.Tick(time.Hour).Take(2).Map(time.Time.Second), flow.Range(0, 3).Async(2).Call(slow(0)).Async(1)),
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := f.Run(t.Context(), flow.WithStallLimit(time.Minute), audit(t), quiet); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestStall_toldOnceACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		hear := flow.ObserverFunc(func(e flow.Event) {
			if _, ok := e.(flow.Stalled); ok {
				told++
			}
		})
		err := flow.Range(0, 3).Call(func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 0, nil }).
			Run(t.Context(), flow.WithWatchdog(time.Minute), flow.WithObserver(hear), audit(t), quiet)
		if err != nil || told != 3 {
			t.Errorf("told %d times of 3 calls, %v", told, err)
		}
	})
}

// TestStall_ofADeafFunction needs a grace for its limit.
func TestStall_ofADeafFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		err := flow.Range(0, 3).Map(func(v int) int { <-free; return v }).Named("deaf").
			Run(t.Context(), flow.WithStallLimit(time.Minute), flow.WithGrace(time.Second), quiet)
		stuck, ok := errors.AsType[*flow.StuckError](err)
		stall, also := errors.AsType[*flow.StallError](err)
		if !ok || !also || stuck.Stages[0].Name != "deaf" || stall.Name != "deaf" {
			t.Errorf("got %v", err)
		}
		close(free)
	})
}
