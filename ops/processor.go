package ops

import (
	"context"

	"github.com/go-streamz/streamz/clock"
)

// Processor turns a stream of In into a stream of Out. Everything that a flow is
// made of is one: the processors of this package, stages, sub-flows, and types of
// your own.
//
// Process returns at once and may be called many times, also at once: all state
// belongs to the call. The processor closes the channel it returns, when in is
// closed and all is delivered, or soon after ctx has ended, and never blocks on a
// send past the end of ctx. What it still holds when ctx ends is dropped.
type Processor[In, Out any] interface {
	Process(ctx context.Context, in <-chan In) <-chan Out
	Name() string
}

// ProcessorFunc makes a Processor of a function. It has to keep the contract of
// [Processor] by itself.
type ProcessorFunc[In, Out any] func(ctx context.Context, in <-chan In) <-chan Out

// Process calls the function.
func (f ProcessorFunc[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return f(ctx, in)
}

// Name is "processor-func".
func (f ProcessorFunc[In, Out]) Name() string { return "processor-func" }

// Clock is where a processor takes the time from.
type Clock = clock.Clock

// RealClock is the system's clock.
var RealClock = clock.Real()

// Supervisor hears of the failures of bare processors that run with a context from
// [WithSupervisor]. Its methods may be called from several goroutines at once, and
// the stream waits for them.
type Supervisor interface {
	// ItemFailed reports an item whose processor has no OnError handler.
	ItemFailed(context.Context, *ItemError)
	// Failed reports what ended a run: a panic of a user function, or an error
	// that concerns no single item. It is called before the output closes, and
	// should end the context of all processors of the stream: those below would
	// take the closed output for the end and flush, and those above would wait for
	// a receiver.
	Failed(error)
}

type supervisorKey struct{}

// WithSupervisor gives a context whose processors report to s.
func WithSupervisor(ctx context.Context, s Supervisor) context.Context {
	return context.WithValue(ctx, supervisorKey{}, s)
}

// SupervisorFrom gives the [Supervisor] that ctx carries. A processor of your own tells
// it what went wrong; without one there is only the log.
func SupervisorFrom(ctx context.Context) (Supervisor, bool) {
	s, ok := ctx.Value(supervisorKey{}).(Supervisor)
	return s, ok
}
