package ops_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// epoch is when a bubble and a fake clock begin.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// span is a window whose times are those since the beginning of the test.
type span struct {
	Start, End time.Duration
	Items      []int
}

type spans = []stamped[span]

// windows makes spans of the windows of a processor. The test has to last less than half an
// hour: it begins at a full one.
func windows(p ops.Processor[int, ops.Window[int]]) func() ops.Processor[int, span] {
	return func() ops.Processor[int, span] {
		time.Sleep(time.Until(time.Now().Add(time.Hour - 1).Truncate(time.Hour)))
		return flow.Pipe(func(f flow.Flow[int]) flow.Flow[span] { return f.Then(p).Map(relative) })
	}
}

func relative(w ops.Window[int]) span {
	begin := w.Start.Add(time.Hour / 2).Truncate(time.Hour)
	return span{w.Start.Sub(begin), w.End.Sub(begin), w.Items}
}

// flattened gives the items of the windows one by one.
func flattened(p ops.Processor[int, ops.Window[int]]) ops.Processor[int, int] {
	return flow.Pipe(func(f flow.Flow[int]) flow.Flow[int] {
		return flow.Unbatch(f.Then(p).Map(func(w ops.Window[int]) []int { return w.Items }))
	})
}

// checkWindows checks what comes of a script.
func checkWindows(t *testing.T, want spans, in script[int], p ops.Processor[int, ops.Window[int]]) {
	t.Helper()
	checkScript(t, want, in, windows(p))
}

// windowCase is a row of the tables of all windows.
type windowCase struct {
	name string
	p    ops.Processor[int, ops.Window[int]]
	in   script[int]
	want spans
}

func checkCases(t *testing.T, tests []windowCase) {
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) { checkWindows(t, tt.want, tt.in, tt.p) })
	}
}

// each has every kind of windows with a size or gap, and at most n items in a window.
func each(d time.Duration, n int) map[string]ops.Processor[int, ops.Window[int]] {
	return map[string]ops.Processor[int, ops.Window[int]]{
		"tumbling": ops.NewTumblingWindow[int](d).WithMaxItems(n),
		"sliding":  ops.NewSlidingWindow[int](d).WithSlide(d / 2).WithMaxItems(n),
		"session":  ops.NewSessionWindow(oneKey).WithGap(d).WithMaxItems(n),
	}
}

// randomSize gives one of which a full hour is a multiple.
func randomSize(r *rand.Rand) time.Duration {
	return []time.Duration{1, 2, 3, 5, 8, 10, 12, 16, 20, 25, 30}[r.IntN(11)] * ms
}

func oneKey(int) string { return "" }

