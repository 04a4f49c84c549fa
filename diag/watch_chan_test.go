package diag_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/ops"
)

func TestWatchChan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ch := make(chan int, 4)
		start := time.Now()
		var got []diag.ChanStats
		done := make(chan error)
		go func() {
			done <- diag.WatchChan(ctx, "data", ch, time.Second, func(s diag.ChanStats) { got = append(got, s) })
		}()
		time.Sleep(1500 * ms)
		for range 3 {
			ch <- 1
		}
		time.Sleep(time.Second)
		<-ch
		close(ch) // is not seen
		time.Sleep(time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("WatchChan() = %v, want nil", err)
		}
		want := []diag.ChanStats{
			{Name: "data", Time: start, Len: 0, Cap: 4, High: 0},
			{Name: "data", Time: start.Add(time.Second), Len: 0, Cap: 4, High: 0},
			{Name: "data", Time: start.Add(2 * time.Second), Len: 3, Cap: 4, High: 3},
			{Name: "data", Time: start.Add(3 * time.Second), Len: 2, Cap: 4, High: 3},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// The channel may have any direction; the clock is that of the context.
func TestWatchChanDirections(t *testing.T) {
	type queue chan int
	fake := clock.NewFake()
	ch := make(chan int, 2)
	ch <- 1
	look := func(run func(context.Context, func(diag.ChanStats)) error) {
		t.Helper()
		ctx, cancel := context.WithCancel(clock.With(t.Context(), fake))
		err := run(ctx, func(s diag.ChanStats) {
			cancel()
			if s.Len != 1 || !s.Time.Equal(fake.Now()) {
				t.Errorf("got %v at %v, want one item at %v", s, s.Time, fake.Now())
			}
		})
		if err != nil {
			t.Errorf("WatchChan() = %v, want nil", err)
		}
	}
	look(func(ctx context.Context, fn func(diag.ChanStats)) error {
		return diag.WatchChan(ctx, "", (<-chan int)(ch), 1, fn)
	})
	look(func(ctx context.Context, fn func(diag.ChanStats)) error {
		return diag.WatchChan(ctx, "", queue(ch), 1, fn)
	})
	if n := fake.Waiters(); n != 0 {
		t.Errorf("%d timers are armed after the end, want 0", n)
	}
}

func TestWatchChanMisuse(t *testing.T) {
	var none context.Context
	got := configErrors(diag.WatchChan[int](none, "data", nil, -1, nil))
	want := []ops.ConfigError{
		{Stage: "data", Field: "context", Want: "must not be nil"},
		{Stage: "data", Field: "channel", Want: "must not be nil"},
		{Stage: "data", Field: "interval", Value: -time.Duration(1), Want: "must be positive"},
		{Stage: "data", Field: "function", Want: "must not be nil"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors mismatch (-want +got):\n%s", diff)
	}
}

func TestWatchChanEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := diag.WatchChan(ctx, "data", make(chan int), time.Second, func(diag.ChanStats) { t.Error("fn was called") })
	if err != nil {
		t.Errorf("WatchChan() = %v, want nil", err)
	}
}

func TestChanStatsOfAChannelWithoutRoom(t *testing.T) {
	if got := (diag.ChanStats{}).Fill(); got != 0 {
		t.Errorf("Fill() = %v, want 0", got)
	}
}
