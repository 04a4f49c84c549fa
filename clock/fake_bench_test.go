package clock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-streamz/streamz/clock"
)

func BenchmarkFakeTimerReset(b *testing.B) {
	for _, n := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("waiters=%d", n), func(b *testing.B) {
			c := clock.NewFake()
			for i := range n - 1 {
				c.NewTimer(time.Duration(1+i) * time.Second)
			}
			timer := c.NewTimer(time.Second)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				timer.Reset(time.Duration(1+i%n) * time.Second)
			}
		})
	}
}

func BenchmarkFakeAdvance(b *testing.B) {
	for _, n := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("tickers=%d", n), func(b *testing.B) {
			c := clock.NewFake()
			step := time.Second / time.Duration(n)
			for range n {
				c.NewTicker(time.Second)
				c.Advance(step)
			}
			b.ReportAllocs()
			for b.Loop() {
				c.Advance(step)
			}
		})
	}
}
