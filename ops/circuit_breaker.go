package ops

import (
	"context"
	"errors"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// ErrCircuitOpen is the error of an item that a [CircuitBreaker] has not even tried.
var ErrCircuitOpen = errors.New("the circuit is open")

// CircuitState is what a [CircuitBreaker] lets through.
type CircuitState int

const (
	// CircuitClosed: each item is tried.
	CircuitClosed CircuitState = iota
	// CircuitOpen: none is.
	CircuitOpen
	// CircuitHalfOpen: a few are, to see whether the trouble is over.
	CircuitHalfOpen
)

// String is "closed", "open" or "half-open", and "unknown" for any other value.
func (s CircuitState) String() string {
	switch s {
	case CircuitClosed:
		return "closed"
	case CircuitOpen:
		return "open"
	case CircuitHalfOpen:
		return "half-open"
	}
	return "unknown"
}

// CircuitStats are the numbers of a [CircuitBreaker] since it was made.
type CircuitStats struct {
	Requests            int64 // calls that succeeded or failed
	Failures            int64
	Successes           int64
	Rejected            int64     // items that were not tried
	ConsecutiveFailures int64     // since the last success
	LastFailureTime     time.Time // zero if there was none
	State               CircuitState
}

// CircuitBreaker calls a processor for each item, and stops to call it while too many calls
// fail: what is in trouble is left in peace, and items fail at once instead of late. Results
// come in the order of the items.
//
//   - Emits: what the processor gives for each item that is tried and succeeds
//   - Holds: one item, or as many as the workers of the processor do
//   - Backpressures: while a call runs, and while its item waits for the receiver
//   - Completes: when the input ends, after the item in hand
//   - Cancels: drops what it holds when the calls in flight have returned
//
// How the processor is called, and what its workers are, is described at [Retry]. Here too a
// call that takes long is a success, unless there is a timeout, and an item that the
// processor filters out is one.
//
// While the breaker is closed it counts the calls of the last minute, in ten parts that go
// one after the other. It opens when there were at least 10 of them and half or more have
// failed. While it is open an item is not tried: it fails with [ErrCircuitOpen]. After 30
// seconds the next item is a trial, and the breaker half-open: up to three items are tried,
// and others fail while these run. If all trials succeed it is closed, and counts anew; as
// soon as one fails it is open for another 30 seconds. Each of these numbers has an option.
// A call that began before the state changed does not count for the new state, and one that
// the end of the context has cut off counts for nothing. A panic is a failure.
//
// All runs of the value share its state, and so do calls of [CircuitBreaker.Call]: they are
// all about the same thing. A copy that an option makes has a state of its own. The time is
// that of the breaker's clock, else of the run's, so runs at once need the same one.
type CircuitBreaker[In, Out any] struct {
	wrapper[In, Out]
	rules   circuitRules
	counts  func(error) bool // nil for all
	circuit *circuit         // nil in the zero value
}

// NewCircuitBreaker makes a CircuitBreaker, named "circuit-breaker", around inner, which must not
// be nil. The clock is optional; without it the breaker takes the clock of the run, or the
// real one.
//
//streamz:stage CircuitBreaker(inner Processor[In, Out]) NewCircuitBreaker(inner)
//streamz:example flow.Of("1", "2").CircuitBreaker(ops.NewTryMapper(strconv.Atoi))
//streamz:output [1 2]
//streamz:marble e-a---a---d-d-d-----d-e-| f.Then(ops.NewCircuitBreaker(ops.NewCall(work)).MinRequests(3).WithTimeout(26 * time.Millisecond).RecoveryTimeout(90 * time.Millisecond)).OnError(flow.Skip())
func NewCircuitBreaker[In, Out any](inner Processor[In, Out], clk ...Clock) *CircuitBreaker[In, Out] {
	b := &CircuitBreaker[In, Out]{wrapper: wrap("circuit-breaker", inner, clk)}
	b.rules = circuitRules{threshold: 0.5, least: 10, recovery: 30 * time.Second, trials: 3, window: time.Minute}
	return b.anew()
}

// anew gives the breaker a state of its own.
func (b *CircuitBreaker[In, Out]) anew() *CircuitBreaker[In, Out] {
	b.circuit = newCircuit(b.rules)
	return b
}

// WithName gives a copy with another name.
func (b *CircuitBreaker[In, Out]) WithName(name string) *CircuitBreaker[In, Out] {
	c := *b
	c.name = name
	return c.anew()
}

// FailureThreshold gives a copy that opens when this share of the calls has failed, from 0 to
// 1. With 0 one failure is enough.
func (b *CircuitBreaker[In, Out]) FailureThreshold(share float64) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.threshold = share
	if !(share >= 0 && share <= 1) { // which NaN is not
		c.misuse("failure threshold", share, "must be between 0 and 1")
	}
	return c.anew()
}

// MinRequests gives a copy that does not open before n calls were made within its window. n
// must be at least 1.
func (b *CircuitBreaker[In, Out]) MinRequests(n int) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.least = n
	if n < 1 {
		c.misuse("least number of requests", n, "must be at least 1")
	}
	return c.anew()
}

// RecoveryTimeout gives a copy that tries an item again when it has been open for d. d must
// not be negative; with 0 the next item is a trial.
func (b *CircuitBreaker[In, Out]) RecoveryTimeout(d time.Duration) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.recovery = d
	if d < 0 {
		c.misuse("recovery timeout", d, "must not be negative")
	}
	return c.anew()
}

