package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
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

// each is a sink with a function that gets nothing but the item.
func each[T any](f flow.Flow[T], fn func(T)) flow.Job {
	return f.ForEach(func(_ context.Context, v T) error {
		fn(v)
		return nil
	})
}

func TestDrain_deliversAllThatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got [][]int
		opt, r := audited(t)
		running := each(counting().Async(4).Batch(100, time.Hour), func(b []int) { got = append(got, b) }).Start(t.Context(), opt)
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
		if r.Drain == nil || !r.Drain.Complete || len(r.Drain.Undelivered) != 0 {
			t.Errorf("the report has no complete drain: %+v", r.Drain)
		}
	})
}

// slowReader gives a line each second.
type slowReader struct{ closed chan struct{} }

func (r *slowReader) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, "12\n"), nil
	case <-r.closed:
		return 0, io.ErrClosedPipe
	}
}

func (r *slowReader) Close() error {
	close(r.closed)
	return nil
}

// unending are sources that end when they are drained and not before.
func unending() map[string]func() flow.Flow[int] {
	slowly := func(f flow.Flow[int]) flow.Flow[int] {
		return f.Call(func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		})
	}
	one := func(context.Context) (int, error) { return 1, nil }
	idle := func() flow.Flow[int] { return flow.FromChan(make(chan int)) }
	restart := func(build func() flow.Flow[int]) flow.Flow[int] {
		return flow.Restart(flow.RestartPolicy{Wait: flow.Constant(time.Second), OnEnd: true}, build)
	}
	return map[string]func() flow.Flow[int]{
		"FromFunc": counting,
		"From": func() flow.Flow[int] {
			return flow.From[int](source(func(ctx context.Context, emit func(int) error) error {
				<-ctx.Done()
				return context.Cause(ctx)
			}))
		},
		"FromSignals": func() flow.Flow[int] {
			return flow.FromSignals[int](signals(func(ctx context.Context, out flow.Emitter[int]) error {
				for out.Emit(1) == nil && out.Watermark(time.Now()) == nil && ctx.Err() == nil {
					time.Sleep(time.Second)
				}
				return fmt.Errorf("wrapped: %w", ctx.Err())
			}))
		},
		"FromChan":  idle,
		"FromSlice": func() flow.Flow[int] { return slowly(flow.FromSlice(make([]int, 1000))) },
		"Range":     func() flow.Flow[int] { return slowly(flow.Range(0, 1e9)) },
		"Repeat":    func() flow.Flow[int] { return slowly(flow.Repeat(1)) },
		"Unfold": func() flow.Flow[int] {
			return slowly(flow.Unfold(0, func(n int) (int, int, bool) { return n, n + 1, true }))
		},
		"Tick":      func() flow.Flow[int] { return flow.Tick(time.Second).Map(time.Time.Second) },
		"idle Tick": func() flow.Flow[int] { return flow.Tick(time.Hour).Map(time.Time.Second) },
		"Poll":      func() flow.Flow[int] { return flow.Poll(time.Second, one) },
		"slow Poll": func() flow.Flow[int] { return slowly(flow.Poll(time.Second, one)) },
		"idle Poll": func() flow.Flow[int] { return flow.Poll(time.Hour, one) },
		"stuck Poll": func() flow.Flow[int] {
			return flow.Poll(time.Second, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		},
		"FromSeq": func() flow.Flow[int] {
			return flow.FromSeq(func(yield func(int) bool) {
				for yield(1) {
					time.Sleep(time.Second)
				}
			})
		},
		"FromSeq2": func() flow.Flow[int] {
			return flow.FromSeq2(func(yield func(int, error) bool) {
				for yield(1, nil) {
					time.Sleep(time.Second)
				}
			})
		},
		"Lines": func() flow.Flow[int] {
			return flow.Lines(&slowReader{make(chan struct{})}).Map(func(s string) int { return len(s) })
		},
		"JSON": func() flow.Flow[int] { return flow.JSON[int](&slowReader{make(chan struct{})}) },
		"CSV": func() flow.Flow[int] {
			return flow.CSV(&slowReader{make(chan struct{})}).Map(func(r []string) int { return len(r) })
		},
		"Files": func() flow.Flow[int] {
			fsys := fstest.MapFS{}
			for i := range 100 {
				fsys[fmt.Sprint(i)] = &fstest.MapFile{}
			}
			return slowly(flow.Files(fsys, "*").Map(func(s string) int { return len(s) }))
		},
		"Concat": func() flow.Flow[int] {
			return flow.Concat(counting(), idle(), flow.Range(0, 10), flow.Fail[int](errBoom))
		},
		"Concat's last":  func() flow.Flow[int] { return flow.Concat(flow.Range(0, 1), counting()) },
		"Merge":          func() flow.Flow[int] { return flow.Merge(counting(), idle(), slowly(flow.Repeat(1))) },
		"Restart":        func() flow.Flow[int] { return restart(counting) },
		"waiting":        func() flow.Flow[int] { return restart(func() flow.Flow[int] { return flow.Range(0, 1) }) },
		"nested Restart": func() flow.Flow[int] { return restart(func() flow.Flow[int] { return restart(counting).Async(3) }) },
		"Restart of a Merge": func() flow.Flow[int] {
			return restart(func() flow.Flow[int] { return flow.Merge(idle(), restart(idle), counting()) })
		},
		"Using": func() flow.Flow[int] {
			return flow.Using(one, func(int, error) error { return nil }, func(int) flow.Flow[int] { return counting() })
		},
		"deaf": func() flow.Flow[int] {
			return flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
				<-ctx.Done()
				for i := range 10 { // much after the drain began
					time.Sleep(time.Second)
					if err := emit(i); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// buffering are stages that hold items, each behind the one before.
func buffering() map[string]func(flow.Flow[int]) flow.Flow[int] {
	again := 0
	return map[string]func(flow.Flow[int]) flow.Flow[int]{
		"nothing":  func(f flow.Flow[int]) flow.Flow[int] { return f },
		"Async":    func(f flow.Flow[int]) flow.Flow[int] { return f.Async(3) },
		"Batch":    func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(1000, time.Hour)) },
		"Buffer":   func(f flow.Flow[int]) flow.Flow[int] { return f.Buffer(10) },
		"Sliding":  func(f flow.Flow[int]) flow.Flow[int] { return f.SlidingBuffer(100) },
		"Dropping": func(f flow.Flow[int]) flow.Flow[int] { return f.DroppingBuffer(100) },
		"Throttle": func(f flow.Flow[int]) flow.Flow[int] { return f.Throttle(2) },
		"Monitor": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Monitor(time.Second, func(ops.StreamStats) {})
		},
		"Gatherer": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Then(ops.Gather(ops.NewGatherer(func() []int { return nil },
				func(held *[]int, v int, _ func(int) error) error { *held = append(*held, v); return nil },
				func(held *[]int, emit func(int) error) error {
					for _, v := range *held {
						if err := emit(v); err != nil {
							return err
						}
					}
					return nil
				})))
		},
		"workers": func(f flow.Flow[int]) flow.Flow[int] {
			return f.AsyncMap(3, func(_ context.Context, v int) (int, error) {
				time.Sleep(2500 * time.Millisecond)
				return v, nil
			})
		},
		"unordered": func(f flow.Flow[int]) flow.Flow[int] {
			return f.AsyncMapUnordered(3, func(_ context.Context, v int) (int, error) {
				time.Sleep(2500 * time.Millisecond)
				return v, nil
			})
		},
		"retries": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Call(func(_ context.Context, v int) (int, error) {
				if again++; again%3 != 0 {
					return 0, errBoom
				}
				return v, nil
			}).OnError(flow.Retry(5, flow.Constant(time.Minute)))
		},
		"foreign": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Then(foreign(func(ctx context.Context, in <-chan int, out chan<- int) {
				for v := range in {
					time.Sleep(time.Second)
					select {
					case out <- v:
					case <-ctx.Done():
						return
					}
				}
			}))
		},
		"Pipe": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Then(flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Async(2).Batch(3, time.Minute)) }))
		},
	}
}

