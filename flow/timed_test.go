package flow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
)

// TestTick_times: ticks are in phase with the start, and of those that a busy flow misses
// the last comes late.
func TestTick_times(t *testing.T) {
	tests := map[string]struct {
		busy []time.Duration // what the flow does with each tick
		want []string        // tick at time
	}{
		"in time":          {[]time.Duration{0, 0, 0}, []string{"1s at 1s", "2s at 2s", "3s at 3s"}},
		"nearly too late":  {[]time.Duration{999 * time.Millisecond, 0}, []string{"1s at 1s", "2s at 2s"}},
		"just in time":     {[]time.Duration{time.Second, 0}, []string{"1s at 1s", "2s at 2s"}},
		"one late":         {[]time.Duration{1250 * time.Millisecond, 0, 0}, []string{"1s at 1s", "2s at 2.25s", "3s at 3s"}},
		"some missed":      {[]time.Duration{4500 * time.Millisecond, 0, 0}, []string{"1s at 1s", "5s at 5.5s", "6s at 6s"}},
		"missed by a tick": {[]time.Duration{time.Minute, 0, 0}, []string{"1s at 1s", "1m1s at 1m1s", "1m2s at 1m2s"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, _ := audited(t)
				start := time.Now()
				var got []string
				err := flow.Tick(time.Second).Take(len(tt.busy)).ForEach(func(_ context.Context, at time.Time) error {
					got = append(got, fmt.Sprint(at.Sub(start), " at ", time.Since(start)))
					time.Sleep(tt.busy[len(got)-1])
					return nil
				}).Run(t.Context(), opt)
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("error %v, ticks mismatch (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

// TestPoll_times: a call begins d after the one before began, or at a later multiple of d.
func TestPoll_times(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		calls, busy []time.Duration // what fn and the flow take
		want        []time.Duration // when fn is called
	}{
		"no time":             {make([]time.Duration, 3), make([]time.Duration, 3), []time.Duration{0, 1000 * ms, 2000 * ms}},
		"part of an interval": {[]time.Duration{300 * ms, 600 * ms, 0}, make([]time.Duration, 3), []time.Duration{0, 1000 * ms, 2000 * ms}},
		"just an interval":    {[]time.Duration{1000 * ms, 2000 * ms, 0}, make([]time.Duration, 3), []time.Duration{0, 1000 * ms, 3000 * ms}},
		"more than one":       {[]time.Duration{1001 * ms, 3500 * ms, 0}, make([]time.Duration, 3), []time.Duration{0, 2000 * ms, 6000 * ms}},
		"a busy flow":         {[]time.Duration{100 * ms, 0, 0}, []time.Duration{1500 * ms, 0, 0}, []time.Duration{0, 2000 * ms, 3000 * ms}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, _ := audited(t)
				start := time.Now()
				var got []time.Duration
				err := flow.Poll(time.Second, func(context.Context) (int, error) {
					n := len(got)
					if n == len(tt.calls) {
						return 0, fmt.Errorf("enough: %w", flow.ErrStop)
					}
					got = append(got, time.Since(start))
					time.Sleep(tt.calls[n])
					return n, nil
				}).ForEach(func(_ context.Context, n int) error {
					time.Sleep(tt.busy[n])
					return nil
				}).Run(t.Context(), opt)
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("error %v, calls mismatch (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

func TestPoll_failures(t *testing.T) {
	tests := map[string]struct {
		fn    func(ctx context.Context) (int, error)
		want  error // nil for none
		stage bool  // it is the source's
	}{
		"its own end":         {func(context.Context) (int, error) { return 1, flow.ErrStop }, nil, false},
		"an error":            {func(context.Context) (int, error) { return 1, errBoom }, errBoom, true},
		"a panic":             {func(context.Context) (int, error) { boom(); return 1, nil }, errBoom, true},
		"another's context":   {func(context.Context) (int, error) { return 1, context.Canceled }, context.Canceled, true},
		"the end of the run":  {func(ctx context.Context) (int, error) { <-ctx.Done(); return 1, ctx.Err() }, errPlanted, false},
		"an end that is hid":  {func(ctx context.Context) (int, error) { <-ctx.Done(); return 1, nil }, errPlanted, false},
		"the end in its wait": {func(ctx context.Context) (int, error) { return 1, nil }, errPlanted, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 90*time.Minute, errPlanted)
				defer cancel()
				opt, r := audited(t)
				err := flow.Poll(time.Hour, tt.fn).Run(ctx, opt)
				if !errors.Is(err, tt.want) {
					t.Errorf("Run() = %v, want %v", err, tt.want)
				}
				if tt.stage {
					if got := stageError(t, err).Stage; got != "poll" {
						t.Errorf("failure of %q, want poll", got)
					}
				}
				if got := stageReport(t, r, "poll").Out; tt.stage && got != 0 {
					t.Errorf("%d items given, want none", got)
				}
			})
		})
	}
}

// TestTimedSources_stopAtOnce: a wait of an hour ends with the run and with an early stop,
// by any clock, and leaves no timer armed.
func TestTimedSources_stopAtOnce(t *testing.T) {
	flows := map[string]func() flow.Flow[int]{
		"Tick": func() flow.Flow[int] { return flow.Tick(time.Hour).Map(func(time.Time) int { return 0 }) },
		"Poll": func() flow.Flow[int] {
			return flow.Poll(time.Hour, func(context.Context) (int, error) { return 0, nil })
		},
	}
	for name, build := range flows {
		t.Run(name+", cancelled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := clock.NewFake()
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
				defer cancel()
				start := time.Now()
				opt, _ := audited(t)
				if err := build().Run(ctx, opt, flow.WithClock(fake)); !errors.Is(err, errBoom) {
					t.Errorf("Run() = %v, want %v", err, errBoom)
				}
				wantStopped(t, start, fake)
			})
		})
		t.Run(name+", stopped early", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := clock.NewFake()
				start := time.Now()
				opt, _ := audited(t)
				other := flow.FromFunc(paced(0, 0, 1))
				go func() {
					synctest.Wait()
					fake.Advance(time.Hour) // the first tick; the source is to end in the wait for the second
				}()
				err := flow.Concat(build().Async(1).Take(1), other).Run(clock.With(t.Context(), fake), opt)
				if err != nil {
					t.Errorf("Run() = %v, want nil", err)
				}
				wantStopped(t, start, fake)
			})
		})
	}
}

