package ops

import (
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/internal/kernel"
)

// circuit is the state of a CircuitBreaker, which all its runs share. All that belongs to a
// transition changes at once; who is to hear of it is told afterwards.
type circuit struct {
	stopwatch // times are by it
	rules     circuitRules
	closed    atomic.Uint64 // the era while it is closed, else 0: calls need nothing else then to begin
	shared    kernel.Shared[circuitBook]
}

type circuitBook struct {
	*circuit
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

func newCircuit(rules circuitRules) *circuit {
	c := &circuit{rules: rules}
	c.shared.Use(func(b *circuitBook) {
		*b = circuitBook{circuit: c, era: 1, recent: rolling{width: max(rules.window/10, 1)}}
		c.closed.Store(b.era)
	})
	return c
}

// admit tells whether a call may be made, and in which era.
func (c *circuit) admit(clk Clock) (era uint64, ok bool) {
	if era := c.closed.Load(); era != 0 {
		return era, true
	}
	now := c.now(clk)
	c.shared.Use(func(b *circuitBook) { era, ok = b.admit(now) })
	return era, ok
}

func (b *circuitBook) admit(now time.Duration) (era uint64, ok bool) {
	if b.state == CircuitOpen && now-b.since >= b.rules.recovery {
		b.become(CircuitHalfOpen)
	}
	switch {
	case b.state == CircuitClosed:
		return b.era, true
	case b.state == CircuitHalfOpen && b.trials < b.rules.trials:
		b.trials++
		return b.era, true
	}
	b.total.Rejected++
	return b.era, false
}

// done books what a call came to that was admitted in an era.
func (c *circuit) done(clk Clock, era uint64, v verdict) {
	now := c.now(clk)
	c.shared.Use(func(b *circuitBook) { b.done(now, era, v) })
}

func (b *circuitBook) done(now time.Duration, era uint64, v verdict) {
	b.count(now, v)
	switch {
	case era != b.era:
	case b.state == CircuitHalfOpen:
		b.tried(now, v)
	default:
		if b.recent.count(now, v); b.rules.broken(&b.recent) {
			b.trip(now)
		}
	}
}

// tried books a trial. One that was cancelled makes room for another.
func (b *circuitBook) tried(now time.Duration, v verdict) {
	switch v {
	case neither:
		b.trials--
	case failure:
		b.trip(now)
	default:
		if b.good++; b.good == b.rules.trials {
			b.recent = rolling{width: b.recent.width}
			b.become(CircuitClosed)
		}
	}
}

func (b *circuitBook) trip(now time.Duration) {
	b.since = now
	b.become(CircuitOpen)
}

// count books a call, in all.
func (b *circuitBook) count(now time.Duration, v verdict) {
	s := &b.total
	switch v {
	case neither:
		return
	case success:
		s.Successes++
		s.ConsecutiveFailures = 0
	default:
		s.Failures++
		s.ConsecutiveFailures++
		s.LastFailureTime = b.began.Load().Add(now)
	}
	s.Requests++
}

// become changes the state.
func (b *circuitBook) become(to CircuitState) {
	from := b.state
	b.state, b.total.State = to, to
	b.era++
	b.closed.Store(0)
	if to == CircuitClosed {
		b.closed.Store(b.era)
	}
	b.trials, b.good = 0, 0
	if b.rules.changed != nil || b.rules.opened != nil {
		b.news = append(b.news, transition{from, to, b.total})
	}
}

// stats is a copy.
func (c *circuit) stats() (s CircuitStats) {
	c.shared.Use(func(b *circuitBook) { s = b.total })
	return s
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
	c.shared.Use(func(b *circuitBook) {
		if ok = !b.telling && len(b.news) > 0; ok {
			n, b.news = b.news[0], b.news[1:]
			b.telling = true
		}
	})
	return n, ok
}

// tellOne gives the turn back also if a callback panics.
func (c *circuit) tellOne(n transition) {
	defer c.shared.Use(func(b *circuitBook) { b.telling = false })
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
