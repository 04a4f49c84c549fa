package ops

import (
	"cmp"
	"context"
	"time"
)

type (
	// AsyncMapper applies a function with several workers.
	//
	//   - Emits: one item for each item
	//   - Holds: an item a worker
	//   - Backpressures: while all workers are busy
	//   - Completes: when the input ends
	//     and the workers are done
	//   - Cancels: drops what the workers hold
	//
	// For example:
	//
	//	NewAsyncMapper(fetch)
	AsyncMapper[In, Out any] struct {
		fn func(context.Context, In) (Out, error)
	}

	// Order tells which of two is first.
	Order[K cmp.Ordered] func(a, b K) bool
)

// NewAsyncMapper makes an AsyncMapper. It is two stages.
//
//streamz:stage AsyncMap(workers int, fn func(context.Context, In) (Out, error)) NewAsyncMapper(fn).WithWorkers(workers)
//streamz:example flow.Of("a", "b").
//streamz:example AsyncMap(2, func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil })
//streamz:output [A B]
//streamz:stage AsyncMapKeyed(workers int, wait, idle time.Duration, order Order[string], fn func(context.Context, In) (Out, error)) NewAsyncMapper(fn).WithWorkers(max(workers, MinWorkers(wait+idle)))
//streamz:doc AsyncMapKeyed is AsyncMap that keeps the order among items
//streamz:doc of one key only, see [MinWorkers].
//streamz:example flow.Of(1).Tap(func(n int) { fmt.Println("saw", n) }).AsyncMapKeyed(1, 0, 0, nil, func(_ context.Context, n int) (int, error) { return n, nil })
//streamz:output saw 1
//streamz:output [1]
func NewAsyncMapper[In, Out any](fn func(context.Context, In) (Out, error)) *AsyncMapper[In, Out] {
	return &AsyncMapper[In, Out]{fn}
}

// MinWorkers is the number of workers that a wait needs.
func MinWorkers(wait time.Duration) int { return int(wait/time.Second) + 1 }

// WithWorkers gives a copy with n workers.
func (m *AsyncMapper[In, Out]) WithWorkers(n int) *AsyncMapper[In, Out] { return m }

// Process runs the AsyncMapper over channels.
func (m *AsyncMapper[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out { return nil }

// Name is "async-mapper".
func (m *AsyncMapper[In, Out]) Name() string { return "async-mapper" }
