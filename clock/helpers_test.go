package clock_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// subject is a clock that a script can drive.
type subject struct {
	clock.Clock
	advance func(time.Duration)
	waiters func() int // nil if the clock does not count them
}

func fakeSubject() subject {
	f := clock.NewFake()
	return subject{Clock: f, advance: f.Advance, waiters: f.Waiters}
}

// realSubject works inside a bubble only, where sleeping moves the time.
func realSubject() subject {
	return subject{Clock: clock.Real(), advance: synctest.Sleep}
}

// poll returns the tick that waits on c, as the time since the epoch.
func poll(c <-chan time.Time) string {
	select {
	case at := <-c:
		return at.Sub(epoch).String()
	default:
		return "none"
	}
}

// script is a program for a clock: each step takes two bytes, what to do and
// with which number. Different clocks must log the same.
type script struct {
	on      subject
	timers  []clock.Timer
	tickers []clock.Ticker
	log     []string
}

func runScript(on subject, code []byte) []string {
	s := &script{on: on}
	for len(code) >= 2 {
		s.step(code[0], int(code[1]))
		code = code[2:]
	}
	for i := range s.timers {
		s.logf("timer %d left %s, stop %t", i, poll(s.timers[i].C()), s.timers[i].Stop())
	}
	for i := range s.tickers {
		s.logf("ticker %d left %s", i, poll(s.tickers[i].C()))
		s.tickers[i].Stop()
	}
	s.logState()
	return s.log
}

func (s *script) step(op byte, n int) {
	d := time.Duration(n%16) * time.Second
	switch op % 4 {
	case 0:
		s.create(n, d)
	case 1:
		s.timerStep(n, d)
	case 2:
		s.tickerStep(n, d)
	case 3:
		s.on.advance(d)
		s.logf("advance %v", d)
	}
	s.logState()
}

func (s *script) create(n int, d time.Duration) {
	if n < 128 {
		s.timers = append(s.timers, s.on.NewTimer(d-2*time.Second))
		s.logf("new timer %v", d-2*time.Second)
		return
	}
	s.tickers = append(s.tickers, s.on.NewTicker(d+time.Second))
	s.logf("new ticker %v", d+time.Second)
}

func (s *script) timerStep(n int, d time.Duration) {
	if len(s.timers) == 0 {
		return
	}
	i := n % len(s.timers)
	switch t := s.timers[i]; n / 16 % 3 {
	case 0:
		s.logf("timer %d reset %v: %t", i, d-2*time.Second, t.Reset(d-2*time.Second))
	case 1:
		s.logf("timer %d stop: %t", i, t.Stop())
	case 2:
		s.logf("timer %d receive: %s", i, poll(t.C()))
	}
}

func (s *script) tickerStep(n int, d time.Duration) {
	if len(s.tickers) == 0 {
		return
	}
	i := n % len(s.tickers)
	switch t := s.tickers[i]; n / 16 % 3 {
	case 0:
		t.Reset(d + time.Second)
		s.logf("ticker %d reset %v", i, d+time.Second)
	case 1:
		t.Stop()
		s.logf("ticker %d stop", i)
	case 2:
		s.logf("ticker %d receive: %s", i, poll(t.C()))
	}
}

func (s *script) logState() {
	s.logf("now %v", s.on.Now().Sub(epoch))
	if s.on.waiters != nil {
		s.logf("waiters %d", s.on.waiters())
	}
}

func (s *script) logf(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}
