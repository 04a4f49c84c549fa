package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-streamz/streamz/clock"
	"github.com/google/go-cmp/cmp"
)

var errStop = errors.New("stop")

func TestReal_isComparable(t *testing.T) {
	if clock.Real() != clock.Real() {
		t.Error("Real() != Real(), want equal")
	}
}

func TestReal_tellsTimeOfPackageTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		timer, ticker := c.NewTimer(3*time.Second), c.NewTicker(2*time.Second)
		defer ticker.Stop()

		want := []string{"2s", "3s", "4s"}
		var got []string
		for range 3 {
			select {
			case <-timer.C():
			case <-ticker.C():
			}
			got = append(got, c.Now().Sub(epoch).String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Real() mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		start := fake.Now()
		time.Sleep(time.Minute)
		fake.Advance(time.Second)
		want := []time.Duration{time.Minute, time.Second, -time.Minute}
		got := []time.Duration{
			clock.Since(clock.Real(), epoch), clock.Since(fake, start), clock.Since(clock.Real(), time.Now().Add(time.Minute)),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Since() mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestSleep(t *testing.T) {
	type outcome struct {
		Err     error
		Elapsed time.Duration
	}
	tests := map[string]struct {
		sleep time.Duration
		stop  time.Duration // when ctx ends, never if negative
		want  outcome
	}{
		"the duration passes":     {sleep: time.Minute, stop: -1, want: outcome{nil, time.Minute}},
		"ctx ends first":          {sleep: time.Minute, stop: time.Second, want: outcome{errStop, time.Second}},
		"ctx ends later":          {sleep: time.Minute, stop: time.Hour, want: outcome{nil, time.Minute}},
		"ctx has ended":           {sleep: time.Minute, stop: 0, want: outcome{errStop, 0}},
		"zero does not block":     {sleep: 0, stop: -1, want: outcome{nil, 0}},
		"negative does not block": {sleep: -1, stop: -1, want: outcome{nil, 0}},
		"zero, but ctx has ended": {sleep: 0, stop: 0, want: outcome{errStop, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := stopAfter(t, tt.stop)
				start := time.Now()
				err := clock.Sleep(ctx, clock.Real(), tt.sleep)
				got := outcome{err, time.Since(start)}
				if diff := cmp.Diff(tt.want, got, cmp.Comparer(sameError)); diff != "" {
					t.Errorf("Sleep(%v) mismatch (-want +got):\n%s", tt.sleep, diff)
				}
			})
		})
	}
}

// stopAfter returns a context that ends with errStop after d, at once if d is
// zero and at the end of the test if d is negative.
func stopAfter(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	if d == 0 {
		cancel(errStop)
	}
	if d > 0 {
		timer := time.AfterFunc(d, func() { cancel(errStop) })
		t.Cleanup(func() { timer.Stop() })
	}
	return ctx
}

func sameError(want, got error) bool { return errors.Is(got, want) }

func TestSleep_onFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake()
		done := make(chan error, 1)
		go func() { done <- clock.Sleep(t.Context(), c, time.Minute) }()

		synctest.Wait()
		c.Advance(time.Minute - 1)
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("Sleep() returned before its time")
		}
		c.Advance(1)
		if err := <-done; err != nil {
			t.Errorf("Sleep(): want no error, got %v", err)
		}
	})
}

// endingClock ends a context while it makes a timer that fires at once, so that
// both are ready before anybody can wait.
type endingClock struct {
	clock.Clock
	end context.CancelCauseFunc
}

func (c endingClock) NewTimer(time.Duration) clock.Timer {
	c.end(errStop)
	return c.Clock.NewTimer(0)
}

func TestSleep_endedContextOutranksTime(t *testing.T) {
	for range 50 { // a select between two ready channels picks either
		ctx, cancel := context.WithCancelCause(t.Context())
		c := endingClock{Clock: clock.NewFake(), end: cancel}
		if err := clock.Sleep(ctx, c, time.Minute); !errors.Is(err, errStop) {
			t.Fatalf("Sleep(): want %v, got %v", errStop, err)
		}
	}
}

func TestSleep_asksNoClockUnlessItWaits(t *testing.T) {
	ended := stopAfter(t, 0)
	if err := clock.Sleep(ended, nil, time.Minute); !errors.Is(err, errStop) {
		t.Errorf("Sleep() with an ended ctx: want %v, got %v", errStop, err)
	}
	if err := clock.Sleep(t.Context(), nil, 0); err != nil {
		t.Errorf("Sleep(0): want no error, got %v", err)
	}
}

func TestSleep_leavesNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := clock.NewFake()
		done := make(chan error, 1)
		go func() { done <- clock.Sleep(ctx, c, time.Minute) }()

		synctest.Wait()
		cancel(errStop)
		<-done
		if want, got := 0, c.Waiters(); want != got {
			t.Errorf("Waiters() after Sleep(): want %d, got %d", want, got)
		}
	})
}
