package ops

import "context"

// Pair is two values.
type Pair[A, B any] struct {
	A A
	B B
}

// Keyed puts its key before every item.
//
//   - Emits: a pair for each item
//   - Holds: one item
//   - Backpressures: while a pair waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
type Keyed[T any, K comparable] struct{ key func(T) K }

// NewKeyed makes a Keyed.
//
//streamz:stage Keyed
//streamz:example flow.Of("a").Keyed(func(s string) int { return len(s) })
//streamz:output [{1 a}]
func NewKeyed[T any, K comparable](key func(T) K) *Keyed[T, K] { return &Keyed[T, K]{key} }

// Process runs the Keyed over channels.
func (k *Keyed[T, K]) Process(ctx context.Context, in <-chan T) <-chan Pair[K, T] { return nil }

// Name is "keyed".
func (k *Keyed[T, K]) Name() string { return "keyed" }

// Folds keeps the last item of each key, B.
//
//   - Emits: a map at the end
//   - Holds: the map
//   - Backpressures: while the map waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the map
type Folds[T any, B comparable] struct{ key func(T) B }

// NewFolds makes a Folds.
//
//streamz:stage Folds
//streamz:example flow.Of("a").Folds(func(s string) int { return len(s) })
//streamz:output [map[1:a]]
func NewFolds[T any, B comparable](key func(T) B) *Folds[T, B] { return &Folds[T, B]{key} }

// Process runs the Folds over channels.
func (f *Folds[T, B]) Process(ctx context.Context, in <-chan T) <-chan map[B]T { return nil }

// Name is "folds".
func (f *Folds[T, B]) Name() string { return "folds" }

// Tally counts the items by their keys. Its result is of other types than the flow's, so that
// it needs no type parameter.
//
//   - Emits: a map at the end
//   - Holds: the map
//   - Backpressures: while the map waits for its receiver
//   - Completes: when the input ends
//   - Cancels: drops the map
type Tally[T any, K comparable] struct{ key func(T) K }

// NewTally makes a Tally.
//
//streamz:stage Tally
//streamz:example flow.Of("a").Tally(func(s string) int { return len(s) })
//streamz:output [map[1:1]]
func NewTally[T any, K comparable](key func(T) K) *Tally[T, K] { return &Tally[T, K]{key} }

// Process runs the Tally over channels.
func (c *Tally[T, K]) Process(ctx context.Context, in <-chan T) <-chan map[K]int { return nil }

// Name is "tally".
func (c *Tally[T, K]) Name() string { return "tally" }
