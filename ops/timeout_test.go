package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("timeout", 1, ints(6), referenceMap(same), everyLimit(time.Hour), nil, randomInts))

var _ = misused(
	newMisuse("timeout without limit", "timeout: idle must be positive where there is no other limit, got 0s", ops.NewTimeout[int](0)),
	newMisuse("negative idle", "timeout: idle must not be negative, got -1ms", ops.NewTimeout[int](-ms)),
	newMisuse("timeout without initial", "timeout: initial must be positive, got 0s", ops.NewTimeout[int](ms).WithInitial(0)),
	newMisuse("timeout without completion", "timeout: completion must be positive, got 0s", ops.NewTimeout[int](ms).WithCompletion(0)),
	newMisuse("timeout without backpressure", "timeout: backpressure must be positive, got -1ms", ops.NewTimeout[int](ms).WithBackpressure(-ms)),
	newMisuse("timeout with two clocks", "timeout: clock must be given once at most, got 2", ops.NewTimeout[int](ms, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"timeout", everyLimit(time.Hour), referenceMap(same), true}
})

func everyLimit(d time.Duration) *ops.Timeout[int] {
	return ops.NewTimeout[int](d).WithInitial(d).WithCompletion(d).WithBackpressure(d)
}

// timedOut is what a limit comes to, and when.
type timedOut struct {
	At   time.Duration
	Kind ops.TimeoutKind // "" for none
	Got  []stamped[int]
}

// wantTimeout runs a script in a flow and over channels, on virtual and on fake time.
func wantTimeout(t *testing.T, want timedOut, p *ops.Timeout[int], in script[int]) {
	t.Helper()
	for name, at := range map[string]func() timing{"virtual time": virtualTime, "fake time": fakeTime} {
		for _, buffer := range []int{0, 1, 64} {
			bubble(t, fmt.Sprint("in a flow, ", name, ", buffer ", buffer), func(t *testing.T) {
				got, err := flowTimeout(t, p, in, whileNeeded(at()), buffer)
				checkTimeout(t, want, got, err, "limit")
			})
		}
		bubble(t, "over channels, "+name, func(t *testing.T) {
			got, err := channelTimeout(t, p, in, whileNeeded(at()))
			checkTimeout(t, want, got, err, "timeout")
		})
	}
}

// whileNeeded lets no more time pass when the context has ended.
func whileNeeded(at timing) timing {
	return timing{at.Clock, func(ctx context.Context, d time.Duration) error {
		for ; d > 0 && ctx.Err() == nil; d -= ms {
			_ = at.pass(ctx, min(d, ms))
		}
		return context.Cause(ctx)
	}}
}

func flowTimeout(t *testing.T, p *ops.Timeout[int], in script[int], at timing, buffer int) (got timedOut, err error) {
	start := at.Now()
	var r flow.Report
	f := in.source(at).Then(p).Named("limit")
	if buffer > 0 {
		f = f.Async(buffer)
	}
	err = f.Tap(func(v int) { got.Got = append(got.Got, stamped[int]{at.Now().Sub(start), v}) }).
		Run(clock.With(t.Context(), at.Clock), flow.WithReport(&r), flow.WithLogger(discard))
	got.At = at.Now().Sub(start)
	if !r.Balanced() {
		t.Errorf("the books do not balance:\n%v", r)
	}
	if e, ok := errors.AsType[*flow.StageError](err); err != nil && (!ok || e.Stage != "limit") {
		t.Errorf("Run() error = %v, want a StageError of the stage", err)
	}
	return got, err
}

func channelTimeout(t *testing.T, p *ops.Timeout[int], in script[int], at timing) (got timedOut, err error) {
	ctx, cancel := context.WithCancel(clock.With(t.Context(), at.Clock))
	defer cancel()
	sup := new(listener)
	start := at.Now()
	for v := range p.Process(ops.WithSupervisor(ctx, sup), in.send(ctx, at)) {
		got.Got = append(got.Got, stamped[int]{at.Now().Sub(start), v})
	}
	got.At = at.Now().Sub(start)
	return got, errors.Join(sup.failures()...)
}

