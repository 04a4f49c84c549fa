package clock

import (
	"context"
	"time"
)

// WithTimeout returns a context derived from ctx that ends when d has passed on c,
// with [context.DeadlineExceeded] as its error and its cause, like one of
// [context.WithTimeout]. With d <= 0 it has ended already. A nil c stands for [Real].
//
// The returned function ends the context and frees what it holds. It returns when
// nothing of the context is left running, and is safe for concurrent use. It must be
// called.
//
// For Real this is context.WithTimeout itself. For any other clock the context takes one
// goroutine, it ends shortly after ctx and not together with it, and its Deadline is that
// of ctx: whoever asks for a Deadline compares it with the clock of the machine.
func WithTimeout(ctx context.Context, c Clock, d time.Duration) (context.Context, context.CancelFunc) {
	switch {
	case c == nil || c == Real():
		return context.WithTimeout(ctx, d)
	case ctx.Err() != nil:
		return context.WithCancel(ctx)
	}
	e := &expiry{Context: ctx, done: make(chan struct{})}
	if d <= 0 {
		e.end(context.DeadlineExceeded)
		return context.WithCancel(e)
	}
	timer := c.NewTimer(d)
	inner, cancel := context.WithCancel(e)
	left := make(chan struct{})
	go func() {
		defer close(left)
		defer timer.Stop()
		e.wait(timer.C(), inner.Done())
	}()
	return inner, func() {
		cancel()
		<-left
	}
}

// expiry is the parent of a context of package context, which takes over the error with
// which this one ends, and hands it on to the contexts derived from it. Ending that one by
// its own cancel function would say Canceled.
//
// Its AfterFunc is called once, while the context is made, and what it is given runs on
// the goroutine that waits: else package context would start one more.
type expiry struct {
	context.Context
	done   chan struct{}
	err    error  // written before done is closed
	expire func() // ends the derived context
}

func (e *expiry) Done() <-chan struct{} { return e.done }

func (e *expiry) Err() error {
	select {
	case <-e.done:
		return e.err
	default:
		return nil
	}
}

// AfterFunc is what package context looks for in a parent that is not its own.
func (e *expiry) AfterFunc(f func()) (stop func() bool) {
	e.expire = f
	return func() bool { return true } // a derived context ends only once
}

// wait waits for the time, for the parent or for the derived context to end.
func (e *expiry) wait(rings <-chan time.Time, canceled <-chan struct{}) {
	select {
	case <-rings:
		e.end(context.DeadlineExceeded)
	case <-e.Context.Done():
		e.end(e.Context.Err())
	case <-canceled:
		return
	}
	e.expire()
}

func (e *expiry) end(err error) {
	e.err = err
	close(e.done)
}
