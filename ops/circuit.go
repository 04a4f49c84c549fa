package ops

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// circuit is the state of a CircuitBreaker, which all its runs share. All that belongs to a
// transition changes under the lock; who is to hear of it is told afterwards.
type circuit struct {
	rules  circuitRules
	began  atomic.Pointer[time.Time] // times are since then
	closed atomic.Uint64             // the era while it is closed, else 0: calls need no lock then to begin

	mu     sync.Mutex
	state  CircuitState
	era    uint64 // of the state, from 1: what a call of an earlier one came to does not matter
	recent rolling
	since  time.Duration // when it opened
	trials int           // of the half-open state
	good   int           // of these
	total  CircuitStats

	news    []transition // to be told, in order
	telling bool
}

// circuitRules are what the options say.
type circuitRules struct {
	threshold float64
	least     int
	recovery  time.Duration
	trials    int
	window    time.Duration
	changed   func(from, to CircuitState)
	opened    func(CircuitStats)
}

// transition is what the callbacks are told.
type transition struct {
	from, to CircuitState
	stats    CircuitStats
}

// verdict is what a call came to.
type verdict uint8

const (
	failure verdict = iota
	success
	neither // it was cancelled
)

// now is the time since the first call, by the clock of whoever asks.
func (c *circuit) now(clk Clock) time.Duration {
	if began := c.began.Load(); began != nil {
		return clock.Since(clk, *began)
	}
	now := clk.Now()
	c.began.CompareAndSwap(nil, &now)
	return clock.Since(clk, *c.began.Load())
}

func newCircuit(rules circuitRules) *circuit {
	c := &circuit{rules: rules, era: 1, recent: rolling{width: max(rules.window/10, 1)}}
	c.closed.Store(c.era)
	return c
}

// admit tells whether a call may be made, and in which era.
func (c *circuit) admit(clk Clock) (era uint64, ok bool) {
	if era := c.closed.Load(); era != 0 {
		return era, true
	}
	now := c.now(clk)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == CircuitOpen && now-c.since >= c.rules.recovery {
		c.become(CircuitHalfOpen)
	}
	switch c.state {
	case CircuitClosed:
		return c.era, true
	case CircuitHalfOpen:
		if c.trials < c.rules.trials {
			c.trials++
			return c.era, true
		}
	}
	c.total.Rejected++
	return c.era, false
}

// done books what a call came to that was admitted in an era.
func (c *circuit) done(clk Clock, era uint64, v verdict) {
	now := c.now(clk)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(now, v)
	if era != c.era {
		return
	}
	if c.state == CircuitHalfOpen {
		c.tried(now, v)
		return
	}
	if c.recent.count(now, v); c.rules.broken(&c.recent) {
		c.trip(now)
	}
}

// tried books a trial. One that was cancelled makes room for another.
func (c *circuit) tried(now time.Duration, v verdict) {
	switch v {
	case neither:
		c.trials--
	case failure:
		c.trip(now)
	default:
		if c.good++; c.good == c.rules.trials {
			c.recent = rolling{width: c.recent.width}
			c.become(CircuitClosed)
		}
	}
}

func (c *circuit) trip(now time.Duration) {
	c.since = now
	c.become(CircuitOpen)
}

// count books a call, in all.
func (c *circuit) count(now time.Duration, v verdict) {
	s := &c.total
	switch v {
	case neither:
		return
	case success:
		s.Successes++
		s.ConsecutiveFailures = 0
	default:
		s.Failures++
		s.ConsecutiveFailures++
		s.LastFailureTime = c.began.Load().Add(now)
	}
	s.Requests++
}

// become changes the state.
func (c *circuit) become(to CircuitState) {
	from := c.state
	c.state, c.total.State = to, to
	c.era++
	c.closed.Store(0)
	if to == CircuitClosed {
		c.closed.Store(c.era)
	}
	c.trials, c.good = 0, 0
	if c.rules.changed != nil || c.rules.opened != nil {
		c.news = append(c.news, transition{from, to, c.total})
	}
}

// stats is a copy.
func (c *circuit) stats() CircuitStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// tell has the callbacks told of what happened, in order and one at a time: by whoever comes
// first, so that a callback may use the breaker.
func (c *circuit) tell() {
	if c.rules.changed == nil && c.rules.opened == nil {
		return
	}
	for n, ok := c.next(); ok; n, ok = c.next() {
		c.tellOne(n)
	}
}

// next takes the oldest that is to be told, unless somebody is telling.
func (c *circuit) next() (n transition, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.telling || len(c.news) == 0 {
		return n, false
	}
	n, c.news = c.news[0], c.news[1:]
	c.telling = true
	return n, true
}

// tellOne gives the turn back also if a callback panics.
func (c *circuit) tellOne(n transition) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.telling = false
	}()
	if c.rules.changed != nil {
		c.rules.changed(n.from, n.to)
	}
	if c.rules.opened != nil && n.to == CircuitOpen {
		c.rules.opened(n.stats)
	}
}

// broken tells whether too many of the calls have failed.
func (r *circuitRules) broken(recent *rolling) bool {
	sum := recent.sum
	return sum.failures > 0 && sum.calls >= r.least && float64(sum.failures) >= r.threshold*float64(sum.calls)
}

// rolling counts the calls of a window of time, in buckets of a tenth of it: what is older
// than that goes bucket by bucket.
type rolling struct {
	width   time.Duration // of a bucket
	buckets [10]callCounts
	at      int64 // number of the newest
	sum     callCounts
}

type callCounts struct{ calls, failures int }

// count books a call. Time that seems to have gone back stands still.
func (r *rolling) count(now time.Duration, v verdict) {
	if v == neither {
		return
	}
	r.advance(int64(now / r.width))
	b := &r.buckets[r.at%int64(len(r.buckets))]
	b.calls++
	r.sum.calls++
	if v == failure {
		b.failures++
		r.sum.failures++
	}
}

// advance empties the buckets that are to be used again.
func (r *rolling) advance(to int64) {
	if to-r.at >= int64(len(r.buckets)) {
		*r = rolling{width: r.width, at: to}
	}
	for r.at < to {
		r.at++
		b := &r.buckets[r.at%int64(len(r.buckets))]
		r.sum.calls -= b.calls
		r.sum.failures -= b.failures
		*b = callCounts{}
	}
}
