package ops

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/go-streamz/streamz/internal/kernel"
)

const (
	defaultLetters = 1000
	mostLetters    = 1 << 20
)

// errFailed is the error of a letter whose item does not say why it has failed.
var errFailed = errors.New("the item has failed")

// DLQ moves the items that a predicate calls failed out of the stream, and passes on the
// others, in order. It is for streams whose items carry their own error; a processor whose
// function fails can be wrapped in a [DeadLetterQueue].
//
//   - Emits: each item that has not failed, unchanged; with [DLQ.PassThrough] every item
//   - Holds: one item, and the letters that are kept
//   - Backpressures: while its item waits for the receiver, and while OnLetter's function runs
//   - Completes: when the input ends
//   - Cancels: drops the item in hand; the letters stay
//
// A failed item becomes a [Letter]. It is handed to the function of [DLQ.OnLetter], or
// without one kept: a thousand of them unless [DLQ.WithCapacity] says otherwise. If there are
// more the oldest goes, which is counted and logged. So letters never hold the stream up, and
// none is lost silently.
//
// Letters are kept in the value, over its runs, see [DLQ.Letters]. In the books of a flow a
// failed item is dead-lettered, or passed if it is passed through.
//
// The predicate is called once an item, on one goroutine, and must not block.
type DLQ[T any] struct {
	base
	failed func(T) bool
	cause  func(T) error
	hand   func(context.Context, T) error
	pass   bool
	most   int
	runs   *dlqRuns[T] // of this value, not of the copies that options make
}

// dlqRuns is what the runs of one value share.
type dlqRuns[T any] struct {
	kept            kernel.Shared[letters[T]]
	passed, letters atomic.Int64
}

// LetterStats is what a [DLQ] has counted, in all runs of the value.
type LetterStats struct {
	Passed  int64 // items delivered that had not failed
	Letters int64 // items that had
	Lost    int64 // letters that made way for newer ones
}

// NewDLQ makes a DLQ, named "dlq". failed must not be nil.
//
//streamz:stage DLQ(failed func(T) bool, fn func(context.Context, T) error) NewDLQ(failed).OnLetter(fn)
//streamz:example flow.Of(1, -2, 3).DLQ(func(n int) bool { return n < 0 }, func(_ context.Context, n int) error { fmt.Println("letter:", n); return nil })
//streamz:output letter: -2
//streamz:output [1 3]
func NewDLQ[T any](failed func(T) bool) *DLQ[T] {
	d := &DLQ[T]{name: "dlq", failed: failed, most: defaultLetters}
	d.runs = newDLQRuns[T](d.most)
	d.needFunc(failed == nil)
	return d
}

func newDLQRuns[T any](most int) *dlqRuns[T] {
	r := new(dlqRuns[T])
	r.kept.Use(func(kept *letters[T]) { kept.size = most })
	return r
}

// WithName gives a copy with another name, which has letters of its own.
func (d *DLQ[T]) WithName(name string) *DLQ[T] {
	c := d.copy()
	c.name = name
	return c
}

// OnLetter gives a copy that hands each failed item to fn, one at a time, in place of keeping
// it. An error of fn is the item's failure: it is reported, in a flow the policy of the stage
// decides what happens then, and the letter is kept, also if a call that the policy repeats
// succeeds. A slow fn slows the stream; its context
// ends with the run.
func (d *DLQ[T]) OnLetter(fn func(ctx context.Context, item T) error) *DLQ[T] {
	c := d.copy()
	c.hand = fn
	if fn == nil {
		c.misuse("OnLetter", nil, "must not be nil")
	}
	return c
}

// WithCapacity gives a copy that keeps n letters, from 1 to 1<<20.
func (d *DLQ[T]) WithCapacity(n int) *DLQ[T] {
	c := d.copy()
	if n < 1 || n > mostLetters {
		c.misuse("capacity", n, "must be between 1 and 1<<20")
	}
	c.most, c.runs = n, newDLQRuns[T](n)
	return c
}

// WithCause gives a copy whose letters have the error that cause finds in the item.
func (d *DLQ[T]) WithCause(cause func(T) error) *DLQ[T] {
	c := d.copy()
	c.cause = cause
	if cause == nil {
		c.misuse("WithCause", nil, "must not be nil")
	}
	return c
}

// PassThrough gives a copy that also emits the failed items, or does not, which is the
// default.
func (d *DLQ[T]) PassThrough(on bool) *DLQ[T] {
	c := d.copy()
	c.pass = on
	return c
}

