package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/google/go-cmp/cmp"
)

func TestNewFake_standsStill(t *testing.T) {
	c := clock.NewFake()
	for range 2 {
		if want, got := epoch, c.Now(); want != got {
			t.Errorf("Now(): want %v, got %v", want, got)
		}
	}
}

func TestNewFakeAt_dropsMonotonicReading(t *testing.T) {
	at := time.Now()
	if want, got := at.Round(0), clock.NewFakeAt(at).Now(); want != got {
		t.Errorf("Now(): want %v, got %v", want, got)
	}
}

func TestFake_zeroValue(t *testing.T) {
	var c clock.Fake
	timer := c.NewTimer(time.Second)
	c.Advance(time.Second)
	if want, got := (time.Time{}).Add(time.Second), <-timer.C(); want != got {
		t.Errorf("timer of a zero Fake: want %v, got %v", want, got)
	}
}

func TestFakeTimer(t *testing.T) {
	tests := map[string]struct {
		d, advance time.Duration
		want       string
	}{
		"not yet due":             {2 * time.Second, time.Second, "none"},
		"due":                     {2 * time.Second, 2 * time.Second, "2s"},
		"fires with its deadline": {2 * time.Second, time.Hour, "2s"},
		"zero fires at once":      {0, 0, "0s"},
		"negative fires at once":  {-time.Second, 0, "0s"},
		"no advance, no firing":   {1, 0, "none"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := clock.NewFake()
			timer := c.NewTimer(tt.d)
			c.Advance(tt.advance)
			if got := poll(timer.C()); tt.want != got {
				t.Errorf("NewTimer(%v): want %s, got %s", tt.d, tt.want, got)
			}
		})
	}
}

// fake-timer-reset: a fake that forgets a stopped timer never fires it again.
func TestFakeTimerReset_afterStop(t *testing.T) {
	c := clock.NewFake()
	timer := c.NewTimer(time.Second)
	timer.Stop()
	if timer.Reset(2 * time.Second) {
		t.Error("Reset() after Stop(): want false, got true")
	}
	c.Advance(5 * time.Second)
	if want, got := "2s", poll(timer.C()); want != got {
		t.Errorf("timer reset after Stop(): want %s, got %s", want, got)
	}
}

func TestFakeTimerReset_afterFiring(t *testing.T) {
	c := clock.NewFake()
	timer := c.NewTimer(time.Second)
	c.Advance(time.Second)
	<-timer.C()
	if timer.Reset(time.Second) {
		t.Error("Reset() after a received firing: want false, got true")
	}
	c.Advance(time.Second)
	if want, got := "2s", poll(timer.C()); want != got {
		t.Errorf("timer reset after firing: want %s, got %s", want, got)
	}
}

func TestFakeTimerReset_dropsStaleTick(t *testing.T) {
	c := clock.NewFake()
	timer := c.NewTimer(time.Second)
	c.Advance(time.Second)
	if !timer.Reset(time.Second) {
		t.Error("Reset() before the firing is received: want true, got false")
	}
	if want, got := "none", poll(timer.C()); want != got {
		t.Errorf("tick after Reset(): want %s, got %s", want, got)
	}
}

func TestFakeTimerStop_dropsStaleTick(t *testing.T) {
	c := clock.NewFake()
	timer := c.NewTimer(time.Second)
	c.Advance(time.Second)
	want := []bool{true, false}
	got := []bool{timer.Stop(), timer.Stop()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Stop() twice mismatch (-want +got):\n%s", diff)
	}
	if want, got := "none", poll(timer.C()); want != got {
		t.Errorf("tick after Stop(): want %s, got %s", want, got)
	}
}

func TestFakeTicker_keepsPhaseForSlowReceiver(t *testing.T) {
	c := clock.NewFake()
	ticker := c.NewTicker(2 * time.Second)
	want := []string{"2s", "none", "10s", "12s", "none"}
	var got []string
	for _, d := range []time.Duration{9 * time.Second, 0, time.Second, 2 * time.Second, time.Second} {
		c.Advance(d)
		got = append(got, poll(ticker.C()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticks mismatch (-want +got):\n%s", diff)
	}
}

func TestFakeTicker_stopAndReset(t *testing.T) {
	c := clock.NewFake()
	ticker := c.NewTicker(time.Second)
	c.Advance(time.Second)
	ticker.Stop()
	want := []string{"none", "none", "5s"}
	got := []string{poll(ticker.C())}
	c.Advance(time.Second)
	got = append(got, poll(ticker.C()))
	ticker.Reset(3 * time.Second)
	c.Advance(3 * time.Second)
	got = append(got, poll(ticker.C()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticks mismatch (-want +got):\n%s", diff)
	}
}

func TestFake_panics(t *testing.T) {
	c := clock.NewFake()
	ticker := c.NewTicker(time.Second)
	tests := map[string]struct {
		call func()
		want string
	}{
		"ticker with zero interval": {
			func() { c.NewTicker(0) },
			"clock: NewTicker: interval must be positive, got 0s",
		},
		"ticker reset to a negative interval": {
			func() { ticker.Reset(-time.Second) },
			"clock: Ticker.Reset: interval must be positive, got -1s",
		},
		"negative advance": {
			func() { c.Advance(-time.Second) },
			"clock: Advance: duration must not be negative, got -1s",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := recover(); tt.want != got {
					t.Errorf("panic: want %q, got %v", tt.want, got)
				}
			}()
			tt.call()
		})
	}
}

func TestFakeAdvance_overlappingCallsAddUp(t *testing.T) {
	c := clock.NewFake()
	c.NewTicker(time.Second)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c.Advance(3 * time.Second)
			}
		})
	}
	wg.Wait()
	if want, got := epoch.Add(2400*time.Second), c.Now(); want != got {
		t.Errorf("Now(): want %v, got %v", want, got)
	}
}

func TestFake_concurrentUse(t *testing.T) {
	c := clock.NewFake()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			timer, ticker := c.NewTimer(time.Second), c.NewTicker(time.Second)
			for n := range 200 {
				d := time.Duration(1+n*i%7) * time.Second
				timer.Reset(d)
				ticker.Reset(d)
				c.Advance(time.Second)
				poll(timer.C())
				poll(ticker.C())
				timer.Stop()
				ticker.Stop()
			}
		})
	}
	wg.Wait()
	if want, got := 0, c.Waiters(); want != got {
		t.Errorf("Waiters(): want %d, got %d", want, got)
	}
}

func TestFake_manyTimers(t *testing.T) {
	const n = 20_000
	c := clock.NewFake()
	timers := make([]clock.Timer, n)
	for i := range timers {
		timers[i] = c.NewTimer(time.Duration(1+i*7919%n) * time.Second)
	}
	for i := 0; i < n; i += 2 {
		timers[i].Stop()
	}
	c.Advance(n * time.Second)
	for i := 1; i < n; i += 2 {
		want := (time.Duration(1+i*7919%n) * time.Second).String()
		if got := poll(timers[i].C()); want != got {
			t.Fatalf("timer %d: want %s, got %s", i, want, got)
		}
	}
	if want, got := 0, c.Waiters(); want != got {
		t.Errorf("Waiters(): want %d, got %d", want, got)
	}
}
