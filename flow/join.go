package flow

import (
	"fmt"
	"time"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/kernel"
)

// ErrJoinFull is the failure of an item that a [Flow.IntervalJoin] or a [Flow.WindowJoin] would
// have to keep beside as many as it may, see [JoinSpec.WithMaxItems].
var ErrJoinFull = kernel.ErrJoinFull

// defaultJoinItems is how many items a join keeps unless it is told otherwise.
const defaultJoinItems = 1 << 20

// JoinSpec says which items of two flows have to do with each other, by their keys and by the times
// that are in them, and what a [Flow.IntervalJoin] or a [Flow.WindowJoin] of them may keep. It is
// made by [JoinOn]; the zero JoinSpec cannot run.
type JoinSpec[T, U any, K comparable] struct {
	keyA func(T) K
	atA  func(T) time.Time
	keyB func(U) K
	atB  func(U) time.Time
	most int
	lead time.Duration // -1 without one
	err  error
}

// JoinOn takes the functions that give the key and the time of an item, first those of the flow
// that is joined, then those of the other. None may be nil. They are called once an item, on one
// goroutine, and must not block. Items whose keys are equal belong together; a key that is not
// equal to itself, as a NaN, has no partner.
func JoinOn[T, U any, K comparable](keyA func(T) K, atA func(T) time.Time, keyB func(U) K, atB func(U) time.Time) JoinSpec[T, U, K] {
	return JoinSpec[T, U, K]{keyA: keyA, atA: atA, keyB: keyB, atB: atB, most: defaultJoinItems, lead: -1}
}

// WithMaxItems gives a copy with which a join keeps at most n items of both flows. 0 is 1<<20. One
// more that would have to be kept fails with [ErrJoinFull].
func (j JoinSpec[T, U, K]) WithMaxItems(n int) JoinSpec[T, U, K] {
	if j.most = n; n == 0 {
		j.most = defaultJoinItems
	}
	if n < 0 {
		j.err = kernel.Join(j.err, &ConfigError{Field: "MaxItems", Value: n, Want: "must not be negative"})
	}
	return j
}

// WithMaxLead gives a copy with which a flow whose time is more than d ahead of that of the other
// waits for it. So what is kept of two flows of which one is quicker, as of two files that are read
// anew, follows from d, and not from how much they give.
//
// The time of a flow is that of its latest item, or its watermark if that is later. As long as one
// flow gives neither, the other waits once it is ahead: without end if the first stays silent and
// does not end. d must not be negative.
func (j JoinSpec[T, U, K]) WithMaxLead(d time.Duration) JoinSpec[T, U, K] {
	if j.lead = d; d < 0 {
		j.err = kernel.Join(j.err, &ConfigError{Field: "MaxLead", Value: d, Want: "must not be negative"})
	}
	return j
}

// misuse is why a join cannot run.
func (j JoinSpec[T, U, K]) misuse() error {
	return kernel.Join(
		notNil(j.keyA, "key function"), notNil(j.atA, "time function"),
		notNil(j.keyB, "key function of the other flow"), notNil(j.atB, "time function of the other flow"),
		j.err,
	)
}