func TestDrain_everySourceAboveEveryBuffer(t *testing.T) {
	for name, src := range unending() {
		for below, buffer := range buffering() {
			t.Run(name+" above "+below, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					given, got := 0, 0
					opt, r := audited(t)
					f := buffer(src().Tap(func(int) { given++ }))
					running := each(f, func(int) { got++ }).Start(t.Context(), opt, quiet)
					time.Sleep(4500 * time.Millisecond)
					if err := running.Drain(t.Context()); err != nil {
						t.Fatalf("Drain: %v", err)
					}
					if given != got || !r.Drain.Complete {
						t.Errorf("%d items of %d were delivered:\n%v", got, given, r)
					}
				})
			})
		}
	}
}

func TestDrain_delivers_whatPollHasGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polled, got := 0, 0
		f := flow.Poll(time.Second, func(context.Context) (int, error) {
			time.Sleep(3 * time.Second) // heeds no context
			polled++
			return polled, nil
		})
		running := each(f, func(int) { got++ }).Start(t.Context(), audit(t))
		time.Sleep(4 * time.Second)
		if err := running.Drain(t.Context()); err != nil || got != 2 || polled != 2 {
			t.Errorf("%v; %d of %d delivered", err, got, polled)
		}
	})
}

func TestDrain_atAnyTime(t *testing.T) {
	drain := func(t *testing.T, r *flow.Running) error { return r.Drain(t.Context()) }
	cases := map[string]func(t *testing.T, r *flow.Running) error{
		"at once": drain,
		"twice": func(t *testing.T, r *flow.Running) error {
			return errors.Join(r.Drain(t.Context()), r.Drain(t.Context()))
		},
		"after the end": func(t *testing.T, r *flow.Running) error {
			return errors.Join(r.Drain(t.Context()), r.Wait(), r.Drain(t.Context()))
		},
		"while paused": func(t *testing.T, r *flow.Running) error {
			time.Sleep(1500 * time.Millisecond)
			r.Pause()
			time.Sleep(time.Minute)
			return r.Drain(t.Context())
		},
		"and paused": func(t *testing.T, r *flow.Running) error {
			time.AfterFunc(time.Nanosecond, r.Pause)
			return r.Drain(t.Context())
		},
		"by many": func(t *testing.T, r *flow.Running) error {
			var wg sync.WaitGroup
			errs := make([]error, 20)
			for i := range errs {
				wg.Go(func() { errs[i] = r.Drain(t.Context()) })
			}
			wg.Wait()
			return errors.Join(errs...)
		},
	}
	for name, f := range unending() {
		for when, drain := range cases {
			t.Run(name+" "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if err := drain(t, f().Batch(10, time.Minute).Discard().Start(t.Context(), audit(t), quiet)); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestDrain_failure(t *testing.T) {
	failing := map[string]flow.Flow[int]{
		"of the source": flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
			<-ctx.Done()
			return errBoom
		}),
		"beside the end of the context": flow.FromFunc(func(ctx context.Context, _ func(int) error) error {
			<-ctx.Done()
			return errors.Join(ctx.Err(), errBoom)
		}),
		"below": counting().Batch(100, time.Hour).TryMap(func([]int) (int, error) { return 0, errBoom }),
		"of what is inside": flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] {
			return counting().Batch(100, time.Hour).TryMap(func([]int) (int, error) { return 0, errBoom })
		}),
	}
	for name, f := range failing {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				running := f.Discard().Start(t.Context(), audit(t))
				time.Sleep(1500 * time.Millisecond)
				err := running.Drain(t.Context())
				if !errors.Is(err, errBoom) || err != running.Wait() {
					t.Errorf("Drain: %v, Wait: %v", err, running.Wait())
				}
				stageError(t, err)
			})
		})
	}
}

