package ops

import (
	"context"

	"github.com/go-streamz/streamz/clock"
)

// Clock tells the time.
type Clock = clock.Clock

/*
Sample passes some of the items.

  - Emits: some items
  - Holds: nothing
  - Backpressures: while its item waits for the receiver
  - Completes: when the input ends
  - Cancels: drops the item in hand
*/
type Sample[T any] struct{}

// NewSample makes a Sample.
//
//streamz:stage Sample
//streamz:example flow.Of(1, 2, 3).Sample(1, 7)
//streamz:output [1 2 3]
func NewSample[T any](rate float64, seeds ...int64) *Sample[T] { return &Sample[T]{} }

// Process runs the Sample over channels.
func (s *Sample[T]) Process(_ context.Context, _ <-chan T) <-chan T { return nil }

// Name is "sample".
func (s *Sample[T]) Name() string { return "sample" }

// Dedupe passes the first item of each key.
//
//   - Emits: the first of each key
//   - Holds: the keys
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type Dedupe[T any, K comparable] struct{}

// NewDedupe makes a Dedupe.
//
//streamz:stage Dedupe
//streamz:example flow.Of(1, 2, 1).Dedupe(func(n int) int { return n })
//streamz:output [1 2]
func NewDedupe[T any, K comparable](key func(T) K, clk ...Clock) *Dedupe[T, K] {
	return &Dedupe[T, K]{}
}

// Process runs the Dedupe over channels.
func (d *Dedupe[T, _]) Process(_ context.Context, _ <-chan T) <-chan T { return nil }

// Name is "dedupe".
func (d *Dedupe[T, K]) Name() string { return "dedupe" }
