package ops_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("dropping-buffer", never, ints(6), referenceMap(same), ops.NewDroppingBuffer[int](spacious), nil, randomInts))

var _ = misused(
	newMisuse("negative dropping buffer", "dropping-buffer: size must be between 0 and 1<<30, got -1", ops.NewDroppingBuffer[int](-1)),
	newMisuse("dropping buffer with a nil handler", "dropping-buffer: OnDrop must not be nil", ops.NewDroppingBuffer[int](1).OnDrop(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"dropping buffer", ops.NewDroppingBuffer[int](1 << 13), referenceMap(same), false}
})

// lossyModel is a buffer that loses items, as slow and simple as can be: what it has
// given to its receiver, or would if there was one, is in hand.
type lossyModel struct {
	size    int
	slides  bool
	hand    []int // one item at most, none at size 0
	queue   []int
	dropped []int
}

func (m *lossyModel) send(v int) {
	switch {
	case m.size > 0 && len(m.hand) == 0:
		m.hand = []int{v}
	case len(m.queue) < m.size:
		m.queue = append(m.queue, v)
	case m.slides:
		m.dropped = append(m.dropped, m.queue[0])
		m.queue = append(m.queue[1:], v)
	default:
		m.dropped = append(m.dropped, v)
	}
}

// receive takes the item in hand, if there is one.
func (m *lossyModel) receive() (got []int) {
	got, m.hand = m.hand, nil
	if len(m.queue) > 0 {
		m.hand, m.queue = m.queue[:1:1], m.queue[1:]
	}
	return got
}

// lossyBuffer is what the two buffers that lose items have.
type lossyBuffer interface {
	ops.Processor[int, int]
	DroppedCount() int64
}

// checkLossy holds a buffer over channels to its model, step by step, with a reader that
// comes and goes as chance wants.
func checkLossy(t *testing.T, r *rand.Rand, m *lossyModel, build func(onDrop func(int)) lossyBuffer) {
	var dropped []int
	b := build(func(v int) { dropped = append(dropped, v) })
	in := make(chan int)
	out := b.Process(t.Context(), in)
	receive := func() (got []int) {
		select {
		case v := <-out:
			got = []int{v}
		default:
		}
		return got
	}
	for v := range 60 {
		synctest.Wait()
		if r.IntN(5) < 3 {
			in <- v
			m.send(v)
			continue
		}
		if diff := cmp.Diff(m.receive(), receive()); diff != "" {
			t.Fatalf("size %d, item before step %d mismatch (-want +got):\n%s", m.size, v, diff)
		}
	}
	synctest.Wait()
	close(in)
	if diff := cmp.Diff(orNil(append(m.hand, m.queue...)), collect(out)); diff != "" {
		t.Errorf("size %d, rest mismatch (-want +got):\n%s", m.size, diff)
	}
	if diff := cmp.Diff(m.dropped, dropped); diff != "" {
		t.Errorf("size %d, dropped items mismatch (-want +got):\n%s", m.size, diff)
	}
	if want, got := int64(len(m.dropped)), b.DroppedCount(); got != want {
		t.Errorf("DroppedCount() = %d, want %d", got, want)
	}
}

func TestDroppingBufferModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		size := r.IntN(5)
		checkLossy(t, r, &lossyModel{size: size}, func(onDrop func(int)) lossyBuffer {
			return ops.NewDroppingBuffer[int](size).OnDrop(onDrop)
		})
	})
}

