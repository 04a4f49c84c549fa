package ops

import (
	"sync/atomic"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// stopwatch tells the time since it was first asked, to all runs that share a value: a
// duration is less than a time to keep, and to compare.
type stopwatch struct{ began atomic.Pointer[time.Time] }

// now is the time since the first call, by the clock of whoever asks.
func (s *stopwatch) now(clk Clock) time.Duration {
	if began := s.began.Load(); began != nil {
		return clock.Since(clk, *began)
	}
	now := clk.Now()
	s.began.CompareAndSwap(nil, &now)
	return clock.Since(clk, *s.began.Load())
}