func wantStopped(t *testing.T, start time.Time, c *clock.Fake) {
	t.Helper()
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v, want a second at most", took)
	}
	if n := c.Waiters(); n != 0 {
		t.Errorf("%d timers are armed, want none", n)
	}
}

// TestTimedSources_fakeClock: time passes when the clock is advanced, and not before.
func TestTimedSources_fakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake()
		ctx, cancel := context.WithCancel(clock.With(t.Context(), fake))
		ticks, wait := flow.Tick(time.Minute).Chan(ctx)
		synctest.Wait()
		for n := 1; n <= 3; n++ {
			fake.Advance(time.Minute)
			if got, want := (<-ticks).Sub(clock.NewFake().Now()), time.Duration(n)*time.Minute; got != want {
				t.Errorf("tick %d at %v, want %v", n, got, want)
			}
			synctest.Wait()
		}
		cancel()
		_ = wait()
	})
}

func TestTimedSources_misuse(t *testing.T) {
	call := func(context.Context) (int, error) { return 0, nil }
	tests := map[string]struct {
		run  func() error
		want []string
	}{
		"no interval":      {func() error { return flow.Tick(0).Run(t.Context()) }, []string{"streamz: tick: interval must be positive, got 0s"}},
		"negative":         {func() error { return flow.Tick(-1).Run(t.Context()) }, []string{"streamz: tick: interval must be positive, got -1ns"}},
		"poll at once":     {func() error { return flow.Poll(0, call).Run(t.Context()) }, []string{"streamz: poll: interval must be positive, got 0s"}},
		"poll of nothing":  {func() error { return flow.Poll[int](1, nil).Run(t.Context()) }, []string{"streamz: poll: function must not be nil"}},
		"everything wrong": {func() error { return flow.Poll[int](-1, nil).Run(t.Context()) }, []string{"streamz: poll: interval must be positive, got -1ns", "streamz: poll: function must not be nil"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range configErrors(t, tt.run()) {
				e.At = ""
				got = append(got, e.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
