package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/ops"
)

// answer is what the server says of an item.
type answer struct{ item, square int }

// The errors of a call that are no trouble of the server.
var (
	errTooMany = errors.New("the server wants no requests")
	errGone    = errors.New("the server does not have it")
)

// How calls are made.
const (
	workers  = 10
	tries    = 15 // of an item: each trial of the breaker that fails may cost it one
	backoff  = 20 * time.Millisecond
	most     = 320 * time.Millisecond // of the time between two tries
	recovery = 50 * time.Millisecond  // of the circuit breaker
	patience = 250 * time.Millisecond
)

// client asks a server for items.
type client struct {
	http *http.Client
	base string // of its addresses, as http://localhost:8080
	gate gate

	sent     atomic.Int64 // requests
	refused  atomic.Int64 // of them, with a 429
	repeated atomic.Int64 // calls
	opened   atomic.Int64 // times that the breaker opened
}

// guarded is call for as many items at once as there are workers, behind a circuit breaker,
// and repeated if that may help. The gate is in call, below all of them: whoever repeats a
// call comes to it again.
func (c *client) guarded() *ops.Retry[int, answer] {
	breaker := ops.NewCircuitBreaker(ops.NewAsyncMapper(c.call).WithWorkers(workers)).
		FailureThreshold(0.5).MinRequests(10).RecoveryTimeout(recovery).
		CountIf(trouble).
		OnOpen(func(ops.CircuitStats) { c.opened.Add(1) })
	return ops.NewRetry(breaker, tries).
		WithBackoff(backoff, 2).WithMaxDelay(most).
		RetryIf(func(error, int) bool { return true }). // also while the circuit is open
		OnRetry(func(int, int, error) { c.repeated.Add(1) })
}

// trouble tells whether an error is a reason to leave the server in peace. A server that says
// what it wants is well.
func trouble(err error) bool { return !errors.Is(err, errTooMany) && !errors.Is(err, errGone) }

// call asks for an item once, as soon as the gate is open.
func (c *client) call(ctx context.Context, item int) (answer, error) {
	cause, err := c.gate.pass(ctx)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience) // the gate takes no part of it
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/items/%d", c.base, item), nil)
	if err != nil {
		return answer{}, ops.Permanent(err)
	}
	if cause != "" {
		req.Header.Set(afterHeader, cause)
	}
	c.sent.Add(1)
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	return c.read(item, resp)
}

// read takes the answer from a response, or the error.
func (c *client) read(item int, resp *http.Response) (answer, error) {
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		c.refused.Add(1)
		c.gate.close(retryAfter(resp.Header), resp.Header.Get(refusalHeader))
		return answer{}, errTooMany
	case resp.StatusCode == http.StatusNotFound:
		return answer{}, ops.Permanent(errGone)
	case resp.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("the server says %s", resp.Status)
	}
	a := answer{item: item}
	if _, err := fmt.Fscan(resp.Body, &a.square); err != nil {
		return answer{}, err
	}
	return a, nil
}

// retryAfter is how long the server wants no requests. The header has seconds or a date; a
// server that names neither is left alone for a second.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return time.Until(date)
	}
	return time.Second
}
