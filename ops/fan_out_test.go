package ops_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(named("FanOut", newSubject("fanout", 1, ints(6), referenceMap(same), oneOut[int]{ops.NewFanOut[int](1)}, nil, randomInts)))

func TestFanOutGivesAllToEach(t *testing.T) {
	for _, count := range []int{1, 2, 5} {
		for _, size := range []int{0, 1, 7} {
			t.Run(fmt.Sprintf("%d outputs of %d", count, size), func(t *testing.T) {
				in, _ := offer(t.Context(), ints(1000))
				outs := ops.NewFanOut[int](count).WithBufferSize(size).Process(t.Context(), in)
				if len(outs) != count {
					t.Fatalf("%d outputs, want %d", len(outs), count)
				}
				got := make([][]int, count)
				var readers sync.WaitGroup
				for i, out := range outs {
					readers.Go(func() { got[i] = collect(out) })
				}
				readers.Wait()
				for i := range got {
					if diff := cmp.Diff(ints(1000), got[i]); diff != "" {
						t.Errorf("output %d mismatch (-want +got):\n%s", i, diff)
					}
				}
			})
		}
	}
}

// The first output is not read until the others have had all they can: they are ahead by
// what a buffer holds and one more.
func TestFanOutIsHeldByTheSlowest(t *testing.T) {
	for _, size := range []int{0, 1, 3} {
		bubble(t, fmt.Sprint("buffers of ", size), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, taken := offer(ctx, ints(100))
			outs := ops.NewFanOut[int](3).WithBufferSize(size).Process(ctx, in)
			ahead := func() (n int) {
				for synctest.Wait(); ; synctest.Wait() {
					select {
					case <-outs[1]:
						n++
						<-outs[2]
					default:
						return n
					}
				}
			}
			if got := ahead(); got != size+1 {
				t.Errorf("the others had %d items before the first output was read, want %d", got, size+1)
			}
			if got := int(taken.Load()); got != size+1 {
				t.Errorf("%d items were read, want %d", got, size+1)
			}
			wantNext(t, outs[0])
			if got := ahead(); got != 1 {
				t.Errorf("the others had %d items more after one was read, want 1", got)
			}
			cancel()
			for _, out := range outs {
				collect(out)
			}
		})
	}
}

func TestFanOutOfNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan int)
		outs := ops.NewFanOut[int](0).Process(t.Context(), in)
		if outs == nil || len(outs) != 0 {
			t.Errorf("outputs %v, want an empty slice that is not nil", outs)
		}
		in <- 1
		in <- 2
		close(in)
	})
	bubble(t, "until its context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ops.NewFanOut[int](0).Process(ctx, make(chan int))
		cancel() // the bubble sees what is left
	})
}

func TestFanOutCancelWhileOneReaderIsLate(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			outs := ops.NewFanOut[int](2).Process(ctx, filled(1, 2, 3))
			wantNext(t, outs[1])
			synctest.Wait()
			cancel()
			wantClosed(t, outs[0])
			wantClosed(t, outs[1])
		})
	}
}

func TestFanOutMisuse(t *testing.T) {
	for want, p := range map[string]*ops.FanOut[int]{
		"streamz: fanout: count must not be negative, got -1":                           ops.NewFanOut[int](-1),
		"streamz: fanout: buffer size must be between 0 and 1<<30, got -2":              ops.NewFanOut[int](1).WithBufferSize(-2),
		"streamz: mine: count must not be negative, got -3":                             ops.NewFanOut[int](-3).WithName("mine").WithBufferSize(1),
		"streamz: processor: processor must be made by its constructor and have a name": new(ops.FanOut[int]),
	} {
		if got := fmt.Sprint(thrown(func() { p.Process(t.Context(), make(chan int)) })); got != want {
			t.Errorf("Process() panics with %q, want %q", got, want)
		}
	}
}