func TestDrain_ofWhatDidNotStart(t *testing.T) {
	var none flow.Job
	running := none.Start(t.Context())
	if err := running.Drain(t.Context()); len(configErrors(t, err)) != 1 || running.Wait() != err {
		t.Errorf("Drain: %v, Wait: %v", err, running.Wait())
	}
	running.Pause()
	running.Resume()
	running.Stop(errBoom)
	if got := running.Phase(); got != flow.Ended {
		t.Errorf("phase %v", got)
	}
	if s := running.Snapshot(); len(s.Stages) != 0 {
		t.Errorf("snapshot %v", s)
	}
}

func TestDrain_withoutContext(t *testing.T) {
	running := flow.Of(1).Discard().Start(t.Context())
	//lint:ignore SA1012 that is the misuse
	if errs := configErrors(t, running.Drain(nil)); len(errs) != 1 || errs[0].Field != "context of Drain" {
		t.Errorf("got %v", errs)
	}
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}

func TestDrain_contextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		running := counting().Call(func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 0, nil }).Discard().Start(t.Context(), audit(t))
		time.Sleep(1500 * time.Millisecond)
		err := running.Drain(ctx)
		if missed, ok := errors.AsType[*flow.DrainError](err); !ok || !errors.Is(err, errBoom) || len(missed.Culprits) != 1 {
			t.Errorf("got %v", err)
		}
		if err := running.Wait(); !errors.Is(err, errBoom) {
			t.Errorf("Wait: %v", err)
		}
	})
}

