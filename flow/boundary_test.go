package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

func TestAsync_changesNothingWhereverItStands(t *testing.T) {
	pairs := func(v int) iter.Seq[int] {
		return func(yield func(int) bool) { _ = yield(v) && yield(-v) }
	}
	chain := func(mask int) flow.Flow[[]int] {
		async := func(f flow.Flow[int], place int) flow.Flow[int] {
			if mask&(1<<place) != 0 {
				return f.Async(2)
			}
			return f
		}
		f := async(flow.Range(0, 300), 0)
		f = async(f.Map(double), 1)
		f = async(f.Filter(func(v int) bool { return v%3 != 0 }), 2)
		f = async(f.FlatMap(pairs), 3)
		f = async(f.Scan(0, func(sum, v int) int { return 3*sum/2 + v }), 4)
		f = async(f.Skip(7), 5)
		f = async(f.Take(250), 6)
		return f.Batch(9, time.Hour)
	}
	want, err := chain(0).Collect(t.Context(), audit(t))
	if err != nil || len(want) == 0 {
		t.Fatalf("Collect() = %v, %v", want, err)
	}
	for mask := range 1 << 7 {
		got, err := chain(mask).Collect(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("boundaries %07b: Collect() mismatch (-want +got):\n%s", mask, diff)
		}
	}
}

func TestAsync_runsSegmentsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sleep := func(v int) iter.Seq[int] { time.Sleep(time.Second); return one(v) }
		start := time.Now()
		if err := flow.Range(0, 10).FlatMap(sleep).Async(1).FlatMap(sleep).Run(t.Context(), audit(t)); err != nil {
			t.Fatal(err)
		}
		if want, got := 11*time.Second, time.Since(start); got != want {
			t.Errorf("ten items took %v in two segments, want %v", got, want)
		}
	})
}

func TestAsync_boundsHowFarTheSourceRunsAhead(t *testing.T) {
	for _, buffer := range []int{1, 2, 3, 4, 5, 64, 100} {
		t.Run(fmt.Sprint(buffer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				size := int64(buffer)
				var given atomic.Int64
				source := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
					for {
						given.Add(1)
						if err := emit(1); err != nil {
							return err
						}
					}
				})
				stuck := make(chan struct{})
				result := make(chan error, 1)
				taken := 0
				go func() {
					result <- source.Async(buffer).ForEach(func(context.Context, int) error {
						taken++
						<-stuck
						if taken == 1000 {
							return flow.ErrStop
						}
						return nil
					}).Run(t.Context(), audit(t))
				}()
				synctest.Wait()
				// One is at the sink, one in the hands of the source.
				if got := given.Load(); got != size+2 {
					t.Errorf("the source gave %d items to a stuck sink, want %d", got, size+2)
				}
				for range 99 {
					stuck <- struct{}{}
				}
				synctest.Wait()
				// The sink is at its hundredth item.
				if got := given.Load(); got != 100+size+1 {
					t.Errorf("the source gave %d items to a sink at its 100th, want %d", got, 100+size+1)
				}
				close(stuck)
				if err := <-result; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A consumer that waits for room below keeps no room above: all queues fill up.
func TestAsync_boundariesInARowAreAllFull(t *testing.T) {
	// Five wait in the first queue, one is in hand on either side of it, and one is with the
	// sink.
	const above = 8
	source := func(given *atomic.Int64) flow.Flow[int] {
		return flow.Repeat(1).Tap(func(int) { given.Add(1) }).Async(5)
	}
	for name, tt := range map[string]struct {
		wait   func(flow.Flow[int]) flow.Flow[int]
		behind int64 // items between
	}{
		"a boundary":          {func(f flow.Flow[int]) flow.Flow[int] { return f.Map(identity).Async(2) }, 2},
		"a foreign processor": {func(f flow.Flow[int]) flow.Flow[int] { return f.Then(ops.ProcessorFunc[int, int](relay)) }, 1},
	} {
		t.Run("before "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				var given atomic.Int64
				result := make(chan error, 1)
				go func() {
					result <- tt.wait(source(&given)).ForEach(func(ctx context.Context, _ int) error {
						<-ctx.Done()
						return ctx.Err()
					}).Run(ctx, audit(t))
				}()
				synctest.Wait()
				if got := given.Load(); got != above+tt.behind {
					t.Errorf("the source gave %d items to a stuck sink, want %d", got, above+tt.behind)
				}
				cancel()
				<-result
			})
		})
	}
}

