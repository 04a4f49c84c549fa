package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/internal/kernel"
)

// feed makes fn the source in front of down.
func feed(seg *kernel.Segment, down kernel.Port[int], fn func(ctx context.Context, out kernel.Outlet[int]) error) {
	kernel.Feed(seg, kernel.Site{}, kernel.Source[int]{Name: "source", Op: "Source", Stream: fn}, down)
}

// TestBoundary_keepsTheOrderOfItemsAndSignals sends a random mix, with random pauses on
// both sides, through rings of every small size.
func TestBoundary_keepsTheOrderOfItemsAndSignals(t *testing.T) {
	for size := 1; size <= 9; size++ {
		for seed := range uint64(20) {
			synctest.Test(t, func(t *testing.T) { mixThroughRing(t, size, seed) })
		}
	}
}

func mixThroughRing(t *testing.T, size int, seed uint64) {
	produce, consume := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	var want, got []string
	run := newRun(t.Context(), clock.Real())
	seg, down := slowSink(run,
		func(v int) error {
			pause(consume)
			got = append(got, fmt.Sprint(v))
			return nil
		},
		func(sig kernel.Signal) error {
			got = append(got, sig.Kind.String())
			return nil
		})
	seg, down = kernel.Boundary(seg, size, down)
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range 100 {
			pause(produce)
			if produce.IntN(5) == 0 {
				want = append(want, "barrier")
				if err := out.Barrier(func(error) {}); err != nil {
					return err
				}
			}
			want = append(want, fmt.Sprint(i))
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		return nil
	})
	execute(t, run, nil)
	if diff := cmp.Diff(append(want, "end"), got); diff != "" {
		t.Errorf("size %d, seed %d: order mismatch (-want +got):\n%s", size, seed, diff)
	}
}

func pause(r *rand.Rand) {
	if r.IntN(3) == 0 {
		time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
	}
}

// stuckBoundary runs a source in front of a boundary whose consumer is stuck with the
// first item until release. It returns when the source can do no more.
func stuckBoundary(t *testing.T, size int, signal func(kernel.Signal) error, source func(context.Context, kernel.Outlet[int]) error) (release func()) {
	t.Helper()
	stuck, done := make(chan struct{}), make(chan struct{})
	run := newRun(t.Context(), clock.Real())
	seg, down := slowSink(run, func(int) error { <-stuck; return nil }, signal)
	seg, down = kernel.Boundary(seg, size, down)
	feed(seg, down, source)
	go func() {
		defer close(done)
		execute(t, run, nil)
	}()
	synctest.Wait()
	return func() {
		close(stuck)
		<-done
	}
}

func TestBoundary_holdsNoMoreThanItsSize(t *testing.T) {
	for _, size := range []int{1, 2, 3, 4, 5, 64, 100, 128} {
		synctest.Test(t, func(t *testing.T) {
			accepted := 0
			release := stuckBoundary(t, size, ignore, func(_ context.Context, out kernel.Outlet[int]) error {
				for range 10 * size {
					if err := out.Emit(0); err != nil {
						return err
					}
					accepted++
				}
				return nil
			})
			if accepted != size+1 {
				t.Errorf("a ring of %d took %d items while its consumer had the first of them", size, accepted)
			}
			release()
		})
	}
}

// TestBoundary_boundsItsSignals: barriers must not pile up either.
func TestBoundary_boundsItsSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, arrived := 0, 0
		release := stuckBoundary(t, 1, ignore, func(_ context.Context, out kernel.Outlet[int]) error {
			if err := out.Emit(0); err != nil {
				return err
			}
			for range 1000 {
				if err := out.Barrier(func(err error) {
					if err == nil {
						arrived++
					}
				}); err != nil {
					return err
				}
				sent++
			}
			return nil
		})
		if sent > 100 {
			t.Errorf("%d barriers wait in a ring of one item", sent)
		}
		release()
		if arrived != 1000 {
			t.Errorf("%d of 1000 barriers arrived", arrived)
		}
	})
}

