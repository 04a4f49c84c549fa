package ops

import "context"

// Mapper applies a function to every item, in order.
//
//   - Emits: one item for each item
//   - Holds: one item
//   - Backpressures: while its item waits for the receiver
//   - Completes: when the input ends
//   - Cancels: drops the item in hand
//
// A Mapper is no [Filter].
type Mapper[In, Out any] struct {
	fn func(In) Out
}

// NewMapper makes a Mapper.
//
//streamz:stage Map
//streamz:example flow.Of(1, 2, 3).Map(strconv.Itoa)
//streamz:output [1 2 3]
func NewMapper[In, Out any](fn func(In) Out) *Mapper[In, Out] {
	return &Mapper[In, Out]{fn}
}

// Process runs the Mapper over channels.
func (m *Mapper[A, B]) Process(ctx context.Context, in <-chan A) <-chan B { return nil }

// Name is "mapper".
func (m *Mapper[In, Out]) Name() string { return "mapper" }
