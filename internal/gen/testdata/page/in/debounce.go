package ops

import (
	"context"
	"time"
)

// Clock tells the time.
type Clock interface{}

// Debounce keeps the last item of each burst, or a | b. It is made by [NewDebounce], and
// unlike a [Merger] has one input.
//
//   - Emits: the last item
//   - Holds: one item
//   - Backpressures: never
//   - Completes: when the input ends
//   - Cancels: drops the item
type Debounce[T any] struct{}

// NewDebounce makes a Debounce, see [Debounce.WithMaxWait].
//
//streamz:stage Debounce
//streamz:example flow.Of(1, 2).Debounce(time.Second)
//streamz:output [2]
//streamz:marble ab-c-----| f.Debounce(20 * time.Millisecond).
//streamz:marble Call(work)
func NewDebounce[T any](wait time.Duration, clk ...Clock) *Debounce[T] { return nil }

// WithName gives a copy with another name.
func (d *Debounce[T]) WithName(name string) *Debounce[T] { return d }

// WithMaxWait gives a copy that waits
// no longer.
func (d *Debounce[T]) WithMaxWait(wait time.Duration) *Debounce[T] { return d }

// Process runs it.
func (d *Debounce[T]) Process(ctx context.Context, in <-chan T) <-chan T { return nil }
