package flow

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// Retry calls the function again for an item that failed, until it succeeds or has been
// called n times in all, and waits between two calls as wait says. The order of the items
// stays: those behind wait too, except in a stage with workers, where they wait for their
// worker or their turn. What lies below the stage is never repeated.
//
// An item that fails n times is left to what follows, see [Policy.Then], and that is Stop
// without it. A panic is not repeated, see [Policy.RetryPanics]. The calls repeated are
// counted as Retried in the report. When the run ends during a wait the item counts as
// held.
//
// Retry needs a function that is called for one item and gives one result: on a FlatMap, a
// gatherer or a processor over channels it is a configuration error. So it is as the
// default of a sub-flow that has such a stage, unless that has a policy of its own.
func Retry(n int, wait Backoff) Policy {
	p := Policy{kind: retry, retry: retrying{calls: n, wait: wait}, err: wait.err}
	if n < 1 {
		p.err = kernel.Join(p.err, &ConfigError{Field: "calls of Retry", Value: n, Want: "must be at least 1"})
	}
	return p
}

// retrying is the part of a policy that Retry and its options set.
type retrying struct {
	calls   int
	wait    Backoff
	when    func(error) bool
	timeout time.Duration
	panics  bool
}

// If repeats only calls whose error worth approves. Others are left at once to what
// follows.
func (p Policy) If(worth func(err error) bool) Policy {
	if worth == nil {
		p.err = kernel.Join(p.err, needs("function of If", "must not be nil"))
	}
	return p.retries("If", func(r *retrying) { r.when = worth })
}

// Timeout limits each call to d, by the clock of the run: the context that the function is
// given ends then, and the call has failed if it returns that context's error. The function
// has to watch its context; a call that does not is waited for. On a stage whose function
// is given no context Timeout is a configuration error; as the default of a sub-flow it does
// not concern such a stage.
func (p Policy) Timeout(d time.Duration) Policy {
	if d <= 0 {
		p.err = kernel.Join(p.err, &ConfigError{Field: "Timeout of Retry", Value: d, Want: "must be positive"})
	}
	return p.retries("Timeout", func(r *retrying) { r.timeout = d })
}

// RetryPanics repeats calls that panicked as well.
func (p Policy) RetryPanics() Policy {
	return p.retries("RetryPanics", func(r *retrying) { r.panics = true })
}

// retries changes a Retry, of which the others know nothing.
func (p Policy) retries(option string, set func(*retrying)) Policy {
	if p.kind != retry {
		p.err = kernel.Join(p.err, needs("policy", "must be a Retry to have "+option))
		return p
	}
	set(&p.retry)
	return p
}

// timeout is the one of the Retry among a policy and those after it.
func (p Policy) timeout() time.Duration {
	switch {
	case p.kind == retry:
		return p.retry.timeout
	case p.next != nil:
		return p.next.timeout()
	}
	return 0
}

func (r retrying) fits(use kernel.Use) error {
	switch {
	case use.Calls == kernel.CallsEmitter:
		return needs("OnError", "must not have a Retry: what the stage has emitted for an item cannot be taken back")
	case use.Calls == kernel.CallsElsewhere:
		return needs("OnError", "must not have a Retry: a processor over channels reports a failure when its call is over")
	case r.timeout > 0 && !use.Heeds && !use.Default:
		return needs("OnError", "must not have a Timeout: the stage's function is given no context")
	}
	return nil
}

func (r retrying) decider(next kernel.Decider) kernel.Decider {
	return func(ctx context.Context, f *kernel.Fault, blame error) kernel.Verdict {
		if f.Round < r.calls && r.worth(f) {
			return kernel.Verdict{Action: kernel.Again, Wait: r.wait.before(f.Round)}
		}
		return next(ctx, f, blame)
	}
}

func (r retrying) worth(f *kernel.Fault) bool {
	if f.Panicked() {
		return r.panics
	}
	return r.when == nil || r.when(f.Err)
}

// Backoff says how long a [Retry] waits before it calls again. The zero Backoff does not
// wait.
type Backoff struct {
	k   kernel.Backoff
	err error
}

// Constant waits d each time.
func Constant(d time.Duration) Backoff { return backoff(d, kernel.Backoff{Factor: 1}) }

// Exponential waits first before the second call and twice as long each time after that,
// but no longer than 30 seconds, or than first if that is more, see [Backoff.Cap]. Each
// wait is shortened at random by up to half of it, see [Backoff.Jitter].
func Exponential(first time.Duration) Backoff {
	return backoff(first, kernel.Backoff{Factor: 2, Most: max(30*time.Second, first), Jitter: 0.5})
}

func backoff(first time.Duration, k kernel.Backoff) Backoff {
	k.First = first
	b := Backoff{k: k}
	if first < 0 {
		b.err = &ConfigError{Field: "wait of a Backoff", Value: first, Want: "must not be negative"}
	}
	return b
}

// Cap limits each wait to d.
func (b Backoff) Cap(d time.Duration) Backoff {
	if d <= 0 {
		b.err = kernel.Join(b.err, &ConfigError{Field: "Cap of a Backoff", Value: d, Want: "must be positive"})
	}
	b.k.Most = d
	return b
}

// Jitter shortens each wait at random by up to share of it, so that many callers that
// failed together do not come back together. share is from 0, for exact waits, to 1.
func (b Backoff) Jitter(share float64) Backoff {
	if !(share >= 0 && share <= 1) {
		b.err = kernel.Join(b.err, &ConfigError{Field: "Jitter of a Backoff", Value: share, Want: "must be between 0 and 1"})
	}
	b.k.Jitter = share
	return b
}

// before gives the wait after a number of calls.
func (b Backoff) before(calls int) time.Duration { return b.k.Before(calls, rand.Float64()) }
