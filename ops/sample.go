package ops

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Sample keeps each item with the same probability, independently of the others, in order.
//
//   - Emits: each item that is kept, unchanged
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// Each run draws anew. With [Sample.WithSeed] all make the same choice of the same input.
//
// How many items were kept and dropped is counted, see [Sample.Stats]. In the books of a
// flow those that are not kept are filtered: none is lost for load.
type Sample[T any] struct {
	base
	rate   float64
	seed   int64
	seeded bool
	stats  *sampled // of this value, not of the copies that options make
}

// SampleStats is what a [Sample] has counted, in all runs of the value.
type SampleStats struct {
	Kept    int64 // items delivered: the stage below has taken them
	Dropped int64 // items discarded
}

// sampled counts.
type sampled struct{ kept, dropped atomic.Int64 }

// NewSample makes a Sample, named "sample". rate is the probability, from 0 to 1: 0 keeps no
// item, 1 every one.
//
//streamz:stage Sample
//streamz:example flow.Range(0, 5).Sample(1)
//streamz:output [0 1 2 3 4]
func NewSample[T any](rate float64) *Sample[T] {
	s := &Sample[T]{name: "sample", rate: rate, stats: new(sampled)}
	if !(rate >= 0 && rate <= 1) { // nor NaN
		s.misuse("rate", rate, "must be between 0 and 1")
	}
	return s
}

// WithName gives a copy with another name, which counts for itself.
func (s *Sample[T]) WithName(name string) *Sample[T] {
	c := s.copy()
	c.name = name
	return c
}

// WithSeed gives a copy whose choice follows from the seed alone: it is the same in each
// run. The copy counts for itself.
func (s *Sample[T]) WithSeed(seed int64) *Sample[T] {
	c := s.copy()
	c.seed, c.seeded = seed, true
	return c
}

func (s *Sample[T]) copy() *Sample[T] {
	c := *s
	c.stats = new(sampled)
	return &c
}

// Stats gives what was counted so far, in all runs. It may be called at any time, by anybody.
func (s *Sample[T]) Stats() SampleStats {
	if s.stats == nil { // not made by its constructor
		return SampleStats{}
	}
	return SampleStats{Kept: s.stats.kept.Load(), Dropped: s.stats.dropped.Load()}
}

// Process runs the Sample over channels, see [Processor].
func (s *Sample[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, s.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (s *Sample[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: s, Name: s.name, Op: "Sample", Err: s.err(),
		Books: kernel.Selected, Start: s.start,
	}
}

//go:noinline // inlined, its closure would no longer inline what it calls
func (s *Sample[T]) start(st *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	rate, draws, stats, push := s.rate, s.draws(), s.stats, down.Push
	return kernel.Port[T]{Signal: down.Signal, Push: func(v T) error {
		st.In++
		if draws.Float64() >= rate { // which is below 1
			st.Filtered++
			stats.dropped.Add(1)
			return nil
		}
		st.Passed++
		err := push(v)
		if st.Taken(err) {
			stats.kept.Add(1)
		}
		return err
	}}
}

// draws gives the random numbers of one run.
func (s *Sample[T]) draws() *rand.Rand {
	if s.seeded {
		return rand.New(rand.NewPCG(uint64(s.seed), 0))
	}
	return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
}
