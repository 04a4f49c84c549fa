package ops_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("buffer", 1, ints(6), referenceMap(same), ops.NewBuffer[int](0), nil, randomInts),
	newSubject("buffer", 3, ints(6), referenceMap(same), ops.NewBuffer[int](3), nil, randomInts),
)

var _ = misused(
	newMisuse("negative buffer", "buffer: size must be between 0 and 1<<30, got -1", ops.NewBuffer[int](-1)),
	newMisuse("too large a buffer", "buffer: size must be between 0 and 1<<30, got 1073741825", ops.NewBuffer[int](1<<30+1)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("buffer ", n), ops.NewBuffer[int](n), referenceMap(same), false}
})

func TestBufferHoldsItsSizeAndOneMore(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 5, 64, 100} {
		bubble(t, fmt.Sprint("size ", size), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			in, taken := offer(ctx, ints(300))
			out := ops.NewBuffer[int](size).Process(ctx, in)
			for read := range 3 {
				synctest.Wait()
				if got := int(taken.Load()) - read; got != size+1 {
					t.Fatalf("it holds %d items after %d were read, want %d", got, read, size+1)
				}
				wantNext(t, out)
			}
		})
	}
}

func TestBufferStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := ops.NewBuffer[int](3)
		stats := func(when string, want ops.BufferStats) {
			t.Helper()
			synctest.Wait()
			if got := b.Stats(); got != want {
				t.Errorf("Stats() %s = %+v, want %+v", when, got, want)
			}
		}
		stats("before a run", ops.BufferStats{0, 3})
		first := b.Process(ctx, filled(1, 2, 3))
		stats("of one in hand and two that wait", ops.BufferStats{2, 3})
		second := b.Process(ctx, filled(1, 2, 3, 4, 5, 6))
		stats("of two runs", ops.BufferStats{5, 6})
		if got, want := b.WithName("other").Stats(), (ops.BufferStats{0, 3}); got != want {
			t.Errorf("Stats() of a copy = %+v, want %+v", got, want)
		}
		wantNext(t, first)
		stats("after one was read", ops.BufferStats{4, 6})
		cancel()
		wantClosed(t, first)
		wantClosed(t, second)
		stats("after the runs", ops.BufferStats{0, 3})
		if got := new(ops.Buffer[int]).Stats(); got != (ops.BufferStats{}) {
			t.Errorf("Stats() of the zero Buffer = %+v, want zeros", got)
		}
	})
}

// runStuck runs a flow of ten items, one a millisecond, through p into a sink that is stuck
// with the first until the run is cancelled after the last.
func runStuck(t *testing.T, p ops.Processor[int, int]) flow.Report {
	t.Helper()
	var r flow.Report
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stuck := make(chan struct{})
		done := make(chan error, 1)
		var in script[int]
		for _, v := range ints(10) {
			in = append(in, step[int]{ms, []int{v}})
		}
		job := in.source(virtualTime()).Then(p).ForEach(func(context.Context, int) error {
			<-stuck
			return errBoom
		})
		go func() { done <- job.Run(ctx, flow.WithReport(&r)) }()
		time.Sleep(time.Second)
		cancel()
		close(stuck)
		<-done
	})
	if !r.Balanced() {
		t.Errorf("the books do not balance:\n%v", r)
	}
	return r
}

// column is what the tests look at in the books of a buffer.
type column struct{ In, Passed, Dropped, Held, Queued int64 }

func columnOf(t *testing.T, r flow.Report, name string) (c column) {
	t.Helper()
	s, ok := r.Stage(name)
	if !ok {
		t.Fatalf("no stage %q in\n%v", name, r)
	}
	for _, e := range r.Edges {
		if e.From == name {
			c.Queued = e.Queued
		}
	}
	c.In, c.Passed, c.Dropped, c.Held = s.In, s.Passed, s.Dropped, s.Held
	return c
}

// The first item is with the sink, three wait, and the fifth found no room.
func TestBufferBooksWhatWaitsAsQueued(t *testing.T) {
	got := columnOf(t, runStuck(t, ops.NewBuffer[int](3)), "buffer")
	if diff := cmp.Diff(column{In: 5, Passed: 5, Queued: 4}, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

func TestBufferRunsBothSidesAtOnce(t *testing.T) {
	for size, want := range map[int]bool{0: false, 1: true} {
		var above, below string
		f := flow.Of(1).Tap(func(int) { above = goroutine() }).Buffer(size).Tap(func(int) { below = goroutine() })
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := above != below; got != want {
			t.Errorf("size %d: on two goroutines: %t, want %t", size, got, want)
		}
	}
}

// A name and a misuse that belong to the place in the flow are told once, and arrive at the
// stage that is inside.
func TestBuffersTakeTheirSiteFromTheFlow(t *testing.T) {
	for _, p := range []ops.Processor[int, int]{
		ops.NewBuffer[int](1), ops.NewDroppingBuffer[int](9), ops.NewSlidingBuffer[int](9),
	} {
		var r flow.Report
		if err := flow.Of(1).Then(p).Named("mine").Run(t.Context(), flow.WithReport(&r)); err != nil {
			t.Error(err)
		}
		if _, ok := r.Stage("mine"); !ok {
			t.Errorf("no stage has the name in\n%v", r)
		}
		err := flow.Of(1).Then(p).Named("").Run(t.Context())
		if want, got := 1, len(leaves(err)); got != want {
			t.Errorf("%d errors, want %d: %v", got, want, err)
		}
		err = flow.Of(1).Then(p).OnError(flow.Skip()).Run(t.Context())
		if want := p.Name() + ": OnError has no effect: the stage calls no function that could fail"; err == nil || place(t, err)+": "+want != err.Error() {
			t.Errorf("a policy gives %v, want %s", err, want)
		}
	}
}
