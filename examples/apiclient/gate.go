package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-streamz/streamz/ops"
)

// longest is what a call waits for a closed gate. If it would take longer, the call fails.
const longest = 10 * time.Second

// gate is what all calls go through. It is closed while the server wants no requests.
type gate struct {
	mu    sync.Mutex
	until time.Time
	cause string // the refusal that has closed it last
}

// close closes the gate for d, or leaves it closed if that is longer. cause names the refusal.
func (g *gate) close(d time.Duration, cause string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until, g.cause = until, cause
	}
}

// left is how long the gate is closed, and the refusal that has closed it last.
func (g *gate) left() (wait time.Duration, cause string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until), g.cause
}

// pass waits until the gate is open, and gives the refusal that had closed it.
func (g *gate) pass(ctx context.Context) (cause string, err error) {
	for { // it may be closed again meanwhile
		wait, cause := g.left()
		switch {
		case wait <= 0:
			return cause, nil
		case wait > longest:
			return "", ops.Permanent(fmt.Errorf("%w for %v, which is too long", errTooMany, wait))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