func TestDroppingBufferOfNoSize(t *testing.T) {
	bubble(t, "over channels an item passes if the receiver waits", func(t *testing.T) {
		in := make(chan int)
		b := ops.NewDroppingBuffer[int](0)
		out := b.Process(t.Context(), in)
		in <- 1 // nobody waits
		synctest.Wait()
		got := make(chan int)
		go func() { got <- <-out }()
		synctest.Wait()
		in <- 2
		if v := <-got; v != 2 {
			t.Errorf("got %d, want 2", v)
		}
		in <- 3 // nobody waits
		synctest.Wait()
		close(in)
		wantClosed(t, out)
		if n := b.DroppedCount(); n != 2 {
			t.Errorf("%d items were dropped, want 2", n)
		}
	})
	bubble(t, "in a flow an item passes if the stage below waits", func(t *testing.T) {
		in, stuck := make(chan int), make(chan struct{})
		var got []int
		done := make(chan error, 1)
		var r flow.Report
		job := flow.FromChan(in).DroppingBuffer(0).ForEach(func(_ context.Context, v int) error {
			got = append(got, v)
			<-stuck
			return nil
		})
		go func() { done <- job.Run(t.Context(), flow.WithReport(&r)) }()
		for v := range 3 {
			synctest.Wait()
			in <- v
		}
		synctest.Wait()
		stuck <- struct{}{}
		synctest.Wait()
		in <- 3
		synctest.Wait()
		close(stuck)
		close(in)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{0, 3}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(column{In: 4, Passed: 2, Dropped: 2}, columnOf(t, r, "dropping-buffer")); diff != "" || !r.Balanced() {
			t.Errorf("books mismatch (-want +got):\n%s\n%v", diff, r)
		}
	})
}

// Four of ten items stay: the one with the sink and three that wait.
func TestDroppingBufferBooks(t *testing.T) {
	got := columnOf(t, runStuck(t, ops.NewDroppingBuffer[int](3)), "dropping-buffer")
	if diff := cmp.Diff(column{In: 10, Passed: 4, Dropped: 6, Queued: 3}, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}

// Nobody is told of drops after the end of the context, which may be the reason for them.
func TestDroppingBufferAfterTheEnd(t *testing.T) {
	for _, size := range []int{0, 2} {
		bubble(t, fmt.Sprint("size ", size), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			b := ops.NewDroppingBuffer[int](size).OnDrop(func(int) { cancel(errCause) })
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
}

// dropHandlers builds both buffers that lose items so that the second of ints(2) or more
// makes OnDrop be called, whoever reads.
func dropHandlers(onDrop func(int)) map[string]ops.Processor[int, int] {
	return map[string]ops.Processor[int, int]{
		"dropping-buffer": ops.NewDroppingBuffer[int](1).OnDrop(onDrop),
		"sliding-buffer":  ops.NewSlidingBuffer[int](1).OnDrop(onDrop),
	}
}

func TestOnDropPanics(t *testing.T) {
	for name, p := range dropHandlers(func(int) { deliberatePanic() }) {
		bubble(t, name+" over channels", func(t *testing.T) {
			sup := new(listener)
			in := filled(ints(9)...)
			collect(p.Process(ops.WithSupervisor(t.Context(), sup), in))
			failures := sup.failures()
			if len(failures) != 1 {
				t.Fatalf("Failed() was told %v, want one error", failures)
			}
			if e, ok := errors.AsType[*ops.PanicError](failures[0]); !ok || e.Processor != name || !errors.Is(e, errBoom) {
				t.Errorf("Failed() was told %v, want the panic of %s", failures[0], name)
			}
		})
		bubble(t, name+" in a flow", func(t *testing.T) {
			var r flow.Report
			err := flow.Repeat(1).Then(p).ForEach(func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return nil
			}).Run(t.Context(), flow.WithReport(&r))
			e, ok := errors.AsType[*flow.StageError](err)
			if !ok || e.Stage != name || !errors.Is(err, errBoom) || !r.Balanced() {
				t.Errorf("Run() = %v, want a StageError of %s\n%v", err, name, r)
			}
		})
	}
}

func TestLossyBuffersCountForThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop := func(b lossyBuffer) int64 {
			ctx, cancel := context.WithCancel(t.Context())
			out := b.Process(ctx, filled(ints(9)...))
			synctest.Wait()
			cancel()
			collect(out)
			return b.DroppedCount()
		}
		b := ops.NewDroppingBuffer[int](2)
		first := drop(b)
		if first == 0 || drop(b) <= first {
			t.Errorf("%d items were dropped in one run and %d in two, want more than none and more than that", first, b.DroppedCount())
		}
		if n := b.WithName("other").DroppedCount() + b.OnDrop(func(int) {}).DroppedCount(); n != 0 {
			t.Errorf("copies begin with %d dropped items, want 0", n)
		}
		if n := new(ops.SlidingBuffer[int]).DroppedCount(); n != 0 {
			t.Errorf("the zero SlidingBuffer has dropped %d items, want 0", n)
		}
	})
}
