package flow

import (
	"context"
	"fmt"

	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// Letter is an item that failed for good, with its error.
type Letter[T any] = ops.Letter[T]

// DeadLetter hands each failed item to write and goes on without it: it counts as
// DeadLettered in the report. What the stage had already emitted for it stays.
//
// write is called on the goroutine that the function failed on, and the stream waits for
// it. A stage calls it for one item at a time, so its workers deal with no other failure
// meanwhile; stages that share it may call it at once. If
// it fails itself the run ends with both errors, so that no letter is lost in silence; the
// item then counts as failed. If it only says that its context has ended, the item counts
// as held.
func DeadLetter(write func(ctx context.Context, l Letter[any]) error) Policy {
	return letters(write, write == nil)
}

// DeadLetters is [DeadLetter] for a stage whose items are of type T. On another stage it is
// a configuration error, also as the default of a sub-flow that has one.
func DeadLetters[T any](write func(ctx context.Context, l Letter[T]) error) Policy {
	return letters(write, write == nil)
}

func letters[T any](write func(context.Context, Letter[T]) error, missing bool) Policy {
	p := Policy{kind: letter, letter: lettering{
		fits: func(use kernel.Use) error { return takes[T](use) },
		decide: func(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
			l, err := newLetter[T](f, blame)
			if err == nil {
				err = write(ctx, l)
			}
			switch {
			case err == nil:
				return kernel.Verdict{Action: kernel.Aside}
			case f.Stage.TellsEnd(err):
				return kernel.Verdict{Action: kernel.Keep, Err: err}
			}
			return giveUp(blame, fmt.Errorf("the dead letter could not be written: %w", err))
		},
	}}
	if missing {
		p.err = needs("policy", "must not be a DeadLetter of nil")
	}
	return p
}

// lettering is the part of a policy that DeadLetter sets.
type lettering struct {
	fits   func(kernel.Use) error
	decide kernel.Decider
}

// takes is the misuse of letters of another type than the stage's items.
func takes[T any](use kernel.Use) error {
	_, same := use.Item.(*T)
	_, all := any((*T)(nil)).(*any)
	if same || all {
		return nil
	}
	want, got := fmt.Sprintf("%T", (*T)(nil)), fmt.Sprintf("%T", use.Item)
	return needs("OnError", fmt.Sprintf("must not have DeadLetters of %s: the stage takes %s", want[1:], got[1:]))
}

// newLetter fails for an item of another type, which a stage cannot have but a processor
// inside it that is not fused, or an answer of Handle's function.
func newLetter[T any](f *kernel.Fault, blame error) (Letter[T], error) {
	item, same := f.Item.(T)
	if !same && f.Item != nil { // an item that is a nil interface gives the zero T
		want := fmt.Sprintf("%T", (*T)(nil))
		return Letter[T]{}, fmt.Errorf("it is for items of type %s, got an item of type %T", want[1:], f.Item)
	}
	e := stageError(blame)
	return Letter[T]{Item: item, Err: e.Err, Stage: e.Stage, Attempts: e.Attempt, Time: f.Stage.Segment().Run().Now()}, nil
}
