package flow_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
)

// counting is a source that gives a number each second until it has to stop, and then one
// more.
func counting() flow.Flow[int] {
	return flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
		for i := 0; ; i++ {
			select {
			case <-time.After(time.Second):
				if err := emit(i); err != nil {
					return err
				}
			case <-ctx.Done():
				_ = emit(-1)
				return ctx.Err()
			}
		}
	})
}

func TestDrain_deliversAllThatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got [][]int
		opt, r := audited(t)
		running := counting().Async(4).Batch(100, time.Hour).ForEach(func(_ context.Context, b []int) error {
			got = append(got, b)
			return nil
		}).Start(t.Context(), opt)
		time.Sleep(3500 * time.Millisecond)
		if err := running.Drain(t.Context()); err != nil {
			t.Fatalf("Drain: %v", err)
		}
		if err := running.Wait(); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if diff := cmp.Diff([][]int{{0, 1, 2, -1}}, got); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
		if r.Drain == nil || !r.Drain.Complete {
			t.Errorf("the report has no complete drain: %+v", r.Drain)
		}
	})
}

func TestDrain_stopsEverySource(t *testing.T) {
	idle := make(chan int)
	sources := map[string]flow.Flow[int]{
		"func":   counting(),
		"chan":   flow.FromChan(idle),
		"tick":   flow.Tick(time.Second).Map(time.Time.Second),
		"poll":   flow.Poll(time.Second, func(context.Context) (int, error) { return 1, nil }),
		"repeat": flow.Repeat(1).Call(func(_ context.Context, v int) (int, error) { time.Sleep(time.Second); return v, nil }),
		"merge":  flow.Merge(counting(), flow.FromChan(make(chan int))),
		"concat": flow.Concat(counting(), flow.Range(0, 10)),
		"seq": flow.FromSeq(func(yield func(int) bool) {
			for yield(1) {
				time.Sleep(time.Second)
			}
		}),
	}
	for name, f := range sources {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if name == "chan" {
					f = flow.FromChan(make(chan int))
				}
				if name == "merge" {
					f = flow.Merge(counting(), flow.FromChan(make(chan int)))
				}
				opt, _ := audited(t)
				running := f.Discard().Start(t.Context(), opt)
				time.Sleep(2500 * time.Millisecond)
				if err := running.Drain(t.Context()); err != nil {
					t.Fatalf("Drain: %v", err)
				}
			})
		})
	}
}

func TestDrain_missed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := counting().Async(10).ForEach(func(ctx context.Context, v int) error {
			select {
			case <-time.After(time.Hour):
			case <-ctx.Done():
			}
			return ctx.Err()
		}).Named("store").Start(t.Context())
		time.Sleep(5500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := running.Drain(ctx)
		missed, ok := errors.AsType[*flow.DrainError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Drain: %v", err)
		}
		if len(missed.Culprits) != 1 || missed.Culprits[0].Name != "store" || !strings.Contains(missed.Culprits[0].Stack, "TestDrain_missed") {
			t.Errorf("culprits: %+v", missed.Culprits)
		}
		if got := running.Wait(); got != err {
			t.Errorf("Wait gives %v, Drain %v", got, err)
		}
		t.Log(err)
		t.Log(running.Report())
	})
}

// A goroutine that waits for room is not the culprit, and one that is in a run inside a source
// is told of once.
func TestDrain_missedBelowARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return counting().Map(func(v int) int { return v }) }).
			Async(1).ForEach(func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}).Named("store").Start(t.Context(), flow.WithGrace(time.Minute))
		time.Sleep(10 * time.Second)
		if n := len(running.Snapshot().Segments); n != 2 {
			t.Errorf("%d goroutines in %v", n, running.Snapshot())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		missed, ok := errors.AsType[*flow.DrainError](running.Drain(ctx))
		if !ok || len(missed.Culprits) != 1 || missed.Culprits[0].Name != "store" || missed.Culprits[0].Holds != 1 {
			t.Errorf("Drain: %v", missed)
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		running := flow.Tick(time.Second).ForEach(func(context.Context, time.Time) error { n.Add(1); return nil }).Start(t.Context())
		time.Sleep(2500 * time.Millisecond)
		running.Pause()
		if got := running.Phase(); got != flow.Paused {
			t.Errorf("phase %v", got)
		}
		time.Sleep(10 * time.Second)
		if n := n.Load(); n > 3 {
			t.Errorf("%d items while paused", n)
		}
		running.Resume()
		time.Sleep(2 * time.Second)
		if n := n.Load(); n < 4 {
			t.Errorf("%d items after the pause", n)
		}
		t.Log(running.Snapshot())
		running.Stop(nil)
		if err := running.Wait(); err != context.Canceled {
			t.Error(err)
		}
	})
}

func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		release := make(chan struct{})
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		err := flow.Range(0, 10).Map(func(v int) int {
			<-release
			return v
		}).Named("deaf").Run(ctx, flow.WithGrace(time.Minute))
		stuck, ok := errors.AsType[*flow.StuckError](err)
		if !ok || !errors.Is(err, errBoom) || len(stuck.Stages) != 1 || stuck.Stages[0].Name != "deaf" {
			t.Errorf("got %v", err)
		}
		t.Log(err)
		close(release)
	})
}

func TestLeakCheck(t *testing.T) {
	release := make(chan struct{})
	err := flow.Range(0, 3).Async(1).Tap(func(int) { go func() { <-release }() }).Named("leaky").Run(t.Context(), flow.WithLeakCheck())
	close(release)
	leak, ok := errors.AsType[*flow.LeakError](err)
	if !ok || len(leak.Leaks) != 1 || leak.Leaks[0].Stage != "leaky" || leak.Leaks[0].Count != 3 {
		t.Errorf("got %v", err)
	}
	t.Log(err)
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := flow.Range(0, 100).Async(4).Map(func(v int) int { return v }).Async(4).ForEach(func(ctx context.Context, v int) error {
			if v == 10 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}).Named("stuck").Run(t.Context(), flow.WithStallLimit(time.Minute), quiet)
		stall, ok := errors.AsType[*flow.StallError](err)
		if !ok || stall.Name != "stuck" || stall.Queue != 4 || len(stall.Blocked) != 2 {
			t.Errorf("got %v", err)
		}
		t.Log(err)
	})
}