func TestBackpressure_withoutABoundaryIsOneItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int)
		var sent atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for i := 0; ; i++ {
				select {
				case ch <- i:
					sent.Add(1)
				case <-ctx.Done():
					return
				}
			}
		}()
		stuck := make(chan struct{})
		result := make(chan error, 1)
		go func() {
			result <- flow.FromChan(ch).Map(identity).ForEach(func(context.Context, int) error {
				<-stuck
				return flow.ErrStop
			}).Run(ctx, audit(t))
		}()
		synctest.Wait()
		if got := sent.Load(); got != 1 {
			t.Errorf("the flow received %d items, want 1", got)
		}
		close(stuck)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestBackpressure_ofSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given atomic.Int64
		source := flow.FromSignals(signals(func(ctx context.Context, out flow.Emitter[int]) error {
			if err := out.Emit(1); err != nil {
				return err
			}
			for range 100_000 {
				given.Add(1)
				if err := out.Barrier(ignore); err != nil {
					return err
				}
			}
			return nil
		}))
		stuck := make(chan struct{})
		result := make(chan error, 1)
		go func() {
			result <- source.Async(1).ForEach(func(context.Context, int) error {
				<-stuck
				return nil
			}).Run(t.Context(), audit(t))
		}()
		synctest.Wait()
		if got := given.Load(); got > 1000 {
			t.Errorf("the source sent %d barriers to a stuck sink", got)
		}
		close(stuck)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// holding is a gatherer that holds its items until it is flushed or the stream ends.
type holding struct{ held []int }

func (holding) Start(context.Context) (ops.Pusher[int, int], error) { return &holding{}, nil }
func (h *holding) Push(_ context.Context, v int, _ func(int) error) error {
	h.held = append(h.held, v)
	return nil
}
func (h *holding) End(ctx context.Context, emit func(int) error) error { return h.Flush(ctx, emit) }
func (h *holding) Flush(_ context.Context, emit func(int) error) error {
	for _, v := range h.held {
		if err := emit(v); err != nil {
			return err
		}
	}
	h.held = nil
	return nil
}

// cutting gives 1, 2, |, 3, |, |, 4 where each | is a barrier that is noted when it is
// complete, with watermarks between.
func cutting(book *journal) flow.Flow[int] {
	return flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
		barriers := 0
		barrier := func() error {
			barriers++
			n := barriers
			return out.Barrier(func(err error) { book.note("barrier %d: %v", n, err) })
		}
		mark := func() error { return out.Watermark(time.Unix(int64(barriers), 0)) }
		item := func(v int) func() error { return func() error { return out.Emit(v) } }
		for _, step := range []func() error{item(1), mark, item(2), barrier, mark, item(3), mark, barrier, mark, barrier, item(4)} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}))
}

// noting is a sink that notes all that is done with it.
type noting struct{ book *journal }

func (s noting) Put(_ context.Context, v int) error { s.book.note("%d", v); return nil }
func (s noting) Flush(context.Context) error        { s.book.note("flush"); return nil }

func TestSignals_keepTheirPlaceAmongTheItems(t *testing.T) {
	unbatched := func(n int, wait time.Duration) func(flow.Flow[int]) flow.Flow[int] {
		return func(f flow.Flow[int]) flow.Flow[int] { return flow.Unbatch(f.Batch(n, wait)) }
	}
	chains := map[string]func(flow.Flow[int]) flow.Flow[int]{
		"nothing": func(f flow.Flow[int]) flow.Flow[int] { return f },
		"fused stages": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Map(identity).Filter(nonzero).Tap(func(int) {}).FlatMap(one)
		},
		"a boundary":     func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1) },
		"two boundaries": func(f flow.Flow[int]) flow.Flow[int] { return f.Async(4).Map(identity).Async(1) },
		"a Batch":        unbatched(100, 0),
		"a timed Batch":  unbatched(100, time.Hour),
		"a small Batch":  unbatched(2, 0),
		"a Flusher":      func(f flow.Flow[int]) flow.Flow[int] { return f.Gather(holding{}) },
		"all of it": func(f flow.Flow[int]) flow.Flow[int] {
			return unbatched(3, time.Hour)(f.Async(1).Gather(holding{})).Async(1)
		},
		"a Concat":   func(f flow.Flow[int]) flow.Flow[int] { return flow.Concat(f, flow.Empty[int]()) },
		"a sub-flow": func(f flow.Flow[int]) flow.Flow[int] { return f.Then(flow.Pipe(mapping)) },
	}
	for name, chain := range chains {
		t.Run(name, func(t *testing.T) {
			book := &journal{}
			if err := chain(cutting(book)).To(noting{book}).Run(t.Context(), audit(t)); err != nil {
				t.Fatal(err)
			}
			want := "1, 2, flush, barrier 1: <nil>, 3, flush, barrier 2: <nil>, flush, barrier 3: <nil>, 4, flush"
			if got := book.String(); got != want {
				t.Errorf("order mismatch\nwant %s\ngot  %s", want, got)
			}
		})
	}
}

