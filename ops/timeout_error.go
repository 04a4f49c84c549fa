package ops

import (
	"errors"
	"time"
)

// ErrTimeout is what every [TimeoutError] is to errors.Is.
var ErrTimeout = errors.New("streamz: the stream was too slow")

// TimeoutError is the failure of a [Timeout] whose limit was exceeded.
type TimeoutError struct {
	Kind  TimeoutKind
	After time.Duration // the limit
}

// TimeoutKind says which limit it was.
type TimeoutKind string

const (
	// TimeoutIdle: no item came for that time.
	TimeoutIdle TimeoutKind = "idle"
	// TimeoutInitial: the first item did not come within that time.
	TimeoutInitial TimeoutKind = "initial"
	// TimeoutCompletion: the input did not end within that time.
	TimeoutCompletion TimeoutKind = "completion"
	// TimeoutBackpressure: an item was not taken by the receiver within that time.
	TimeoutBackpressure TimeoutKind = "backpressure"
)

// Error says what did not happen within which time.
func (e *TimeoutError) Error() string {
	what := map[TimeoutKind]string{
		TimeoutIdle:         "no item came for ",
		TimeoutInitial:      "no first item came within ",
		TimeoutCompletion:   "the input did not end within ",
		TimeoutBackpressure: "an item was not taken within ",
	}
	return what[e.Kind] + e.After.String()
}

// Unwrap gives ErrTimeout.
func (e *TimeoutError) Unwrap() error { return ErrTimeout }