// IntervalJoin pairs the items of f with those of other that have the same key and a time which is
// at least lower and at most upper later, by the times in the items: with 0 and an hour those that
// come up to an hour after an item of f, with minus a minute and a minute those that are within a
// minute of it. lower must not be greater than upper.
//
// A pair is given when the second of its items comes, so pairs are in no order of time; those that
// an item makes come in the order of the times of their other items. An item is kept for its partners
// until the watermark of the other flow says that none can come, or that has ended: flows that send
// no watermarks are kept whole, see [FromSignals]. An item that is earlier than a watermark which its
// own flow has sent before is late, and is dropped. So which pairs are given does not depend on the
// pace of the flows.
//
// As long as both flows have items the one whose time is behind goes first, so that few are kept;
// no flow waits for another that gives nothing, unless it is to: see [JoinSpec.WithMaxLead]. At most
// 1<<20 items are kept, see [JoinSpec.WithMaxItems]; one more is a failure.
//
// An item that was in a pair counts as passed when it is let go, one that was in none as filtered,
// and a late one as dropped. The join ends when no pair can follow: when both flows have ended, or
// one has and nothing is kept of it; then it stops the other.
//
// Each flow runs on a goroutine of its own, and up to 256 of its items wait in front of the join. A
// watermark comes when both flows have sent one as late, or one has and the other has ended: no pair
// of which both items are earlier follows it. A barrier waits until the items of its flow that came
// before it are let go. A name is that of the join alone, and a policy that of its functions and of
// ErrJoinFull.
func (f Flow[T]) IntervalJoin[U any, K comparable, P Pair[T, U]](other Flow[U], on JoinSpec[T, U, K], lower, upper time.Duration) Flow[P] {
	err := on.misuse()
	if lower > upper {
		err = kernel.Join(err, &ConfigError{Field: "lower bound", Value: lower, Want: fmt.Sprintf("must not be greater than the upper one, %v", upper)})
	}
	return joinBy(f, other, "interval-join", "IntervalJoin", on, err, func(seg *kernel.Segment, p kernel.Joining[T, U, K, P], down kernel.Port[P]) {
		kernel.IntervalJoin(seg, p, lower, upper, down)
	})
}

// WindowJoin pairs the items of f with those of other that have the same key and are in the same
// window, by the times in the items. Windows are adjacent and of one size, which must be positive;
// they begin at multiples of it since the zero time, in UTC, as those of a [Flow.TumblingWindow].
//
// The pairs of a window are given together, when the watermarks of both flows have reached its end:
// windows by their time, and in a window all pairs of the first item of f, in the order in which
// those of other came, then those of its second, and so on. What is left when both flows have ended
// is given then: flows that send no watermarks are kept whole, see [FromSignals]. An item whose
// window is over by a watermark which its own flow has sent before is late, and is dropped.
//
// A watermark goes down behind the windows that it closes, and a barrier when all windows have
// closed in which there are items of its flow that came before it. The rest is as for an
// [Flow.IntervalJoin]: how many items are kept, which flow goes first, the books, the end, the
// goroutines, names and policies.
func (f Flow[T]) WindowJoin[U any, K comparable, P Pair[T, U]](other Flow[U], on JoinSpec[T, U, K], size time.Duration) Flow[P] {
	err := on.misuse()
	if size <= 0 {
		err = kernel.Join(err, &ConfigError{Field: "size", Value: size, Want: "must be positive"})
	}
	return joinBy(f, other, "window-join", "WindowJoin", on, err, func(seg *kernel.Segment, p kernel.Joining[T, U, K, P], down kernel.Port[P]) {
		kernel.WindowJoin(seg, p, size, down)
	})
}

// joinBy makes one flow of two, which connect wires.
func joinBy[A, B any, K comparable, P Pair[A, B]](
	a Flow[A], b Flow[B], name, op string, on JoinSpec[A, B, K], err error,
	connect func(*kernel.Segment, kernel.Joining[A, B, K, P], kernel.Port[P]),
) Flow[P] {
	return Flow[P]{last: settings{At: callsite.Here(), Err: err}, wire: func(seg *kernel.Segment, last kernel.Site, down kernel.Port[P]) {
		connect(seg, kernel.Joining[A, B, K, P]{
			Site: last, Name: name, Op: op,
			A:    kernel.JoinInput[A, K]{Wire: a.connect, Key: on.keyA, At: on.atA},
			B:    kernel.JoinInput[B, K]{Wire: b.connect, Key: on.keyB, At: on.atB},
			Pair: paired[A, B, P], Most: on.most, Lead: on.lead,
		}, down)
	}}
}
