package diag

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-streamz/streamz/clock"
)

// ChanStats is what [WatchChan] tells of a channel.
type ChanStats struct {
	Name string
	Time time.Time // of the look
	Len  int       // items that wait in the channel
	Cap  int       // items that can
	High int       // the highest Len of all looks so far
}

// Fill is the share of the room that is in use, from 0 to 1, and 0 of a channel without room.
func (s ChanStats) Fill() float64 {
	if s.Cap == 0 {
		return 0
	}
	return float64(s.Len) / float64(s.Cap)
}

// String gives all of it in one line.
func (s ChanStats) String() string {
	return fmt.Sprintf("%s: %d of %d items (%.0f%%), at most %d", s.Name, s.Len, s.Cap, 100*s.Fill(), s.High)
}

// LogValue is for a line of slog: the stats as a group.
func (s ChanStats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", s.Name), slog.Int("len", s.Len), slog.Int("cap", s.Cap), slog.Int("high", s.High))
}

// WatchChan looks at a channel, at once and then each time that every has passed by the clock
// of ctx, see clock.From, and calls fn with what it sees. It takes nothing from the channel. It
// returns nil when ctx has ended, and has no goroutine of its own:
//
//	go diag.WatchChan(ctx, "data", data, time.Second, func(s diag.ChanStats) { log.Println(s) })
//
// Between two looks the channel may have been fuller than High says. Whether it was closed
// cannot be seen without taking an item, so ctx has to end with whatever uses the channel. An
// unbuffered channel has a Len of 0 always. Looks that fall due while fn runs are skipped.
//
// ctx, ch and fn must not be nil, and every must be positive: else it returns a
// [ops.ConfigError] at once. In a flow the report and the snapshots tell how full queues are.
func WatchChan[T any](ctx context.Context, name string, ch <-chan T, every time.Duration, fn func(ChanStats)) error {
	var bad misuse
	if ctx == nil {
		bad = bad.with("context", nil, "must not be nil")
	}
	if ch == nil {
		bad = bad.with("channel", nil, "must not be nil")
	}
	if every <= 0 {
		bad = bad.with("interval", every, "must be positive")
	}
	if fn == nil {
		bad = bad.with("function", nil, "must not be nil")
	}
	if bad != nil {
		return bad.err(name)
	}
	watch(ctx, every, func(now time.Time, high int) int {
		s := ChanStats{Name: name, Time: now, Len: len(ch), Cap: cap(ch)}
		s.High = max(high, s.Len)
		fn(s)
		return s.High
	})
	return nil
}

// watch looks at once and then each time that every has passed, until ctx ends.
func watch(ctx context.Context, every time.Duration, look func(now time.Time, high int) int) {
	c := clock.From(ctx)
	ticker := c.NewTicker(every)
	defer ticker.Stop()
	for high := 0; ctx.Err() == nil; {
		high = look(c.Now(), high)
		select {
		case <-ticker.C():
		case <-ctx.Done():
		}
	}
}
