package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("sliding-buffer", never, ints(6), referenceMap(same), ops.NewSlidingBuffer[int](spacious), nil, randomInts))

var _ = misused(
	newMisuse("sliding buffer of nothing", "sliding-buffer: size must be between 1 and 1<<30, got 0", ops.NewSlidingBuffer[int](0)),
	newMisuse("sliding buffer with a nil handler", "sliding-buffer: OnDrop must not be nil", ops.NewSlidingBuffer[int](1).OnDrop(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"sliding buffer", ops.NewSlidingBuffer[int](1 << 13), referenceMap(same), false}
})

func TestSlidingBufferModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		size := 1 + r.IntN(5)
		checkLossy(t, r, &lossyModel{size: size, slides: true}, func(onDrop func(int)) lossyBuffer {
			return ops.NewSlidingBuffer[int](size).OnDrop(onDrop)
		})
	})
}

// The first item is with the sink, the last three wait.
func TestSlidingBufferBooks(t *testing.T) {
	got := columnOf(t, runStuck(t, ops.NewSlidingBuffer[int](3)), "sliding-buffer")
	if diff := cmp.Diff(column{In: 10, Passed: 4, Dropped: 6, Queued: 3}, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

// Nothing is dropped, and nobody told, after the end of the context.
func TestSlidingBufferAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		b := ops.NewSlidingBuffer[int](2).OnDrop(func(int) { cancel(errCause) })
		var r flow.Report
		err := flow.Repeat(1).Then(b).ForEach(func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}).Run(ctx, flow.WithReport(&r))
		if !errors.Is(err, errCause) || !r.Balanced() || b.DroppedCount() != 1 {
			t.Errorf("Run() = %v, %d were dropped, want %v and 1:\n%v", err, b.DroppedCount(), errCause, r)
		}
	})
}

func TestSlidingBufferEndsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r flow.Report
		got, err := flow.Repeat(7).SlidingBuffer(2).Take(3).Collect(t.Context(), flow.WithReport(&r))
		if diff := cmp.Diff([]int{7, 7, 7}, got); diff != "" || err != nil || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
	})
}

func TestSlidingBufferRegressions(t *testing.T) {
	// A consumer that empties the queue between the look at it and the removal of the oldest
	// item must not make the producer wait: at full speed, on real processors.
	t.Run("sliding-buffer-stall", func(t *testing.T) {
		const items = 100_000
		for _, size := range []int{1, 2, 3} {
			in := make(chan int)
			go func() {
				defer close(in)
				for v := range items {
					in <- v
				}
			}()
			b := ops.NewSlidingBuffer[int](size)
			got := collect(b.Process(t.Context(), in))
			if n := len(got) + int(b.DroppedCount()); n != items || got[len(got)-1] != items-1 || !slices.IsSorted(got) {
				t.Errorf("size %d: %d of %d items received or dropped, the last received is %d", size, n, items, got[len(got)-1])
			}
		}
	})
	t.Run("sliding-buffer-zero", func(t *testing.T) {
		for _, size := range []int{0, -1} {
			got := thrown(func() { ops.NewSlidingBuffer[int](size).Process(context.Background(), make(chan int)) })
			want := fmt.Sprintf("streamz: sliding-buffer: size must be between 1 and 1<<30, got %d", size)
			if diff := cmp.Diff(want, fmt.Sprint(got)); diff != "" {
				t.Errorf("panic mismatch (-want +got):\n%s", diff)
			}
		}
	})
}