// TestBoundary_watermarksMerge: of watermarks in one place the latest is enough, also if a source
// goes back, and whether the stream is idle by now.
func TestBoundary_watermarksMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int64
		idle := uint16(0)
		note := func(sig kernel.Signal) error {
			if sig.Kind == kernel.Watermark {
				got, idle = append(got, sig.Time.Unix()), sig.Idle
			}
			return nil
		}
		release := stuckBoundary(t, 1, note, func(_ context.Context, out kernel.Outlet[int]) error {
			if err := out.Emit(0); err != nil {
				return err
			}
			for i := range int64(1000) {
				if err := out.Watermark(kernel.Signal{Kind: kernel.Watermark, Time: time.Unix(i*7%1000, 0)}); err != nil {
					return err
				}
			}
			return out.Watermark(kernel.Signal{Kind: kernel.Watermark, Idle: 1})
		})
		release()
		if diff := cmp.Diff([]int64{999}, got); diff != "" || idle != 1 {
			t.Errorf("idle %d, watermarks mismatch (-want +got):\n%s", idle, diff)
		}
	})
}

// TestBoundary_endsOfEitherSide: whichever side ends, and how, both end and the books
// balance.
func TestBoundary_endsOfEitherSide(t *testing.T) {
	errEnd := errors.New("ended")
	for _, c := range []struct {
		name             string
		source, consumer error // what they return at their 50th item
		want             error
	}{
		{"source ends", nil, nil, nil},
		{"source fails", errEnd, nil, errEnd},
		{"consumer has enough", nil, kernel.ErrStop, nil},
		{"both", errEnd, kernel.ErrStop, nil},
	} {
		for _, size := range []int{1, 16, 128} {
			t.Run(fmt.Sprintf("%s, size %d", c.name, size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					run := newRun(t.Context(), clock.Real())
					n := 0
					seg, down := sink(run, func(int) error {
						if n++; n == 50 {
							return c.consumer
						}
						return nil
					}, ignore)
					seg, down = kernel.Boundary(seg, size, down)
					feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
						for i := range 500 {
							if i == 400 {
								return c.source
							}
							if err := out.Emit(i); err != nil {
								return err
							}
						}
						return nil
					})
					if c.name == "both" { // either may come first
						_ = run.Execute()
						if where := run.Imbalance(); where != "" {
							t.Errorf("the books of %s do not balance", where)
						}
						return
					}
					execute(t, run, c.want)
				})
			})
		}
	}
}

// TestBoundary_underRealScheduling runs the ring at full speed on real processors,
// where the race detector and the scheduler see what a bubble hides.
func TestBoundary_underRealScheduling(t *testing.T) {
	const items = 100_000
	for _, size := range []int{1, 2, 64, 1024} {
		run := newRun(t.Context(), clock.Real())
		next := 0
		seg, down := sink(run, func(v int) error {
			if v != next {
				t.Fatalf("size %d: got item %d, want %d", size, v, next)
			}
			next++
			return nil
		}, ignore)
		seg, down = kernel.Boundary(seg, size, down)
		seg, down = kernel.Boundary(seg, size, down)
		feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
			for i := range items {
				if err := out.Emit(i); err != nil {
					return err
				}
			}
			return nil
		})
		execute(t, run, nil)
		if next != items {
			t.Errorf("size %d: %d of %d items came through", size, next, items)
		}
	}
}

// TestBoundary_signalsKeepTheirPlaceUnderRealScheduling: a signal must not come behind the
// item that was sent after it, however the two sides interleave.
func TestBoundary_signalsKeepTheirPlaceUnderRealScheduling(t *testing.T) {
	const items = 100_000
	run := newRun(t.Context(), clock.Real())
	next := 0
	check := func(kind string, n int) {
		if n != next {
			t.Fatalf("%s %d came when %d was due", kind, n, next)
		}
	}
	seg, down := sink(run,
		func(v int) error {
			check("item", v)
			next++
			return nil
		},
		func(sig kernel.Signal) error {
			if sig.Kind == kernel.Barrier {
				check("barrier", int(sig.ID))
			}
			return nil
		})
	seg, down = kernel.Boundary(seg, 4, down)
	feed(seg, down, func(_ context.Context, out kernel.Outlet[int]) error {
		for i := range items {
			if i > 0 { // barriers are numbered from 1
				if err := out.Barrier(nil); err != nil {
					return err
				}
			}
			if err := out.Emit(i); err != nil {
				return err
			}
		}
		return nil
	})
	execute(t, run, nil)
}
