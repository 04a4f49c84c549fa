package clock

import (
	"context"
	"time"
)

// Clock tells the time and makes what waits for it. Implementations are safe
// for concurrent use, and none of the methods blocks.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// NewTimer returns a timer that fires once, d from now. With d <= 0 it
	// fires at once.
	NewTimer(d time.Duration) Timer
	// NewTicker returns a ticker that fires every d, first d from now. It
	// panics if d <= 0.
	NewTicker(d time.Duration) Ticker
}

// Timer fires once for each time it is armed. The methods are safe for
// concurrent use and do not block.
type Timer interface {
	// C returns the channel on which the timer fires, always the same one.
	// It belongs to the timer and is never closed.
	C() <-chan time.Time
	// Reset arms the timer to fire d from now, whether it was armed, stopped
	// or has fired. It reports whether it took the place of a firing that had
	// not been received. After it returns no stale tick is received.
	Reset(d time.Duration) bool
	// Stop disarms the timer and reports whether it kept a firing from being
	// received. After it returns no stale tick is received.
	Stop() bool
}

// Ticker fires at a steady interval until it is stopped. A receiver that is
// late by more than one tick loses ticks; the later ones stay in phase. The
// methods are safe for concurrent use and do not block.
type Ticker interface {
	// C returns the channel on which the ticker fires, always the same one.
	// It belongs to the ticker and is never closed.
	C() <-chan time.Time
	// Reset arms the ticker to fire every d, first d from now, also after
	// Stop. It panics if d <= 0. After it returns no stale tick is received.
	Reset(d time.Duration)
	// Stop disarms the ticker. After it returns no stale tick is received.
	Stop()
}

// Real returns the clock of package time. All values it returns are equal. In
// a bubble of testing/synctest it tells the virtual time of that bubble.
func Real() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

func (realClock) NewTicker(d time.Duration) Ticker { return realTicker{time.NewTicker(d)} }

type realTimer struct{ *time.Timer }

func (t realTimer) C() <-chan time.Time { return t.Timer.C }

type realTicker struct{ *time.Ticker }

func (t realTicker) C() <-chan time.Time { return t.Ticker.C }

// Since returns how long ago t was on c. For [Real] it is [time.Since], which costs less
// than Now.
func Since(c Clock, t time.Time) time.Duration {
	if _, ok := c.(realClock); ok {
		return time.Since(t)
	}
	return c.Now().Sub(t)
}

// Sleep blocks until d has passed on c or ctx has ended. It returns nil after
// d, and [context.Cause] of ctx once ctx has ended: an ended ctx outranks d,
// also if both happen together. With d <= 0, or if ctx has ended already, it
// returns at once and arms no timer. No timer is left armed when it returns.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}