func TestBarrier_isToldOnceHoweverTheRunEnds(t *testing.T) {
	relays := ops.ProcessorFunc[int, int](relay)
	fails := func(n int) func(int) (int, error) { return failsOn(n) }
	tests := map[string]struct {
		f    func(flow.Flow[int]) flow.Flow[int]
		want map[string]string // of a barrier; others may be told or not sent at all
	}{
		"by a failure":            {func(f flow.Flow[int]) flow.Flow[int] { return f.TryMap(fails(3)) }, map[string]string{"1": "<nil>"}},
		"by a failure at once":    {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(64).TryMap(fails(1)) }, nil},
		"by a failure at the end": {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(64).TryMap(fails(4)) }, map[string]string{"1": "<nil>", "2": "<nil>", "3": "<nil>"}},
		"by a Take":               {func(f flow.Flow[int]) flow.Flow[int] { return f.Take(3) }, map[string]string{"1": "<nil>"}},
		"by a Take below":         {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(64).Take(3) }, map[string]string{"1": "<nil>"}},
		"by a foreign processor":  {func(f flow.Flow[int]) flow.Flow[int] { return f.Then(relays) }, map[string]string{"1": flow.ErrStop.Error(), "2": flow.ErrStop.Error(), "3": flow.ErrStop.Error()}},
		"by the end":              {func(f flow.Flow[int]) flow.Flow[int] { return f }, map[string]string{"1": "<nil>", "2": "<nil>", "3": "<nil>"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			book := &journal{}
			_ = tt.f(cutting(book)).Run(t.Context(), audit(t))
			got := map[string]string{}
			for _, line := range book.all() {
				n, outcome, _ := strings.Cut(strings.TrimPrefix(line, "barrier "), ": ")
				if before, twice := got[n]; twice {
					t.Errorf("barrier %s was told %q and %q", n, before, outcome)
				}
				got[n] = outcome
			}
			for n, want := range tt.want {
				if got[n] != want {
					t.Errorf("barrier %s was told %q, want %q", n, got[n], want)
				}
			}
		})
	}
}

func TestBarrier_isToldWhatEndedTheRun(t *testing.T) {
	var got []error
	sent := make(chan struct{})
	source := flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
		defer close(sent)
		if err := out.Emit(1); err != nil {
			return err
		}
		return out.Barrier(func(err error) { got = append(got, err) })
	}))
	err := source.Async(2).ForEach(func(context.Context, int) error { <-sent; return errPlanted }).Run(t.Context(), audit(t))
	if len(got) != 1 || got[0] == nil || !errors.Is(got[0], errPlanted) {
		t.Errorf("the barrier was told %v, want once %v", got, err)
	}
}

func TestBarrier_failsWithTheFlushOfTheSink(t *testing.T) {
	var got []error
	hook := func(method string) error {
		if method == "Flush" {
			return errPlanted
		}
		return nil
	}
	err := barriered(func(err error) { got = append(got, err) }).To(&sinkPart{part{hook: hook}}).Run(t.Context(), audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("Run() = %v, want %v", err, errPlanted)
	}
	if len(got) != 1 || !errors.Is(got[0], errPlanted) {
		t.Errorf("the barrier was told %v, want once the error of the flush", got)
	}
}

// emitted notes when batches arrive, in seconds, and how large they are.
func emitted(start time.Time, got *[]string, busy time.Duration) func(context.Context, []int) error {
	return func(_ context.Context, batch []int) error {
		*got = append(*got, fmt.Sprintf("%d at %v", len(batch), time.Since(start)))
		time.Sleep(busy)
		return nil
	}
}

