package ops_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/diag"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// script is an input in time: each step waits and then offers its items at once.
type script[T any] []step[T]

type step[T any] struct {
	After time.Duration
	Items []T
}

// stamped is an output and the time since the start at which it came.
type stamped[T any] struct {
	At   time.Duration
	Item T
}

// timing is where a run takes its time from, and how that passes.
type timing struct {
	clock.Clock
	pass func(ctx context.Context, d time.Duration) error
}

// virtualTime is the real clock in a bubble, where time passes by itself.
func virtualTime() timing {
	return timing{clock.Real(), func(ctx context.Context, d time.Duration) error {
		return clock.Sleep(ctx, clock.Real(), d)
	}}
}

// fakeTime stops after every millisecond until all goroutines have settled.
func fakeTime() timing {
	fake := clock.NewFake()
	return timing{fake, func(ctx context.Context, d time.Duration) error {
		for ; d > 0; d -= ms {
			synctest.Wait()
			fake.Advance(min(d, ms))
		}
		synctest.Wait()
		return context.Cause(ctx)
	}}
}

// play waits and emits as the script says, until emit fails.
func (s script[T]) play(ctx context.Context, at timing, emit func(T) error) error {
	for _, step := range s {
		if err := at.pass(ctx, step.After); step.After > 0 && err != nil {
			return err
		}
		for _, v := range step.Items {
			if err := emit(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// source is a flow of the script: of a slice where no time passes.
func (s script[T]) source(at timing) flow.Flow[T] {
	if len(s) == 1 && s[0].After == 0 {
		return flow.FromSlice(s[0].Items)
	}
	return flow.FromFunc(func(ctx context.Context, emit func(T) error) error {
		return s.play(ctx, at, emit)
	})
}

// send is a channel of the script, closed at its end or with ctx.
func (s script[T]) send(ctx context.Context, at timing) <-chan T {
	in := make(chan T)
	go func() {
		defer close(in)
		_ = s.play(ctx, at, func(v T) error {
			select {
			case in <- v:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return in
}

// moments are the items, each with the time at which it comes, and the time of the end.
func (s script[T]) moments() (items []stamped[T], end time.Duration) {
	for _, step := range s {
		end += step.After
		for _, v := range step.Items {
			items = append(items, stamped[T]{end, v})
		}
	}
	return items, end
}

// bridged hides that a processor can be fused.
type bridged[In, Out any] struct{ ops.Processor[In, Out] }

// skipping marks a processor whose failed items are to be skipped in a flow, as they
// are over channels.
type skipping[In, Out any] struct{ ops.Processor[In, Out] }

// inspected is the processor inside one of diag, which must make no difference.
func inspected[In, Out any](p ops.Processor[In, Out]) ops.Processor[In, Out] {
	if s, ok := p.(skipping[In, Out]); ok {
		return skipping[In, Out]{diag.Inspect(s.Processor)}
	}
	return diag.Inspect(p)
}

// way is one way to run a processor.
type way[In, Out any] struct {
	name string
	run  func(t *testing.T, p ops.Processor[In, Out], in script[In]) []stamped[Out]
}

func ways[In, Out any]() []way[In, Out] {
	type proc = ops.Processor[In, Out]
	inFlow := func(buffer int, at func() timing) func(*testing.T, proc, script[In]) []stamped[Out] {
		return func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			return runFlow(t, p, in, buffer, at())
		}
	}
	return []way[In, Out]{
		{"fused", inFlow(0, virtualTime)},
		{"between boundaries of 1", inFlow(1, virtualTime)},
		{"between boundaries of 64", inFlow(64, virtualTime)},
		{"over channels", func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			return runChannels(t, p, in, virtualTime())
		}},
		{"over channels on the fake clock", func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			return runChannels(t, p, in, fakeTime())
		}},
		{"fused on the fake clock", inFlow(0, fakeTime)},
		{"inspected in a flow", func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			return runFlow(t, inspected(p), in, 0, virtualTime())
		}},
		{"inspected over channels", func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			return runChannels(t, inspected(p), in, virtualTime())
		}},
		{"over channels in a flow on the fake clock", func(t *testing.T, p proc, in script[In]) []stamped[Out] {
			if s, ok := p.(skipping[In, Out]); ok {
				return runFlow(t, skipping[In, Out]{bridged[In, Out](s)}, in, 0, fakeTime())
			}
			return runFlow(t, bridged[In, Out]{p}, in, 0, fakeTime())
		}},
	}
}

// runFlow runs the processor in a flow whose books must balance. The processor takes
// the clock of the run, unless it is over channels: then that of its context.
func runFlow[In, Out any](t *testing.T, p ops.Processor[In, Out], in script[In], buffer int, at timing) []stamped[Out] {
	t.Helper()
	source := in.source(at)
	if buffer > 0 {
		source = source.Async(buffer)
	}
	f := then(source, p)
	if buffer > 0 {
		f = f.Async(buffer)
	}
	start := at.Now()
	stamp := func(v Out) stamped[Out] { return stamped[Out]{at.Now().Sub(start), v} }
	var r flow.Report
	got, err := f.Map(stamp).Collect(clock.With(t.Context(), at.Clock), flow.WithReport(&r), flow.WithLogger(discard))
	if err != nil {
		t.Errorf("Collect() error = %v, want nil", err)
	}
	if !r.Balanced() {
		t.Errorf("the books do not balance:\n%v", r)
	}
	return got
}

func then[In, Out any](f flow.Flow[In], p ops.Processor[In, Out]) flow.Flow[Out] {
	if s, ok := p.(skipping[In, Out]); ok {
		return f.Then(s.Processor).OnError(flow.Skip())
	}
	return f.Then(p)
}

var discard = slog.New(slog.DiscardHandler)

// runChannels runs the processor on its own.
func runChannels[In, Out any](t *testing.T, p ops.Processor[In, Out], in script[In], at timing) []stamped[Out] {
	t.Helper()
	ctx, cancel := context.WithCancel(clock.With(t.Context(), at.Clock))
	defer cancel()
	ctx = ops.WithSupervisor(ctx, new(listener))
	start := at.Now()
	var got []stamped[Out]
	for v := range p.Process(ctx, in.send(ctx, at)) {
		got = append(got, stamped[Out]{at.Now().Sub(start), v})
	}
	return got
}

// checkScript runs a fresh processor in every way. It has to be called in a bubble.
func checkScript[In, Out any](t *testing.T, want []stamped[Out], in script[In], build func() ops.Processor[In, Out]) {
	t.Helper()
	for _, way := range ways[In, Out]() {
		got := way.run(t, build(), in)
		if diff := cmp.Diff(orNil(want), orNil(got)); diff != "" {
			t.Errorf("%s, of %v: mismatch (-want +got):\n%s", way.name, in, diff)
		}
	}
}

// check is checkScript for items that all come at once.
func check[In, Out any](t *testing.T, want []Out, in []In, build func() ops.Processor[In, Out]) {
	t.Helper()
	var stamps []stamped[Out]
	for _, v := range want {
		stamps = append(stamps, stamped[Out]{0, v})
	}
	checkScript(t, stamps, script[In]{{Items: in}}, build)
}

// orNil makes empty and nil slices equal.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// cutOff runs the processor in a flow that is cancelled once it has had all items, and gives
// what has come out and its row of the report.
func cutOff[In, Out any](t *testing.T, p ops.Processor[In, Out], in ...In) (got []Out, row flow.StageReport) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	source := flow.FromFunc(func(ctx context.Context, emit func(In) error) error {
		for _, v := range in {
			if err := emit(v); err != nil {
				return err
			}
		}
		settle()
		cancel(errCause)
		return ctx.Err()
	})
	var r flow.Report
	got, err := source.Then(p).Collect(ctx, flow.WithReport(&r))
	if err != errCause || !r.Balanced() {
		t.Errorf("error %v, want %v; the report:\n%v", err, errCause, r)
	}
	row = r.Stages[1]
	row.At, row.Busy = "", 0
	return got, row
}

// wantCounts compares what a stage has counted.
func wantCounts(t *testing.T, want, got flow.StageReport) {
	t.Helper()
	got.Name, got.Op, got.At, got.Busy = "", "", "", 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("books mismatch (-want +got):\n%s", diff)
	}
}