// A receiver that is slow gets the windows late, but with the right times. 2 is offered from
// 120 ms on and read when the first windows have gone, at 350 ms; 3 and 4 come 100 ms later.
func TestWindowsWaitForTheirReceiver(t *testing.T) {
	want := map[string][]span{
		"tumbling": {{0, 100 * ms, []int{1}}, {300 * ms, 400 * ms, []int{2}}, {400 * ms, 500 * ms, []int{3, 4}}},
		"sliding": {
			{-50 * ms, 50 * ms, []int{1}}, {0, 100 * ms, []int{1}}, {300 * ms, 400 * ms, []int{2}},
			{350 * ms, 450 * ms, []int{2}}, {400 * ms, 500 * ms, []int{3, 4}}, {450 * ms, 550 * ms, []int{3, 4}},
		},
		"session": {{0, 100 * ms, []int{1}}, {350 * ms, 450 * ms, []int{2}}, {450 * ms, 550 * ms, []int{3, 4}}},
	}
	for name, p := range each(100*ms, 0) {
		bubble(t, name, func(t *testing.T) {
			in := script[int]{{0, []int{1}}, {120 * ms, []int{2}}, {100 * ms, []int{3}}, {0, []int{4}}}
			out := p.Process(t.Context(), in.send(t.Context(), virtualTime()))
			time.Sleep(350 * ms)
			var got []span
			for w := range out {
				got = append(got, relative(w))
			}
			if diff := cmp.Diff(want[name], got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The slice of a window belongs to its receiver, whatever other windows hold its items.
func TestWindowsBelongToTheirReceiver(t *testing.T) {
	for name, p := range each(time.Hour, 3) {
		bubble(t, name, func(t *testing.T) {
			out := p.Process(t.Context(), feed(ints(7)...))
			var got []int
			for w := range out {
				got = append(got, w.Items...)
				clear(append(w.Items, 7, 7)[:cap(w.Items)])
				settle()
			}
			slices.Sort(got)
			if diff := cmp.Diff(ints(7), slices.Compact(got)); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWindowsCancel(t *testing.T) {
	for name, p := range each(time.Hour, 0) {
		bubble(t, name+" with items", func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			src := flow.FromFunc(func(ctx context.Context, emit func(int) error) error {
				for _, n := range ints(5) {
					if err := emit(n); err != nil {
						return err
					}
				}
				settle()
				cancel(errCause)
				return ctx.Err()
			})
			var r flow.Report
			got, err := src.Then(p).Named("w").Collect(ctx, flow.WithReport(&r))
			if len(got) > 0 || err != errCause || !r.Balanced() {
				t.Errorf("Collect() = %v, %v\n%v", got, err, r)
			}
			if s, _ := r.Stage("w"); s.In != 5 || s.Held != 5 {
				t.Errorf("%d items in and %d held, want 5 and 5", s.In, s.Held)
			}
		})
		bubble(t, name+" leaves no timer", func(t *testing.T) {
			fake := clock.NewFake()
			ctx, cancel := context.WithCancel(clock.With(t.Context(), fake))
			out := p.Process(ctx, filled(1, 2))
			settle()
			if got := fake.Waiters(); got != 1 {
				t.Errorf("%d timers, want 1", got)
			}
			cancel()
			wantClosed(t, out)
			if got := fake.Waiters(); got != 0 {
				t.Errorf("%d timers are left", got)
			}
		})
	}
}

// What is emitted before the item in hand can be taken in, because time has passed while an
// earlier window waited, may be the last thing that anybody needs: then that item is held.
func TestWindowsEarlyEnd(t *testing.T) {
	all := each(20*ms, 2)
	all["session"] = ops.NewSessionWindow(func(n int) bool { return n%2 == 0 }).WithGap(20 * ms).WithMaxItems(2)
	slow := func(_ context.Context, w ops.Window[int]) (ops.Window[int], error) {
		time.Sleep(30 * ms)
		return w, nil
	}
	for name, p := range all {
		for n := range 8 {
			bubble(t, fmt.Sprint(name, " after ", n), func(t *testing.T) {
				in := script[int]{{0, []int{1}}, {10 * ms, []int{2, 3, 4, 5, 6, 7, 8}}}
				var r flow.Report
				got, err := in.source(virtualTime()).Then(p).Call(slow).Take(n).Collect(t.Context(), flow.WithReport(&r))
				if err != nil || !r.Balanced() {
					t.Errorf("Collect() = %v, %v\n%v", got, err, r)
				}
			})
		}
	}
	bubble(t, "sessions that make room", func(t *testing.T) {
		var r flow.Report
		p := ops.NewSessionWindow(same).WithMaxSessions(1)
		got, err := flow.Of(1, 2).Then(p).Named("w").Take(1).Collect(t.Context(), flow.WithReport(&r))
		if s, _ := r.Stage("w"); len(got) != 1 || err != nil || !r.Balanced() || s.Passed != 1 || s.Held != 1 {
			t.Errorf("Collect() = %v, %v\n%v", got, err, r)
		}
	})
}

// marks is a source of items, a barrier and a watermark behind each, with a time between.
type marks struct {
	script[int]
	note func(what string)
}

func (m marks) Stream(ctx context.Context, out flow.Emitter[int]) error {
	n := 0
	return m.play(ctx, virtualTime(), func(v int) error {
		n++
		if err := out.Emit(v); err != nil {
			return err
		}
		if err := out.Watermark(epoch.Add(time.Duration(n))); err != nil {
			return err
		}
		return out.Barrier(func(err error) {
			if err != nil {
				m.note(err.Error())
				return
			}
			m.note("barrier")
		})
	})
}

// A barrier arrives when all items before it have, and no earlier; one that has nothing to wait
// for arrives at once.
func TestWindowsHoldBarriers(t *testing.T) {
	want := map[string][]string{
		"tumbling": {"100ms", "barrier", "barrier", "200ms", "barrier", "barrier"},
		"sliding":  {"50ms", "100ms", "barrier", "130ms", "barrier", "200ms", "barrier", "barrier"},
		"session":  {"120ms", "barrier", "barrier", "barrier", "230ms", "barrier"},
	}
	for name, p := range each(100*ms, 3) {
		bubble(t, name, func(t *testing.T) {
			begin := time.Now()
			var got []string
			note := func(what string) { got = append(got, what) }
			src := marks{script[int]{{0, []int{1}}, {60 * ms, []int{2}}, {60 * ms, []int{3}}, {10 * ms, []int{4}}, {300 * ms, nil}}, note}
			err := flow.FromSignals(src).Then(p).
				ForEach(func(context.Context, ops.Window[int]) error {
					note(time.Since(begin).String())
					return nil
				}).Run(t.Context())
			if diff := cmp.Diff(want[name], got); diff != "" || err != nil {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
		})
	}
}