// paced gives an item at each of the seconds after the start.
func paced(seconds ...int) func(context.Context, func(int) error) error {
	return func(_ context.Context, emit func(int) error) error {
		start := time.Now()
		for i, s := range seconds {
			time.Sleep(time.Until(start.Add(time.Duration(s) * time.Second)))
			if err := emit(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestBatch_behindASlowSource(t *testing.T) {
	sources := map[string]func() flow.Flow[int]{
		"a function": func() flow.Flow[int] { return flow.FromFunc(paced(0, 1, 5, 6, 7, 20)) },
		"a channel": func() flow.Flow[int] {
			ch := make(chan int)
			go func() {
				defer close(ch)
				_ = paced(0, 1, 5, 6, 7, 20)(context.Background(), func(v int) error { ch <- v; return nil })
			}()
			return flow.FromChan(ch)
		},
		"a boundary": func() flow.Flow[int] { return flow.FromFunc(paced(0, 1, 5, 6, 7, 20)).Async(1) },
		"a FlatMap":  func() flow.Flow[int] { return flow.FromFunc(paced(0, 1, 5, 6, 7, 20)).FlatMap(one) },
		"a foreign processor": func() flow.Flow[int] {
			return flow.FromFunc(paced(0, 1, 5, 6, 7, 20)).Then(ops.ProcessorFunc[int, int](relay))
		},
		"a Concat": func() flow.Flow[int] { return flow.Concat(flow.FromFunc(paced(0, 1, 5, 6, 7, 20)), flow.Empty[int]()) },
		"a sub-flow": func() flow.Flow[int] {
			return flow.FromFunc(paced(0, 1, 5, 6, 7, 20)).Then(flow.Pipe(mapping))
		},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				err := source().Batch(3, 3*time.Second).ForEach(emitted(time.Now(), &got, 0)).Run(t.Context(), audit(t))
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"2 at 3s", "3 at 7s", "1 at 20s"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("batches mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestBatch_inFrontOfASlowSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		err := flow.FromFunc(paced(0, 1, 2, 3, 4, 5, 6, 7, 8)).
			Batch(100, 1400*time.Millisecond).
			ForEach(emitted(time.Now(), &got, 5*time.Second)).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		// While the sink has the first, the second waits in the queue behind the Batch,
		// formed in time, and the third holds the Batch up.
		want := []string{"2 at 1.4s", "2 at 6.4s", "2 at 11.4s", "2 at 16.4s", "1 at 21.4s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batches mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestBatch_isEmittedInTimeWhileTheSinkIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var formed []string
		batches := flow.FromFunc(paced(0, 10)).Batch(100, time.Second).
			Map(func(batch []int) []int { formed = append(formed, fmt.Sprint(time.Since(start))); return batch }).Async(4)
		err := batches.ForEach(func(context.Context, []int) error { time.Sleep(time.Minute); return nil }).Run(t.Context(), audit(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1s", "10s"}, formed); diff != "" {
			t.Errorf("batches formed mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestBatch_onAFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		ch := make(chan int)
		batches := make(chan []int, 4)
		done := make(chan error, 1)
		go func() {
			done <- flow.FromChan(ch).Batch(10, time.Second).ForEach(func(_ context.Context, b []int) error {
				batches <- b
				return nil
			}).Run(t.Context(), audit(t), flow.WithClock(fake))
		}()
		ch <- 1
		synctest.Wait()
		fake.Advance(time.Second - 1)
		synctest.Wait()
		if len(batches) != 0 {
			t.Errorf("the batch came too early")
		}
		fake.Advance(1)
		synctest.Wait()
		if len(batches) != 1 {
			t.Errorf("the batch did not come")
		}
		close(ch)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestBarrier_withoutDone(t *testing.T) {
	for name, f := range map[string]flow.Flow[int]{
		"that arrives":       barriered(nil),
		"that never arrives": barriered(nil).Then(ops.ProcessorFunc[int, int](relay)),
	} {
		if n, err := f.Count(t.Context(), audit(t)); n != 2 || err != nil {
			t.Errorf("%s: Count() = %d, %v, want 2", name, n, err)
		}
	}
}

func TestBarrier_everyDoneIsCalledAlsoIfOneOfThemFails(t *testing.T) {
	for name, fail := range map[string]func(){"a panic": boom, "a Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			told := 0
			opt, r := audited(t)
			onItsOwn(func() {
				_ = flow.FromSignals(signals(func(_ context.Context, out flow.Emitter[int]) error {
					for range 3 {
						_ = out.Barrier(func(error) { told++; fail() })
					}
					return nil
				})).Then(ops.ProcessorFunc[int, int](relay)).Run(t.Context(), opt)
			})
			if told != 3 {
				t.Errorf("%d of 3 were told", told)
			}
			_ = stageError(t, r.Cause)
		})
	}
}