// OnError gives a copy that hands each item whose OnLetter function has failed to handle, one
// at a time, on the processor's goroutine. In a flow the stage's policy decides what happens
// then, and handle is told afterwards.
func (d *DLQ[T]) OnError(handle func(context.Context, *ItemError)) *DLQ[T] {
	c := d.copy()
	c.onError(handle)
	return c
}

func (d *DLQ[T]) copy() *DLQ[T] {
	c := *d
	c.runs = newDLQRuns[T](d.most)
	return &c
}

// Letters gives the letters that are kept, the oldest first. It may be called at any time, by
// anybody, and gives those of the moment at which the loop begins.
func (d *DLQ[T]) Letters() iter.Seq[Letter[T]] {
	return func(yield func(Letter[T]) bool) {
		if d.runs == nil { // not made by its constructor
			return
		}
		var all []Letter[T]
		d.runs.kept.Use(func(kept *letters[T]) { all = kept.all() })
		slices.Values(all)(yield)
	}
}

// TakeLetters gives the letters that are kept, the oldest first, which are then kept no
// longer. It may be called at any time, by anybody.
func (d *DLQ[T]) TakeLetters() (all []Letter[T]) {
	if d.runs != nil {
		d.runs.kept.Use(func(kept *letters[T]) { all = kept.take() })
	}
	return all
}

// Stats gives what was counted so far. It may be called at any time, by anybody.
func (d *DLQ[T]) Stats() LetterStats {
	if d.runs == nil {
		return LetterStats{}
	}
	stats := LetterStats{Passed: d.runs.passed.Load(), Letters: d.runs.letters.Load()}
	d.runs.kept.Use(func(kept *letters[T]) { stats.Lost = kept.lost })
	return stats
}

// Process runs the DLQ over channels, see [Processor].
func (d *DLQ[T]) Process(ctx context.Context, in <-chan T) <-chan T {
	return drive(ctx, in, d.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (d *DLQ[T]) Kernel() kernel.Spec[T, T] {
	return kernel.Spec[T, T]{
		Self: d, Name: d.name, Op: "DLQ", Err: d.err(), Told: d.told, Calls: kernel.CallsFunc,
		Books: kernel.Selected, Heeds: d.hand != nil, Blocks: d.hand != nil, Start: d.start,
	}
}

// lettering is the state of one run.
type lettering[T any] struct {
	*DLQ[T]
	s    *kernel.Stage
	mark kernel.Mark
	down func(T) error
}

func (d *DLQ[T]) start(s *kernel.Stage, down kernel.Port[T]) kernel.Port[T] {
	r := &lettering[T]{DLQ: d, s: s, mark: s.Mark(), down: down.Push}
	return kernel.Port[T]{Push: r.push, Signal: down.Signal}
}

func (r *lettering[T]) push(v T) error {
	r.s.In++
	r.mark.Enter()
	if r.failed(v) {
		return r.reject(v)
	}
	r.s.Passed++
	err := r.down(v)
	if r.s.Taken(err) {
		r.runs.passed.Add(1)
	}
	return err
}

// reject makes a letter of a failed item.
func (r *lettering[T]) reject(v T) error {
	cause := errFailed
	if r.cause != nil {
		cause = r.cause(v)
	}
	if r.s.Call() == 1 {
		r.runs.letters.Add(1)
	}
	if r.hand == nil {
		r.keep(v, cause)
	} else if err := r.hand(r.s.Context(), v); err != nil {
		return r.refused(v, cause, err)
	}
	if r.pass {
		r.s.Passed++
		return r.down(v)
	}
	r.s.DeadLettered++
	return nil
}

// refused is what follows an error of the function of OnLetter.
func (r *lettering[T]) refused(v T, cause, err error) error {
	if ended := r.s.Ended(); ended != nil {
		return ended
	}
	if r.s.Call() == 1 { // and none that a policy repeats
		r.keep(v, errors.Join(cause, err))
	}
	return r.s.Fail(v, err)
}

func (r *lettering[T]) keep(v T, cause error) {
	letter := Letter[T]{Item: v, Err: cause, Stage: r.s.Name(), Attempts: 1, Time: r.s.Time()}
	var lost int64
	r.runs.kept.Use(func(kept *letters[T]) {
		if kept.add(letter) {
			lost = kept.lost
		}
	})
	warnLost(r.s.Context(), r.s.Segment().Run().Logger(), letter.Stage, lost)
}
