package ops

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Partition gives every item on one of several channels, by the hash of its key: items of one
// key on one of them, in order.
//
//   - Emits: every item, unchanged, on one of the outputs
//   - Holds: one item, and on each output as many as the size of its buffer
//   - Backpressures: while its item waits for the receiver of its output
//   - Completes: when the input ends, all outputs
//   - Cancels: drops the item in hand
//
// All outputs must be read: one that is not blocks the others when its buffer is full. Items
// that are in a buffer when the context ends may still be received.
//
// Equal keys have the same partition in every run and in every process, unless they contain
// pointers or channels: those are equal for one process only.
//
// An item for which a partitioner gives no partition there is goes nowhere, and that is
// reported as its error, see [ItemError].
//
// The functions are called once an item, on one goroutine, and must not block.
//
// It is for those who own their channels. For flows there is [Switch], and AsyncMapKeyed.
type Partition[T any] struct {
	base
	hash  func() func(T) uint32 // of the key, made for each run
	text  func(T) string        // of the key, for a partitioner
	place Partitioner           // nil for the hash
	size  int

	given []atomic.Int64 // to each, of this value, not of the copies that options make
}

// PartitionOutput is what comes out of a [Partition].
type PartitionOutput[T any] struct{ Partitions []<-chan T }

// GetPartition gives the i-th, and nil if there is none.
func (o PartitionOutput[T]) GetPartition(i int) <-chan T {
	if i < 0 || i >= len(o.Partitions) {
		return nil
	}
	return o.Partitions[i]
}

// NewPartition makes a Partition, named "partition", of 4 outputs without buffers. key must
// not be nil.
func NewPartition[T any](key func(T) string) *Partition[T] {
	p := newPartition[T](key == nil)
	p.text = key
	p.hash = func() func(T) uint32 { return func(v T) uint32 { return hashText(key(v)) } }
	return p
}

// NewPartitionBy is NewPartition for keys of any type that can be compared. A [Partitioner] is
// given them as fmt.Sprint writes them.
func NewPartitionBy[T any, K comparable](key func(T) K) *Partition[T] {
	p := newPartition[T](key == nil)
	p.text = func(v T) string { return fmt.Sprint(key(v)) }
	p.hash = func() func(T) uint32 {
		hash := hasher[K]()
		return func(v T) uint32 { return hash(key(v)) }
	}
	return p
}

func newPartition[T any](noKey bool) *Partition[T] {
	p := &Partition[T]{name: "partition", given: make([]atomic.Int64, 4)}
	if noKey {
		p.misuse("key function", nil, "must not be nil")
	}
	return p
}

// copied gives a copy that counts for itself.
func (p *Partition[T]) copied() *Partition[T] {
	c := *p
	c.given = make([]atomic.Int64, len(p.given))
	return &c
}

// WithName gives a copy with another name, which counts for itself.
func (p *Partition[T]) WithName(name string) *Partition[T] {
	c := p.copied()
	c.name = name
	return c
}

// WithPartitions gives a copy with n outputs, which counts for itself. n must be from 1 to
// 1<<20.
func (p *Partition[T]) WithPartitions(n int) *Partition[T] {
	c := p.copied()
	if n < 1 || n > maxWindow {
		c.misuse("partitions", n, "must be between 1 and 1<<20")
		return c
	}
	c.given = make([]atomic.Int64, n)
	return c
}

// WithPartitioner gives a copy that asks place for the number of each key's output, from 0,
// and which counts for itself. nil keeps what there is.
func (p *Partition[T]) WithPartitioner(place Partitioner) *Partition[T] {
	c := p.copied()
	if place != nil {
		c.place = place
	}
	return c
}

// WithBufferSize gives a copy whose outputs hold size items each, and which counts for itself.
// 0 is the default.
func (p *Partition[T]) WithBufferSize(size int) *Partition[T] {
	c := p.copied()
	c.size = size
	c.needBuffer(size)
	return c
}

// OnError gives a copy that hands each item for which the partitioner gives no partition there
// is to handle, one at a time, on the processor's goroutine, and which counts for itself.
func (p *Partition[T]) OnError(handle func(context.Context, *ItemError)) *Partition[T] {
	c := p.copied()
	c.onError(handle)
	return c
}

// Process runs the Partition over channels, with one goroutine. It follows the contract of
// [Processor], on each output.
func (p *Partition[T]) Process(ctx context.Context, in <-chan T) PartitionOutput[T] {
	return PartitionOutput[T]{scatter(ctx, in, len(p.given), p.size, kernel.Spec[T, kernel.Sent[T]]{
		Name: p.name, Op: "Partition", Err: p.err(), Told: p.told,
		Calls: kernel.CallsFunc, Books: kernel.Selected, Start: p.start,
	})}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (p *Partition[T]) start(s *kernel.Stage, down kernel.Port[kernel.Sent[T]]) kernel.Port[T] {
	place, push, mark := p.placing(), down.Push, s.Mark()
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		s.In++
		mark.Enter()
		to := place(v)
		if to < 0 || to >= len(p.given) {
			return s.Fail(v, fmt.Errorf("there is no partition %d, only 0 to %d", to, len(p.given)-1))
		}
		s.Passed++
		if err := push(kernel.Sent[T]{To: to, Item: v}); err != nil {
			return err
		}
		p.given[to].Add(1)
		return nil
	}}
}

// placing gives what finds the output of an item in one run.
func (p *Partition[T]) placing() func(T) int {
	n := len(p.given)
	if p.place != nil {
		return func(v T) int { return p.place(p.text(v), n) }
	}
	hash := p.hash()
	return func(v T) int { return int(hash(v) % uint32(n)) }
}

// PartitionStats is what a [Partition] has given to its outputs, in all runs.
type PartitionStats struct {
	TotalItems        int64
	NumPartitions     int
	ItemsPerPartition []int64
}

// Stats gives the statistics so far. It may be called at any time, by anybody.
func (p *Partition[T]) Stats() PartitionStats {
	s := PartitionStats{NumPartitions: len(p.given), ItemsPerPartition: make([]int64, len(p.given))}
	for i := range p.given {
		s.ItemsPerPartition[i] = p.given[i].Load()
		s.TotalItems += s.ItemsPerPartition[i]
	}
	return s
}

// DistributionBalance is how uneven the partitions are: the standard deviation of their items
// over the mean. It is 0 where all have the same, and before the first item.
func (s PartitionStats) DistributionBalance() float64 {
	if s.TotalItems == 0 {
		return 0
	}
	n := float64(len(s.ItemsPerPartition))
	mean, squares := float64(s.TotalItems)/n, 0.0
	for _, items := range s.ItemsPerPartition {
		squares += (float64(items) - mean) * (float64(items) - mean)
	}
	return math.Sqrt(squares/n) / mean
}

// String gives the numbers on one line.
func (s PartitionStats) String() string {
	return fmt.Sprintf("%d items in %d partitions %v, balance %.2f",
		s.TotalItems, s.NumPartitions, slices.Clip(s.ItemsPerPartition), s.DistributionBalance())
}