func checkTimeout(t *testing.T, want, got timedOut, err error, stage string) {
	t.Helper()
	if e, ok := errors.AsType[*ops.TimeoutError](err); ok {
		got.Kind = e.Kind
		if !errors.Is(err, ops.ErrTimeout) || !strings.Contains(err.Error(), stage) {
			t.Errorf("error %v, want one that is ErrTimeout and names %q", err, stage)
		}
	} else if err != nil {
		t.Errorf("error %v, want a TimeoutError", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

func TestTimeout(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[int]
	)
	slowly := in{{5 * ms, ints(1)}, {9 * ms, ints(1)}, {9 * ms, ints(1)}, {8 * ms, nil}}
	all := out{{5 * ms, 1}, {14 * ms, 1}, {23 * ms, 1}}
	idle := ops.NewTimeout[int](10 * ms)
	tests := map[string]struct {
		p    *ops.Timeout[int]
		in   in
		want timedOut
	}{
		"items that come in time":          {idle, slowly, timedOut{31 * ms, "", all}},
		"no item between two":              {idle, in{{0, ints(1)}, {20 * ms, ints(1)}}, timedOut{10 * ms, ops.TimeoutIdle, out{{0, 1}}}},
		"no first item":                    {idle, in{{20 * ms, ints(1)}}, timedOut{10 * ms, ops.TimeoutIdle, nil}},
		"an end that is late":              {idle, in{{5 * ms, ints(1)}, {20 * ms, nil}}, timedOut{15 * ms, ops.TimeoutIdle, out{{5 * ms, 1}}}},
		"an item in the very moment":       {idle, in{{0, ints(1)}, {10 * ms, ints(1)}}, timedOut{10 * ms, ops.TimeoutIdle, out{{0, 1}}}},
		"a first item that may take long":  {idle.WithInitial(50 * ms), in{{49 * ms, ints(1)}, {20 * ms, nil}}, timedOut{59 * ms, ops.TimeoutIdle, out{{49 * ms, 1}}}},
		"a first item that took too long":  {idle.WithInitial(3 * ms), slowly, timedOut{3 * ms, ops.TimeoutInitial, nil}},
		"a limit for the first item alone": {ops.NewTimeout[int](0).WithInitial(3 * ms), in{{2 * ms, ints(1)}, {100 * ms, ints(1)}}, timedOut{102 * ms, "", out{{2 * ms, 1}, {102 * ms, 1}}}},
		"a stream that took too long":      {ops.NewTimeout[int](0).WithCompletion(20 * ms), slowly, timedOut{20 * ms, ops.TimeoutCompletion, all[:2]}},
		"a stream that did not":            {ops.NewTimeout[int](0).WithCompletion(32 * ms), slowly, timedOut{31 * ms, "", all}},
		"a receiver that is quick":         {ops.NewTimeout[int](0).WithBackpressure(1), slowly, timedOut{31 * ms, "", all}},
		"all limits kept":                  {everyLimit(time.Hour), slowly, timedOut{31 * ms, "", all}},
		"an end in place of a failure":     {idle.WithFallback(), in{{0, ints(2)}, {100 * ms, nil}}, timedOut{10 * ms, "", out{{0, 1}, {0, 2}}}},
		"items in place of a failure":      {idle.WithFallback(8, 9), in{{0, ints(1)}, {100 * ms, nil}}, timedOut{10 * ms, "", out{{0, 1}, {10 * ms, 8}, {10 * ms, 9}}}},
		"a fallback at the completion":     {ops.NewTimeout[int](0).WithCompletion(20 * ms).WithFallback(9), slowly, timedOut{20 * ms, "", append(all[:2:2], stamped[int]{20 * ms, 9})}},
		"a fallback that is not needed":    {idle.WithFallback(9), slowly, timedOut{31 * ms, "", all}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { wantTimeout(t, tt.want, tt.p, tt.in) })
	}
}

// TestTimeout_slowReceiver: that is no reason for the idle limit, and is one for that of
// backpressure. The item that waits is in the books.
func TestTimeout_slowReceiver(t *testing.T) {
	slow := func(d time.Duration) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error { return clock.Sleep(ctx, clock.Real(), d) }
	}
	bubble(t, "idle", func(t *testing.T) {
		if err := flow.Range(0, 5).Timeout(10 * ms).ForEach(slow(time.Second)).Run(t.Context()); err != nil {
			t.Errorf("Run() error = %v, want nil", err)
		}
	})
	bubble(t, "backpressure", func(t *testing.T) {
		start := time.Now()
		var r flow.Report
		err := flow.Range(0, 5).Then(ops.NewTimeout[int](0).WithBackpressure(10*ms)).ForEach(slow(time.Second)).
			Run(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		e, _ := errors.AsType[*ops.TimeoutError](err)
		if diff := cmp.Diff(&ops.TimeoutError{Kind: ops.TimeoutBackpressure, After: 10 * ms}, e); diff != "" || !r.Balanced() {
			t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
		}
		if took := time.Since(start); took != 10*ms {
			t.Errorf("it took %v, want 10ms", took)
		}
	})
	bubble(t, "a receiver that takes just in time", func(t *testing.T) {
		err := flow.Range(0, 5).Then(ops.NewTimeout[int](0).WithBackpressure(time.Second)).ForEach(slow(999 * ms)).Run(t.Context())
		if err != nil {
			t.Errorf("Run() error = %v, want nil", err)
		}
	})
	bubble(t, "completion while an item waits", func(t *testing.T) {
		start := time.Now()
		err := flow.Range(0, 5).Then(ops.NewTimeout[int](0).WithCompletion(1500*ms)).ForEach(slow(time.Second)).
			Run(t.Context(), flow.WithLogger(discard))
		if took := time.Since(start); !errors.Is(err, ops.ErrTimeout) || took != 1500*ms {
			t.Errorf("Run() error = %v after %v, want a timeout after 1.5s", err, took)
		}
	})
	bubble(t, "over channels", func(t *testing.T) {
		sup := new(listener)
		in := filled(ints(3)...)
		out := ops.NewTimeout[int](time.Hour).WithBackpressure(10*ms).Process(ops.WithSupervisor(t.Context(), sup), in)
		time.Sleep(10 * ms)
		wantClosed(t, out)
		if failed := sup.failures(); len(failed) != 1 || !errors.Is(failed[0], ops.ErrTimeout) {
			t.Errorf("Failed() was told %v, want a timeout", failed)
		}
	})
}

// TestTimeout_inTheMiddleOfABlock: a limit that is exceeded while an item waits takes effect
// right behind that, although more items are ready above.
func TestTimeout_inTheMiddleOfABlock(t *testing.T) {
	work := func(_ context.Context, v int) (int, error) { return v, nil }
	for name, f := range map[string]flow.Flow[int]{
		"behind a queue": flow.Range(0, 9),
		"behind workers": flow.Range(0, 9).AsyncMap(2, work),
	} {
		bubble(t, name, func(t *testing.T) {
			var got []string
			start := time.Now()
			err := f.Then(ops.NewTimeout[int](0).WithCompletion(1500 * ms).WithFallback(-1)).
				ForEach(func(_ context.Context, v int) error {
					got = append(got, fmt.Sprint(v, " at ", time.Since(start)))
					time.Sleep(time.Second)
					return nil
				}).Run(t.Context())
			want := []string{"0 at 0s", "1 at 1s", "2 at 2s", "3 at 3s", "-1 at 4s"} // 3 was in hand at 1.5s
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestTimeout_noPolicy: a failure that concerns no item is nothing for a policy.
func TestTimeout_noPolicy(t *testing.T) {
	err := flow.Of(1).Timeout(time.Second).OnError(flow.Skip()).Run(t.Context())
	if _, ok := errors.AsType[*ops.ConfigError](err); !ok {
		t.Errorf("Run() error = %v, want a ConfigError", err)
	}
}

// TestTimeout_inTurn: the limits of one flow end with it.
func TestTimeout_inTurn(t *testing.T) {
	bubble(t, "concat", func(t *testing.T) {
		slow := flow.Tick(100 * ms).Map(func(time.Time) int { return 2 }).Take(2)
		quick := flow.Of(1, 1).Then(everyLimit(10 * ms))
		got, err := flow.Concat(quick, slow, quick.Take(1), slow).Collect(t.Context())
		if diff := cmp.Diff([]int{1, 1, 2, 2, 1, 2, 2}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// TestTimeout_fallbackIsCopied: what the caller does with its slice afterwards changes nothing.
func TestTimeout_fallbackIsCopied(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		items := ints(2)
		p := ops.NewTimeout[int](ms).WithFallback(items...)
		clear(items)
		if diff := cmp.Diff(ints(2), collect(p.Process(t.Context(), make(chan int)))); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// TestTimeout_withoutSupervisor: the failure is in the log, with the processor's name.
func TestTimeout_withoutSupervisor(t *testing.T) {
	log := captureLog(t, func() {
		bubble(t, "over channels", func(t *testing.T) {
			collect(ops.NewTimeout[int](time.Second).WithName("feed").Process(t.Context(), make(chan int)))
		})
	})
	if !strings.Contains(log, "feed: no item came for 1s") {
		t.Errorf("the log has %q, want the failure", log)
	}
}
