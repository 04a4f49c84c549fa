package ops

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ErrStop is what a push or emit returns when nobody needs more items, for
// instance behind a [Take] that has had all of its own. It is not a failure:
// return it, or simply return.
//
// A [Gatherer] may return it from Push to end the stream early by itself: what it
// has emitted is delivered, End follows it, and the source is stopped.
var ErrStop = kernel.ErrStop

// ConfigError says that a processor cannot run as it was configured. Constructors
// and options never panic: the error stays in the value. Process panics with it
// in the caller's stack; a flow collects those of all its stages and returns them
// from Run before anything starts.
type ConfigError struct {
	Stage string // name of the processor or stage
	Field string // the argument or option
	Value any    // what it was
	Want  string // what it must be: "must be at least 1"
	At    string // file:line of the builder call, "" for a bare processor
}

// Error gives all of it in one line.
func (e *ConfigError) Error() string {
	var b strings.Builder
	if e.At != "" {
		b.WriteString(e.At + ": ")
	} else {
		b.WriteString("streamz: ")
	}
	fmt.Fprintf(&b, "%s: %s %s", e.Stage, e.Field, e.Want)
	if e.Value != nil {
		fmt.Fprintf(&b, ", got %v", e.Value)
	}
	return b.String()
}

// ItemError says that a processor's function failed for one item, which therefore
// has no output. It goes to the processor's OnError handler, else to the
// [Supervisor] in the context, else to the default slog logger: exactly once.
//
// The text leaves the item out, because it may be private.
type ItemError struct {
	Processor string
	Item      any
	Err       error
	Attempts  int // calls made for the item, the first included
	Time      time.Time
}

// Error names the processor and the cause.
func (e *ItemError) Error() string { return e.Processor + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ItemError) Unwrap() error { return e.Err }

// Letter is an item that failed for good, with its error: what a dead letter function
// is handed.
type Letter[T any] struct {
	Item     T
	Err      error     // what the function returned, or a *PanicError
	Stage    string    // name of the processor or stage
	Attempts int       // calls made for the item, the first included
	Time     time.Time // of the last failure
}

// MarshalJSON writes the letter with the error as text, which would else be lost.
func (l Letter[T]) MarshalJSON() ([]byte, error) {
	text := ""
	if l.Err != nil {
		text = l.Err.Error()
	}
	return json.Marshal(struct {
		Item     T         `json:"item"`
		Error    string    `json:"error"`
		Stage    string    `json:"stage"`
		Attempts int       `json:"attempts"`
		Time     time.Time `json:"time"`
	}{l.Item, text, l.Stage, l.Attempts, l.Time})
}

// PanicError is a panic of a user function, caught. If the value is an error it
// is reached by errors.Is and errors.As.
type PanicError struct {
	Processor string // name of the processor or stage
	Value     any    // what panic was called with
	Stack     []byte // where, as debug.Stack gives it, from the frame that panicked on
}

// Error names the processor, if it is known, and the value. The stack is in Stack.
func (e *PanicError) Error() string {
	if e.Processor == "" {
		return fmt.Sprintf("panic: %v", e.Value)
	}
	return fmt.Sprintf("%s: panic: %v", e.Processor, e.Value)
}

// Unwrap gives the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// itemError makes the error of a bare processor.
func itemError(f *kernel.Fault) *ItemError {
	err := f.Err
	if f.Panicked() {
		err = &PanicError{Processor: f.Stage.Name(), Value: f.Panic, Stack: f.Stack}
	}
	return &ItemError{
		Processor: f.Stage.Name(),
		Item:      f.Item,
		Err:       err,
		Attempts:  f.Attempt,
		Time:      f.Stage.Segment().Run().Now(),
	}
}