// HalfOpenRequests gives a copy that closes when n trials have succeeded. n must be at least 1.
func (b *CircuitBreaker[In, Out]) HalfOpenRequests(n int) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.trials = n
	if n < 1 {
		c.misuse("number of trials", n, "must be at least 1")
	}
	return c.anew()
}

// WithWindow gives a copy that counts the calls of the last d. d must be positive.
func (b *CircuitBreaker[In, Out]) WithWindow(d time.Duration) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.window = d
	if d <= 0 {
		c.misuse("window", d, "must be positive")
	}
	return c.anew()
}

// CountIf gives a copy for which an error is a failure of what is called only if counts says
// so. Any other is a success to the breaker, as the processor has answered, and still the
// error of its item. Workers call it at once.
func (b *CircuitBreaker[In, Out]) CountIf(counts func(error) bool) *CircuitBreaker[In, Out] {
	c := *b
	c.counts = counts
	if counts == nil {
		c.misuse("CountIf", nil, "must not be nil")
	}
	return c.anew()
}

// FailWhen gives a copy for which a result is a failure if fail gives an error for it. Workers
// call it at once.
func (b *CircuitBreaker[In, Out]) FailWhen(fail func(Out) error) *CircuitBreaker[In, Out] {
	c := *b
	c.judge(fail)
	return c.anew()
}

// EmptyOK gives a copy for which a processor that is not a [Caller] succeeds also if it ends
// without an output and an error, see [Retry.EmptyOK].
func (b *CircuitBreaker[In, Out]) EmptyOK(ok bool) *CircuitBreaker[In, Out] {
	c := *b
	c.emptyOK = ok
	return c.anew()
}

// WithTimeout gives a copy that limits each call to d, see [Retry.WithTimeout].
func (b *CircuitBreaker[In, Out]) WithTimeout(d time.Duration) *CircuitBreaker[In, Out] {
	c := *b
	c.limit(d)
	return c.anew()
}

// OnStateChange gives a copy that tells of each change of its state, in order and one at a
// time, on the goroutine of a call. A slow one slows the stream, and those of other
// goroutines do not wait for it.
func (b *CircuitBreaker[In, Out]) OnStateChange(tell func(from, to CircuitState)) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.changed = tell
	if tell == nil {
		c.misuse("OnStateChange", nil, "must not be nil")
	}
	return c.anew()
}

// OnOpen gives a copy that tells when it opens, with its numbers of that moment, after
// OnStateChange and like that.
func (b *CircuitBreaker[In, Out]) OnOpen(tell func(CircuitStats)) *CircuitBreaker[In, Out] {
	c := *b
	c.rules.opened = tell
	if tell == nil {
		c.misuse("OnOpen", nil, "must not be nil")
	}
	return c.anew()
}

// OnError gives a copy that hands each failed item to handle, those that were not tried as
// well, one at a time. In a flow the stage's policy decides what happens then, and handle is
// told afterwards.
func (b *CircuitBreaker[In, Out]) OnError(handle func(context.Context, *ItemError)) *CircuitBreaker[In, Out] {
	c := *b
	c.onError(handle)
	return c.anew()
}

// State is the state. An open breaker stays open until an item comes. It may be called at any
// time.
func (b *CircuitBreaker[In, Out]) State() CircuitState { return b.Stats().State }

// Stats gives the numbers of all runs. It may be called at any time.
func (b *CircuitBreaker[In, Out]) Stats() CircuitStats {
	if b.circuit == nil {
		return CircuitStats{}
	}
	return b.circuit.stats()
}

// Call does for one item what Process does for each, see [Caller].
func (b *CircuitBreaker[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	return single(b.results(ctx, in))
}

// Process runs the CircuitBreaker over channels, see [Processor].
func (b *CircuitBreaker[In, Out]) Process(ctx context.Context, in <-chan In) <-chan Out {
	return drive(ctx, in, b.Kernel())
}

// Kernel describes the processor to flows, which fuse it.
func (b *CircuitBreaker[In, Out]) Kernel() kernel.Spec[In, Out] {
	return b.spec(kernel.Spec[In, Out]{Self: b, Op: "CircuitBreaker"}, false, b.do)
}

func (b *CircuitBreaker[In, Out]) results(ctx context.Context, in In) (out Out, err error) {
	if err := b.err(); err != nil {
		return out, err
	}
	return b.do(ctx, b.alone(ctx), in)
}

// do books the call as a failure unless it returns, by a panic or a Goexit.
func (b *CircuitBreaker[In, Out]) do(ctx context.Context, p *pace, v In) (out Out, err error) {
	era, ok := b.circuit.admit(p.clk)
	b.circuit.tell()
	if !ok {
		return out, ErrCircuitOpen
	}
	came := failure
	defer func() {
		b.circuit.done(p.clk, era, came)
		b.circuit.tell()
	}()
	out, err = b.attempt(ctx, p, v)
	came = b.judgement(ctx, err)
	return out, err
}

func (b *CircuitBreaker[In, Out]) judgement(ctx context.Context, err error) verdict {
	switch {
	case err == nil || b.succeeded(err):
		return success
	case cancelled(ctx, err):
		return neither
	case b.counts != nil && !b.counts(err):
		return success
	}
	return failure
}