func TestStop_duringDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, r := audited(t)
		running := counting().ForEach(func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}).Start(t.Context(), opt)
		time.Sleep(1500 * time.Millisecond)
		time.AfterFunc(time.Minute, func() { running.Stop(errBoom) })
		if err := running.Drain(t.Context()); err != errBoom || running.Wait() != errBoom {
			t.Errorf("Drain: %v, Wait: %v", err, running.Wait())
		}
		if diff := cmp.Diff([]flow.Undone{{Stage: "for-each", Items: 1}}, r.Drain.Undelivered); diff != "" {
			t.Errorf("undelivered (-want +got):\n%s", diff)
		}
	})
}

// TestDrain_missed looks who is named for what holds a drain up.
func TestDrain_missed(t *testing.T) {
	until := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	hold := func(ctx context.Context, v int) (int, error) { return v, until(ctx) }
	cases := map[string]struct {
		job         flow.Job
		name, state string
		holds       int64
		undelivered []flow.Undone
	}{
		"sink": {
			flow.Range(0, 4).Async(10).ForEach(func(ctx context.Context, _ int) error { return until(ctx) }).Named("culprit"),
			"culprit", "working", 1, []flow.Undone{{Stage: "culprit", Items: 1}, {Stage: "culprit", From: "range", Items: 3}},
		},
		"fused call": {
			flow.Range(0, 4).Call(hold).Named("culprit").Discard(),
			"culprit", "working", 1, []flow.Undone{{Stage: "culprit", Items: 1}},
		},
		"worker": {
			flow.Range(0, 4).AsyncMap(2, hold).Named("culprit").Discard(),
			"culprit", "working", 4, []flow.Undone{{Stage: "culprit", Items: 4}},
		},
		"one worker of many": {
			flow.Range(0, 1).AsyncMap(8, hold).Named("culprit").Discard(),
			"culprit", "working", 1, []flow.Undone{{Stage: "culprit", Items: 1}},
		},
		"source": {
			flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
				<-ctx.Done()
				for emit(1) == nil {
					time.Sleep(time.Second)
				}
				return nil
			}).Named("culprit").Discard(),
			"culprit", "working", 0, []flow.Undone{},
		},
		"retries": {
			flow.Range(0, 4).TryMap(func(int) (int, error) { return 0, errBoom }).OnError(flow.Retry(2, flow.Constant(time.Hour))).Named("culprit").Discard(),
			"culprit", "waiting for time", 1, []flow.Undone{{Stage: "culprit", Items: 1}},
		},
		"throttle": {
			flow.Range(0, 4).Throttle(0.001).Named("culprit").Discard(),
			"culprit", "waiting for time", 0, []flow.Undone{{Stage: "culprit", Items: 1}},
		},
		"inside": {
			flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 4).Async(2).Call(hold).Named("culprit") }).Named("r").Discard(),
			"r/culprit", "working", 1, nil,
		},
		"below what is inside": {
			flow.Restart(flow.RestartPolicy{}, func() flow.Flow[int] { return flow.Range(0, 1) }).Call(hold).Named("culprit").Discard(),
			"culprit", "working", 1, nil,
		},
		"end": {
			flow.Range(0, 4).Then(ops.Gather(ops.NewGatherer(func() int { return 0 },
				func(*int, int, func(int) error) error { return nil },
				func(_ *int, emit func(int) error) error { time.Sleep(61500 * time.Millisecond); return emit(1) }))).Named("culprit").Discard(),
			"culprit", "working", 0, []flow.Undone{},
		},
		"foreign, with an item": {
			flow.Range(0, 4).Then(stuckForeign(1)).Named("culprit").Discard(), "culprit", "working", 0, nil,
		},
		"foreign, at its end": {
			flow.Range(0, 4).Then(stuckForeign(5)).Named("culprit").Discard(), "culprit", "working", 0, nil,
		},
		"below a foreign": {
			flow.Range(0, 4).Then(stuckForeign(0)).Call(hold).Named("culprit").Discard(), "culprit", "working", 1, nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, r := audited(t)
				running := c.job.Start(t.Context(), opt, quiet)
				time.Sleep(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := running.Drain(ctx)
				wait := running.Wait()
				missed, ok := errors.AsType[*flow.DrainError](wait)
				if !ok || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(wait, context.DeadlineExceeded) {
					t.Fatalf("Drain: %v, Wait: %v", err, wait)
				}
				if len(missed.Culprits) != 1 {
					t.Fatalf("culprits: %+v", missed.Culprits)
				}
				culprit := missed.Culprits[0]
				if culprit.Name != c.name || culprit.State != c.state || culprit.Holds < c.holds {
					t.Errorf("culprit: %v, %v, with %d items", culprit, culprit.State, culprit.Holds)
				}
				if at := culprit.Stack; c.state == "working" && !strings.Contains(at, "flow_test.") {
					t.Errorf("the stack does not lead to the function:\n%s", at)
				}
				if diff := cmp.Diff(c.undelivered, missed.Undelivered); c.undelivered != nil && diff != "" && len(c.undelivered)+len(missed.Undelivered) > 0 {
					t.Errorf("undelivered (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(missed.Undelivered, r.Drain.Undelivered); diff != "" || r.Drain.Complete != (len(missed.Undelivered) == 0) {
					t.Errorf("the report says otherwise (-error +report):\n%s", diff)
				}
			})
		})
	}
}

