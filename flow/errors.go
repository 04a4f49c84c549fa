package flow

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/go-streamz/streamz/internal/callsite"
	"github.com/go-streamz/streamz/internal/goroutines"
	"github.com/go-streamz/streamz/internal/kernel"
	"github.com/go-streamz/streamz/ops"
)

// ErrEmpty is what [Flow.First] and [Flow.Last] return for a flow without items.
var ErrEmpty = errors.New("flow: no items")

// ErrStop is what emit returns in a source, and what a [Sink] or the function of
// [Flow.ForEach] may return, when no more items are needed. It is [ops.ErrStop].
var ErrStop = ops.ErrStop

// ErrDraining is the cause with which the context of a source ends when the run is being
// drained, see [Running.Drain].
var ErrDraining = kernel.ErrDraining

// ConfigError says that a stage cannot run as it was configured. Run returns those of
// all stages, joined, before anything starts.
type ConfigError = ops.ConfigError

// PanicError is a panic of a user function, caught. It is the Err of a [StageError].
type PanicError = ops.PanicError

// StageError says which stage failed, and why.
type StageError struct {
	Stage   string // name, unique in the run: given with Named, else the processor's
	Op      string // what the stage does: "TryMap"
	At      string // file:line of the builder call
	Item    any    // the item that failed, nil if the failure concerns no single one
	Attempt int    // which call for the item failed, from 1
	Err     error  // what the function returned, or a *PanicError

	text string // the item, for the message
}

// Error gives the stage, the place and the cause. The item is left out, because it may
// be private, unless the run was told how to write it: see [WithItemFormat].
func (e *StageError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s", e.Stage, e.Op)
	if e.At != "" {
		b.WriteString(" at " + short(e.At))
	}
	b.WriteByte(')')
	if e.Attempt > 1 {
		fmt.Fprintf(&b, ", call %d", e.Attempt)
	}
	if e.text != "" {
		b.WriteString(": item " + e.text)
	}
	if p, ok := e.Err.(*PanicError); ok {
		return b.String() + fmt.Sprintf(": panic: %v", p.Value)
	}
	return b.String() + ": " + textOf(e.Err)
}

// list writes items one after the other: first, then each behind the one before and sep. Of
// none it writes nothing.
func list[T any](first, sep string, items []T, text func(T) string) string {
	var b strings.Builder
	for i, item := range items {
		b.WriteString([]string{first, sep}[min(i, 1)] + text(item))
	}
	return b.String()
}

// inCode says where the goroutine of a stack is, "" if the stack is not known.
func inCode(stack string) string {
	if at := goroutines.Top(stack); at != "" {
		return " in " + at
	}
	return ""
}

// textOf is the text of a user's error, whose method may panic: what failed is to be told
// all the same.
func textOf(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(%T, whose Error panicked: %v)", err, v)
		}
	}()
	return err.Error()
}

// Unwrap gives the cause.
func (e *StageError) Unwrap() error { return e.Err }

// errGoexit explains what has no stack of its own to show.
var errGoexit = errors.New("the function ended its goroutine with runtime.Goexit")

// errStrayStop is what ErrStop means where it cannot end the flow. It does not wrap it: a
// sink that runs a flow of its own would else take that failure for an early stop.
var errStrayStop = errors.New("the function returned ErrStop, but only a source, a gatherer and a sink can end the flow; Take can as well")

// faultError is the cause of a Fault, as users see it.
func faultError(f *kernel.Fault) error {
	switch {
	case f.Panic == any(kernel.ErrGoexit):
		return errGoexit
	case f.Panicked():
		return &PanicError{Processor: f.Stage.Name(), Value: f.Panic, Stack: f.Stack}
	}
	if errors.Is(f.Err, ErrStop) {
		return errStrayStop
	}
	return f.Err
}

// misuse fills in what the stage itself does not know of its configuration errors.
func misuse(site kernel.Site, name string, err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, err := range many.Unwrap() {
			errs = append(errs, misuse(site, name, err))
		}
		return errors.Join(errs...)
	}
	e := ConfigError{Field: "processor", Want: err.Error()}
	switch err := err.(type) {
	case *ConfigError:
		e = *err
	case *kernel.Thrown:
		e.Field, e.Value, e.Want = "Name", &PanicError{Value: err.Value, Stack: err.Stack}, "must return"
	case *kernel.UsedTwice:
		e.Field, e.Want = "source", "can be used once in a job, it is also used at "+place(err.At)
	case *kernel.ApartError, *kernel.KeepsError:
		e.Field = "stages"
	}
	switch err {
	case kernel.ErrNoPolicy, kernel.ErrSourcePolicy:
		e.Field, e.Want = "OnError", "has no effect: "+err.Error()
	case kernel.ErrNoWorkers, kernel.ErrKeyedWorkers, kernel.ErrFewSlots:
		e.Field, e.Want = "Scaled", "cannot be: "+err.Error()
	}
	e.Stage, e.At = name, place(site.At)
	return &e
}

// place gives the place of a builder call, the innermost one outside this package, as
// file:line.
func place(at callsite.Site) string { return at.Outside("github.com/go-streamz/streamz/flow") }

// short cuts a file:line down to the file and its folder.
func short(at string) string {
	dir, file := path.Split(at)
	return path.Join(path.Base(dir), file)
}
