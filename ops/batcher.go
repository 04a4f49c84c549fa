package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

const (
	maxBatch = 1 << 20 // bounds a batch that is limited by time alone
	maxStart = 1 << 12 // bounds the room that a batch begins with
)

// BatchConfig limits the batches of a [Batcher]. At least one limit must be set.
type BatchConfig struct {
	// MaxLatency is the longest time between a batch's first item and its
	// emission. 0 is no limit.
	MaxLatency time.Duration
	// MaxSize is the largest number of items in a batch. 0, with a MaxLatency, is
	// 1<<20.
	MaxSize int
}

// Batcher groups the items into slices, in order.
//
//   - Emits: a slice when it is full, or so long after the first of its items
//   - Holds: one slice
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the partial slice
//   - Cancels: drops the partial slice
//
// Every item is in exactly one slice, and no slice is empty. A slice belongs to
// its receiver. The time limit starts with the slice's own first item; 0 means
// that only the size counts. A size of 0 with a time limit is 1<<20; with both 0
// the Batcher cannot run.
//
// In a flow the time is kept while a source, a FlatMap, a Call, a gatherer or a sink
// blocks. A function that must not block, as that of a Map, holds it up if it does.
//
// A barrier sends the partial slice first; a watermark waits until the items before
// it have gone.
type Batcher[T any] struct {
	base
	size    int
	latency time.Duration
	clk     Clock
}

// NewBatcher makes a Batcher, named "batcher". The clock is optional; without it
// the Batcher takes the clock of the run, or the real one.
//
//streamz:stage Batch(n int, wait time.Duration) NewBatcher[T](BatchConfig{MaxSize: n, MaxLatency: wait})
//streamz:example flow.Range(0, 5).Batch(2, 0)
//streamz:output [[0 1] [2 3] [4]]
//streamz:marble abcd------e--f-----| f.Batch(3, 40*time.Millisecond)
func NewBatcher[T any](config BatchConfig, clk ...Clock) *Batcher[T] {
	b := &Batcher[T]{name: "batcher", size: config.MaxSize, latency: config.MaxLatency}
	b.clk = b.oneClock(clk)
	if b.size < 0 {
		b.misuse("size", b.size, "must not be negative")
	}
	if b.latency < 0 {
		b.misuse("latency", b.latency, "must not be negative")
	}
	if b.size == 0 && b.latency == 0 {
		b.misuse("size", b.size, "must be at least 1 where there is no latency")
	}
	if b.size == 0 {
		b.size = maxBatch
	}
	return b
}

// WithName gives a copy with another name.
func (b *Batcher[T]) WithName(name string) *Batcher[T] {
	c := *b
	c.name = name
	return &c
}

// Process runs the Batcher over channels, see [Processor].
func (b *Batcher[T]) Process(ctx context.Context, in <-chan T) <-chan []T {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (b *Batcher[T]) Kernel() kernel.Spec[T, []T] {
	return kernel.Spec[T, []T]{
		Self: b, Name: b.name, Op: "Batch", Err: b.err(),
		Timed: b.latency > 0, Clock: b.clk,
		Start: func(s *kernel.Stage, down kernel.Port[[]T]) kernel.Port[T] {
			return startBatching(s, down, b.size, b.latency)
		},
	}
}

// batching is the state of one run, of all processors that group their items into slices.
type batching[T any] struct {
	s       *kernel.Stage
	down    kernel.Port[[]T]
	items   []T
	full    int           // the size of a full slice
	latency time.Duration // 0 for none
	grown   int           // the size that the last slice reached
	timer   *kernel.Timer // nil without latency
	mark    waitingMark   // for the items
}

func startBatching[T any](s *kernel.Stage, down kernel.Port[[]T], full int, latency time.Duration) kernel.Port[T] {
	r := newBatching(s, down, full, latency)
	return kernel.Port[T]{Push: r.push, Signal: r.signal}
}

func newBatching[T any](s *kernel.Stage, down kernel.Port[[]T], full int, latency time.Duration) *batching[T] {
	r := &batching[T]{s: s, down: down, full: full, latency: latency}
	if latency > 0 {
		r.timer = s.Timer(r.flush)
	}
	s.OnClose(func(error) error {
		s.Held += int64(len(r.items))
		return nil
	})
	return r
}

func (r *batching[T]) push(v T) error {
	r.s.In++
	return r.add(v)
}

// add puts an item that has been booked in into the slice under way.
func (r *batching[T]) add(v T) error {
	if len(r.items) == 0 {
		r.begin()
	}
	r.items = append(r.items, v)
	if len(r.items) < r.full {
		return nil
	}
	return r.flush()
}

// addBy is add for an item that may not belong together with those of the slice under way.
// Then it begins the next one before that is emitted: the push may unwind.
func (r *batching[T]) addBy(together bool, v T) error {
	if together || len(r.items) == 0 {
		return r.add(v)
	}
	batch := r.take()
	r.begin()
	r.items = append(r.items, v)
	if err := r.emit(batch); err != nil || len(r.items) < r.full {
		return err
	}
	return r.flush()
}

// begin starts a slice as large as the last one became, within reason: a small stream
// never pays for a large MaxSize, and a busy one does not grow each slice anew.
func (r *batching[T]) begin() {
	if r.grown > 0 {
		r.items = make([]T, 0, min(r.grown, maxStart))
	}
	if r.timer != nil {
		r.timer.Reset(r.latency)
	}
}

func (r *batching[T]) flush() error { return r.emit(r.take()) }

// take ends the slice under way.
func (r *batching[T]) take() []T {
	batch := r.items
	if len(batch) > 0 {
		r.items, r.grown = nil, len(batch)
		if r.timer != nil {
			r.timer.Stop()
		}
	}
	return batch
}

// emit gives a slice, unless it is empty, and the watermark that has waited for it.
func (r *batching[T]) emit(batch []T) error {
	if len(batch) > 0 {
		r.s.Passed += int64(len(batch))
		r.s.Out++
		if err := r.down.Push(batch); err != nil {
			return err
		}
	}
	return r.mark.pass(r.down.Signal)
}

func (r *batching[T]) signal(sig kernel.Signal) error {
	if sig.Kind == kernel.Watermark && len(r.items) > 0 {
		r.mark.keep(sig)
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	return r.down.Signal(sig)
}

// needSize keeps the misuse of a largest size.
func (b *base) needSize(n int) {
	if n < 1 {
		b.misuse("MaxSize", n, "must be at least 1")
	}
}