// TestDrain_missedByASourceThatNobodyNeeds: the run comes to its own end then, and fails there.
func TestDrain_missedByASourceThatNobodyNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sinkPart{part{hook: func(method string) error {
			if method == "Close" {
				return errBoom
			}
			return nil
		}}}
		running := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
			err := emit(1)
			time.Sleep(time.Minute)
			return err
		}).Named("culprit").Async(2).Take(1).To(sink).Start(t.Context(), audit(t), flow.WithGrace(time.Hour), quiet)
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = running.Drain(ctx)
		err := running.Wait()
		missed, ok := errors.AsType[*flow.DrainError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errBoom) {
			t.Fatalf("Wait: %v, want what the sink failed with, and the end of the drain", err)
		}
		if len(missed.Culprits) != 1 || missed.Culprits[0].Name != "culprit" || len(missed.Undelivered) > 0 {
			t.Errorf("%+v", missed)
		}
	})
}

// stuckForeign passes items on until it has taken the nth one or, if there are fewer, its
// input ends. Then it sleeps.
func stuckForeign(nth int) ops.Processor[int, int] {
	return foreign(func(ctx context.Context, in <-chan int, out chan<- int) {
		n := 0
		for v := range in {
			if n++; n == nth {
				stick(ctx)
			}
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
		}
		if n < nth {
			stick(ctx)
		}
	})
}

func stick(ctx context.Context) {
	select {
	case <-time.After(time.Hour):
	case <-ctx.Done():
	}
}
