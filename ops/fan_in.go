package ops

import (
	"context"
	"slices"

	"github.com/go-streamz/streamz/internal/kernel"
)

// FanIn merges several channels into one. The order within an input is kept, there is none
// between them, and none of them starves another.
//
//   - Emits: every item of every input, unchanged
//   - Holds: one item of each input
//   - Backpressures: while its items wait for the receiver
//   - Completes: when all inputs have ended
//   - Cancels: drops the items in hand
//
// It is for those who own their channels. For flows there is flow.Merge.
type FanIn[T any] struct{ base }

// NewFanIn makes a FanIn, named "fanin".
func NewFanIn[T any]() *FanIn[T] { return &FanIn[T]{base{name: "fanin"}} }

// WithName gives a copy with another name.
func (f *FanIn[T]) WithName(name string) *FanIn[T] {
	c := *f
	c.name = name
	return &c
}

// Process runs the FanIn over channels, with one goroutine for each input. It follows the
// contract of [Processor], of each input. Without inputs the output is closed at once.
func (f *FanIn[T]) Process(ctx context.Context, ins ...<-chan T) <-chan T {
	mustRun(ctx, f.name, f.err(), slices.Contains(ins, nil))
	return kernel.FanIn(newRun(ctx, &bare{}, true), slices.Clone(ins))
}
