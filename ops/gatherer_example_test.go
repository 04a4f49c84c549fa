package ops_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// steps is a Gatherer: it emits the difference between neighbours.
type steps struct{}

func (steps) Start(context.Context) (ops.Pusher[int, int], error) { return &stepping{}, nil }

// stepping is the state of one run.
type stepping struct {
	last int
	some bool
}

func (s *stepping) Push(_ context.Context, v int, emit func(int) error) error {
	step, some := v-s.last, s.some
	s.last, s.some = v, true
	if !some {
		return nil
	}
	return emit(step)
}

func (s *stepping) End(context.Context, func(int) error) error { return nil }

func ExampleGather() {
	in := make(chan int, 4)
	for _, n := range []int{10, 11, 15, 9} {
		in <- n
	}
	close(in)
	for step := range ops.Gather(steps{}).Process(context.Background(), in) {
		fmt.Println(step)
	}
	// Output:
	// 1
	// 4
	// -6
}

// The same Gatherer is fused into a flow.
func ExampleGatherer() {
	fmt.Println(flow.Of(10, 11, 15, 9).Gather(steps{}).Collect(context.Background()))
	// Output: [1 4 -6] <nil>
}

// A summary at the end: the two longest words.
func ExampleNewGatherer() {
	type top struct{ first, second string }
	longest := ops.NewGatherer(
		nil, // the state begins as the zero top
		func(t *top, word string, _ func(string) error) error {
			switch {
			case len(word) > len(t.first):
				t.first, t.second = word, t.first
			case len(word) > len(t.second):
				t.second = word
			}
			return nil
		},
		func(t *top, emit func(string) error) error {
			return errors.Join(emit(t.first), emit(t.second))
		},
	)
	fmt.Println(flow.Of("a", "stream", "of", "words").Gather(longest).Collect(context.Background()))
	// Output: [stream words] <nil>
}

// buffer is a Pusher that holds all items, and releases them at a flush or at the end.
type buffer struct{ held []string }

func (b *buffer) Start(context.Context) (ops.Pusher[string, string], error) { return &buffer{}, nil }

func (b *buffer) Push(_ context.Context, v string, _ func(string) error) error {
	b.held = append(b.held, v)
	return nil
}

func (b *buffer) Flush(_ context.Context, emit func(string) error) error {
	for _, v := range b.held {
		if err := emit(v); err != nil {
			return err
		}
	}
	b.held = nil
	return nil
}

func (b *buffer) End(ctx context.Context, emit func(string) error) error { return b.Flush(ctx, emit) }

func (b *buffer) Close(cause error) error {
	fmt.Println("closed, cause:", cause)
	return nil
}

// checkpoint is a source with a barrier in the middle.
type checkpoint struct{}

func (checkpoint) Stream(_ context.Context, out flow.Emitter[string]) error {
	arrived := func(err error) { fmt.Println("the barrier has arrived, error:", err) }
	return errors.Join(out.Emit("before"), out.Barrier(arrived), out.Emit("after"))
}

func ExampleFlusher() {
	err := flow.FromSignals(checkpoint{}).Gather(&buffer{}).
		Tap(func(s string) { fmt.Println(s) }).
		Run(context.Background())
	fmt.Println(err)
	// Output:
	// before
	// the barrier has arrived, error: <nil>
	// after
	// closed, cause: <nil>
	// <nil>
}

func ExampleCloser() {
	fmt.Println(flow.Of("a", "b").Gather(&buffer{}).First(context.Background()))
	// Output:
	// closed, cause: <nil>
	// a <nil>
}

// A Gatherer ends the stream when it has seen enough.
func ExampleErrStop() {
	untilBlank := ops.NewGatherer(nil, func(_ *struct{}, line string, emit func(string) error) error {
		if line == "" {
			return ops.ErrStop
		}
		return emit(line)
	}, nil)
	fmt.Println(flow.Of("head", "", "body").Gather(untilBlank).Collect(context.Background()))
	// Output: [head] <nil>
}
