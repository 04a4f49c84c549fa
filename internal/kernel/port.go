package kernel

import (
	"errors"
	"time"
)

// ErrStop travels upstream, as the result of Push, when a stage needs no more
// items. It is not a failure: whoever returned it has already sent End down.
var ErrStop = errors.New("streamz: no more items are needed")

// Port is the receiving end of a stage. Both functions are called on the
// goroutine of the segment that the stage belongs to, one call at a time.
//
// A non-nil result means that nothing more may be pushed: it is ErrStop, the
// failure that ends the run, or the cause of its cancellation, and the caller
// returns it unchanged.
type Port[T any] struct {
	Push   func(T) error
	Signal func(Signal) error

	room  func() error // waits until Push would not, nil where that cannot be known
	offer Offer[T]     // to a receiver that may not be there, nil unless that is a channel's
	out   chan<- T     // that channel
	to    *Stage       // who receives
	queue *queue       // between the sender and the receiver, nil where they are fused
}

// With is a watermark that says what it and the one before it say together: the later time of the
// two, and whether the stream is idle by now.
func (s Signal) With(before Signal) Signal {
	if before.Time.After(s.Time) {
		s.Time = before.Time
	}
	return s
}

// by is a port for what comes by way of other functions to the same receiver.
func by[T, Out any](down Port[Out], push func(T) error, signal func(Signal) error) Port[T] {
	return Port[T]{Push: push, Signal: signal, room: down.room, to: down.to, queue: down.queue}
}

// SignalKind says what a Signal means.
type SignalKind uint8

const (
	// End: no item follows. A stage sees it at most once.
	End SignalKind = iota
	// Flush: emit what is held, then go on.
	Flush
	// Barrier: pass it on when everything before it has left the stage.
	Barrier
	// Watermark: no item with an earlier event time follows.
	Watermark
)

// String gives the kind's name.
func (k SignalKind) String() string {
	return [...]string{"end", "flush", "barrier", "watermark"}[k]
}

// Signal travels in order with the items. A stage that holds nothing passes
// every signal on as it comes, which is what a Port that shares its
// downstream's Signal function does.
type Signal struct {
	Kind SignalKind

	// Idle, of a Watermark, says that the stream will give nothing for a while, so that others
	// it comes together with need not wait for it. It holds until the next Watermark. The
	// number is 1 more for each place where the stream has been split since, and 0 for a stream
	// that is at work.
	Idle uint16

	ID   uint64    // of a Barrier, unique in its run
	Time time.Time // of a Watermark; the zero time claims nothing
	From *Stage    // the source that sent a Barrier
}
