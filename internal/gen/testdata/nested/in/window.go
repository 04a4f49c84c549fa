package ops

import (
	"context"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// Window is a group of items with its times.
type Window[T any] struct {
	Start, End time.Time
	Items      []T
}

// windows is what all windows have.
type windows[T any] struct{}

// Process runs the windows over channels.
func (w *windows[E]) Process(ctx context.Context, in <-chan E) <-chan Window[E] { return nil }

// Name is "windows".
func (w *windows[E]) Name() string { return "windows" }

// TumblingWindow groups items by time.
//
//   - Emits: a window when its time is over
//   - Holds: one window
//   - Backpressures: while a window waits for its receiver
//   - Completes: when the input ends, after the partial window
//   - Cancels: drops the partial window
type TumblingWindow[T any] struct {
	*windows[T]
	clk []clock.Clock
}

// NewTumblingWindow makes a TumblingWindow.
//
//streamz:stage TumblingWindow
//streamz:example flow.Of(1).TumblingWindow(time.Second).Map(func(w ops.Window[int]) int { return len(w.Items) })
//streamz:output [1]
func NewTumblingWindow[T any](size time.Duration, clk ...clock.Clock) *TumblingWindow[T] {
	return &TumblingWindow[T]{clk: clk}
}
