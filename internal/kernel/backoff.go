package kernel

import (
	"math"
	"time"
)

// Backoff is how long to wait before a call is repeated. The zero Backoff does not wait.
type Backoff struct {
	First  time.Duration
	Factor float64
	Most   time.Duration // 0 for no limit
	Jitter float64       // the share by which a wait may be shortened, from 0 to 1
}

// Before gives the wait after a number of calls, shortened by a share of the jitter from 0
// to 1. It stops to grow at the limit, or where a Duration ends.
func (b Backoff) Before(calls int, share float64) time.Duration {
	if b.First <= 0 { // else nothing times infinity
		return 0
	}
	most := float64(math.MaxInt64 / 2)
	if b.Most > 0 {
		most = float64(b.Most)
	}
	d := min(float64(b.First)*math.Pow(b.Factor, float64(calls-1)), most)
	return time.Duration(d * (1 - b.Jitter*share))
}
