package ops

import "context"

// Merger merges.
//
//   - Emits: each item
//   - Holds: one item
//   - Backpressures: while it waits
//   - Completes: when the inputs end
//   - Cancels: drops the item
type Merger[T any] struct{}

// NewMerger makes a Merger.
func NewMerger[T any]() *Merger[T] { return nil }

// Process merges ins.
func (m *Merger[T]) Process(ctx context.Context, ins ...<-chan T) <-chan T { return nil }
