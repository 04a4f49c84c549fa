package ops_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(newSubject("keep-alive", 1, ints(6), referenceMap(same), ops.NewKeepAlive(time.Hour, zero), nil, randomInts))

var _ = misused(
	newMisuse("keep alive without time", "keep-alive: idle must be positive, got 0s", ops.NewKeepAlive(0, zero)),
	newMisuse("keep alive without function", "keep-alive: function must not be nil", ops.NewKeepAlive[int](ms, nil)),
	newMisuse("keep alive with two clocks", "keep-alive: clock must be given once at most, got 2", ops.NewKeepAlive(ms, zero, clock.NewFake(), clock.NewFake())),
)

var _ = chained(func(n int, before func()) link {
	return link{"keep alive", ops.NewKeepAlive(time.Hour, zero), referenceMap(same), true}
})

func zero() int { return 0 }

func alive(d time.Duration) func() ops.Processor[int, int] {
	return func() ops.Processor[int, int] { return ops.NewKeepAlive(d, zero) }
}

func TestKeepAlive(t *testing.T) {
	type (
		in  = script[int]
		out = []stamped[int]
	)
	tests := map[string]struct {
		idle time.Duration
		in   in
		want out
	}{
		"one for each span without an item": {10 * ms, in{{0, ints(1)}, {25 * ms, ints(2)}}, out{{0, 1}, {10 * ms, 0}, {20 * ms, 0}, {25 * ms, 1}, {25 * ms, 2}}},
		"none while items come":             {10 * ms, in{{0, ints(1)}, {9 * ms, ints(1)}, {9 * ms, ints(1)}}, out{{0, 1}, {9 * ms, 1}, {18 * ms, 1}}},
		"before the first item":             {10 * ms, in{{15 * ms, ints(1)}}, out{{10 * ms, 0}, {15 * ms, 1}}},
		"on an empty stream":                {10 * ms, in{{25 * ms, nil}}, out{{10 * ms, 0}, {20 * ms, 0}}},
		"the own one goes first":            {10 * ms, in{{0, ints(1)}, {10 * ms, []int{2}}}, out{{0, 1}, {10 * ms, 0}, {10 * ms, 2}}},
		"an item begins the span anew":      {10 * ms, in{{0, ints(1)}, {15 * ms, []int{2}}, {10 * ms, []int{3}}, {9 * ms, nil}}, out{{0, 1}, {10 * ms, 0}, {15 * ms, 2}, {25 * ms, 0}, {25 * ms, 3}}},
	}
	for name, tt := range tests {
		bubble(t, name, func(t *testing.T) { checkScript(t, tt.want, tt.in, alive(tt.idle)) })
	}
}

// referenceKeepAlive is the KeepAlive over a script whose end comes after a last wait.
func referenceKeepAlive(idle time.Duration, in script[int]) (out []stamped[int]) {
	var now time.Duration
	due := idle
	for _, step := range in {
		now += step.After
		for ; due <= now && step.After > 0; due += idle {
			out = append(out, stamped[int]{due, 0})
		}
		for _, v := range step.Items {
			out = append(out, stamped[int]{now, v})
			due = now + idle
		}
	}
	return out
}

func TestKeepAliveModel(t *testing.T) {
	trials(t, 40, func(t *testing.T, r *rand.Rand) {
		idle, in := time.Duration(1+r.IntN(20))*ms, append(randomScript(r), step[int]{After: 30 * ms})
		checkScript(t, referenceKeepAlive(idle, in), in, alive(idle))
	})
}

// TestKeepAlive_slowReceiver: while an item waits for the receiver nothing is put in, and the
// span begins when it has been taken. Own items do not pile up.
func TestKeepAlive_slowReceiver(t *testing.T) {
	bubble(t, "over channels", func(t *testing.T) {
		in := make(chan int)
		out := ops.NewKeepAlive(10*ms, zero).Process(t.Context(), in)
		in <- 1
		time.Sleep(95 * ms)
		start := time.Now()
		got := []stamped[int]{{0, wantNext(t, out)}}
		for range 2 {
			v := <-out
			got = append(got, stamped[int]{time.Since(start), v})
		}
		close(in)
		if diff := cmp.Diff([]stamped[int]{{0, 1}, {10 * ms, 0}, {20 * ms, 0}}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		collect(out)
	})
}

// TestKeepAlive_books: own items are out and not in.
func TestKeepAlive_books(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 42*ms, errBoom)
		defer cancel()
		var r flow.Report
		n, err := flow.Tick(25*ms).Map(func(time.Time) int { return 1 }).KeepAlive(10*ms, zero).Count(ctx, flow.WithReport(&r))
		s, _ := r.Stage("keep-alive")
		if !errors.Is(err, errBoom) || n != 4 || s.In != 1 || s.Passed != 1 || s.Out != 4 || !r.Balanced() {
			t.Errorf("Count() = %d, %v, want %v; report\n%v", n, err, errBoom, r)
		}
	})
}

// TestKeepAlive_panics: the run ends, and the failure is the processor's.
func TestKeepAlive_panics(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		err := flow.Tick(time.Hour).Map(func(time.Time) int { return 1 }).
			KeepAlive(ms, func() int { panic(errBoom) }).Named("beat").Run(t.Context(), flow.WithLogger(discard))
		if e, ok := errors.AsType[*flow.StageError](err); !ok || e.Stage != "beat" || !errors.Is(err, errBoom) {
			t.Errorf("Run() error = %v, want a StageError of beat", err)
		}
	})
	bubble(t, "over channels", func(t *testing.T) {
		sup := new(listener)
		in := make(chan int)
		collect(ops.NewKeepAlive(ms, func() int { panic(errBoom) }).Process(ops.WithSupervisor(t.Context(), sup), in))
		if failed := sup.failures(); len(failed) != 1 || !errors.Is(failed[0], errBoom) {
			t.Errorf("Failed() was told %v, want %v", failed, errBoom)
		}
	})
}

// TestKeepAlive_earlyEnd: a Take below is content with own items.
func TestKeepAlive_earlyEnd(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		start := time.Now()
		got, err := flow.Tick(time.Hour).Map(func(time.Time) int { return 1 }).KeepAlive(ms, zero).Take(3).Collect(t.Context())
		if took := time.Since(start); len(got) != 3 || err != nil || took != 3*ms {
			t.Errorf("Collect() = %v, %v after %v, want three items after 3ms", got, err, took)
		}
	})
	bubble(t, "in turn", func(t *testing.T) {
		first := flow.Tick(time.Hour).Map(func(time.Time) int { return 1 }).KeepAlive(ms, zero).Take(2)
		got, err := flow.Concat(first, flow.Tick(10*ms).Map(func(time.Time) int { return 2 }).Take(2)).Collect(t.Context())
		if diff := cmp.Diff([]int{0, 0, 2, 2}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}
