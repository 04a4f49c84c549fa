package ops_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// Of one worker the order is that of the items.
var _ = conforms(newSubject(
	"flat-map-merge", 3, ints(6), referenceMap(double), flatMapMerge(func() {}), flatMapMerge, randomInts,
).with(1))

var _ = misused(
	newMisuse("flat map merge without function", "flat-map-merge: function must not be nil", ops.NewFlatMapMerge[int, int](1, nil)),
	newMisuse("flat map merge without workers", "flat-map-merge: workers must be between 1 and 1<<16, got 0", ops.NewFlatMapMerge(0, counting)),
	newMisuse("flat map merge without handler", "flat-map-merge: OnError must not be nil", ops.NewFlatMapMerge(1, counting).OnError(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{"flat map merge", flatMapMerge(before), referenceMap(double), true}
})

func flatMapMerge(before func()) *ops.FlatMapMerge[int, int] {
	return ops.NewFlatMapMerge(1, func(_ context.Context, n int) iter.Seq2[int, error] {
		before()
		return func(yield func(int, error) bool) { yield(double(n), nil) }
	})
}

// counting gives 0 to n-1.
func counting(_ context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

// paced gives an item so many times as its name says, with a pause before each, and then fails if
// it is to.
func paced(fails string) func(context.Context, string) iter.Seq2[string, error] {
	return func(_ context.Context, v string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for i := range 3 {
				time.Sleep(10 * ms)
				if !yield(fmt.Sprint(v, i), nil) {
					return
				}
			}
			if v == fails {
				yield("", errBoom)
			}
		}
	}
}

func TestFlatMapMerge(t *testing.T) {
	bubble(t, "two at once", func(t *testing.T) {
		in := letters(0, 3, 3)
		want := []stamped[string]{
			{10 * ms, "a0"}, {13 * ms, "b0"}, {20 * ms, "a1"}, {23 * ms, "b1"}, {30 * ms, "a2"}, {33 * ms, "b2"},
			{40 * ms, "c0"}, {50 * ms, "c1"}, {60 * ms, "c2"},
		}
		var got []stamped[string]
		start := time.Now()
		err := in.source(virtualTime()).FlatMapMerge(2, paced("")).ForEach(func(_ context.Context, v string) error {
			got = append(got, stamped[string]{time.Since(start), v})
			return nil
		}).Run(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
	bubble(t, "a nil sequence gives nothing", func(t *testing.T) {
		none := func(context.Context, int) iter.Seq2[int, error] { return nil }
		check(t, nil, ints(3), func() ops.Processor[int, int] { return ops.NewFlatMapMerge(2, none) })
	})
	bubble(t, "many results of one item", func(t *testing.T) {
		check(t, slices.Collect(upTo(1000)), []int{1000}, func() ops.Processor[int, int] { return ops.NewFlatMapMerge(3, counting) })
	})
}

// What comes of an item comes in order, and of all items all.
func TestFlatMapMergeModel(t *testing.T) {
	trials(t, 100, func(t *testing.T, r *rand.Rand) {
		in, workers, pace, slow := randomInts(r), 1+r.IntN(5), time.Duration(r.IntN(3))*ms, r.IntN(2) == 0
		type part struct{ Of, Item int }
		fn := func(ctx context.Context, n int) iter.Seq2[part, error] {
			return func(yield func(part, error) bool) {
				for i, err := range counting(ctx, in[n]) {
					time.Sleep(time.Duration(in[n]*i%3) * pace)
					if !yield(part{n, i}, err) {
						return
					}
				}
			}
		}
		var want []part
		for n, v := range in {
			for i := range v {
				want = append(want, part{n, i})
			}
		}
		var report flow.Report
		var got []part
		err := flow.Range(0, len(in)).FlatMapMerge(workers, fn).ForEach(func(_ context.Context, p part) error {
			got = append(got, p)
			if slow && p.Item%5 == 0 {
				time.Sleep(ms)
			}
			return nil
		}).Run(t.Context(), flow.WithReport(&report))
		slices.SortStableFunc(got, func(a, b part) int { return a.Of - b.Of })
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !report.Balanced() {
			t.Errorf("error %v, mismatch by item (-want +got):\n%s\n%v", err, diff, report)
		}
		s, _ := report.Stage("flat-map-merge")
		if s.In != int64(len(in)) || s.Passed != s.In || s.Out != int64(len(want)) {
			t.Errorf("In %d, Passed %d, Out %d, want %d, the same and %d", s.In, s.Passed, s.Out, len(in), len(want))
		}
	})
}

// What a sequence gave before its error stays, and the item has failed.
func TestFlatMapMergeFailure(t *testing.T) {
	policies := map[string]flow.Policy{"skip": flow.Skip(), "stop": flow.Stop()}
	for name, policy := range policies {
		bubble(t, name, func(t *testing.T) {
			var r flow.Report
			got, err := letters(0, 3).source(virtualTime()).FlatMapMerge(2, paced("a")).OnError(policy).
				Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
			s, _ := r.Stage("flat-map-merge")
			if !r.Balanced() || s.Failed != 1 {
				t.Errorf("%d failed, want 1:\n%v", s.Failed, r)
			}
			if name == "stop" {
				if e, ok := errors.AsType[*flow.StageError](err); !ok || !errors.Is(e, errBoom) || e.Stage != "flat-map-merge" {
					t.Errorf("Collect() error = %v, want that of flat-map-merge", err)
				}
				return
			}
			if diff := cmp.Diff([]string{"a0", "b0", "a1", "b1", "a2", "b2"}, got); diff != "" || err != nil || s.Passed != 1 || s.Out != 6 {
				t.Errorf("error %v, mismatch (-want +got):\n%s\n%v", err, diff, r)
			}
		})
	}
	bubble(t, "a panic", func(t *testing.T) {
		var r flow.Report
		n, err := flow.Of(1, 2, 3).FlatMapMerge(2, func(_ context.Context, n int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				if yield(n, nil) && n == 2 {
					deliberatePanic()
				}
			}
		}).OnError(flow.Skip()).Count(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if s, _ := r.Stage("flat-map-merge"); n != 3 || err != nil || s.Failed != 1 || !r.Balanced() {
			t.Errorf("%d items, error %v, want 3\n%v", n, err, r)
		}
	})
	bubble(t, "retry", func(t *testing.T) {
		err := flow.Of(1).FlatMapMerge(2, counting).OnError(flow.Retry(2, flow.Constant(0))).Run(t.Context())
		if _, ok := errors.AsType[*flow.ConfigError](err); !ok {
			t.Errorf("Run() = %v, want a ConfigError", err)
		}
	})
	bubble(t, "over channels", func(t *testing.T) {
		var failed []any
		p := ops.NewFlatMapMerge(2, paced("a")).OnError(func(_ context.Context, e *ops.ItemError) { failed = append(failed, e.Item) })
		got := collect(p.Process(t.Context(), letters(0, 3).send(t.Context(), virtualTime())))
		if diff := cmp.Diff([]string{"a0", "b0", "a1", "b1", "a2", "b2"}, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{"a"}, failed); diff != "" {
			t.Errorf("failed items mismatch (-want +got):\n%s", diff)
		}
	})
}

// Endless sequences are stopped, whatever their functions make of that, and no more is made of
// them than there is room for.
func TestFlatMapMergeEarlyEnd(t *testing.T) {
	most := 0
	endless := func(_ context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			i := 1
			for ; yield(n, nil); i++ {
				continue
			}
			most = max(most, i)
			yield(n, errBoom)
		}
	}
	bubble(t, "by Take", func(t *testing.T) {
		var r flow.Report
		n, err := flow.Range(0, 5).FlatMapMerge(1, endless).Take(100).Count(t.Context(), flow.WithReport(&r))
		if n != 100 || err != nil || !r.Balanced() {
			t.Errorf("%d items, error %v, want 100\n%v", n, err, r)
		}
	})
	bubble(t, "by a cancellation", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		most = 0
		var r flow.Report
		err := flow.Range(0, 5).FlatMapMerge(1, endless).ForEach(func(context.Context, int) error {
			settle()
			cancel(errCause)
			return nil
		}).Run(ctx, flow.WithReport(&r))
		if s, _ := r.Stage("flat-map-merge"); err != errCause || !r.Balanced() || s.Passed != 0 || s.Held != s.In {
			t.Errorf("error %v, want %v\n%v", err, errCause, r)
		}
		if most > 70 {
			t.Errorf("%d results were made while nobody took any", most)
		}
	})
}

// A barrier comes behind all that comes of the items before it.
func TestFlatMapMergeBarrier(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		var got []string
		source := flow.FromSignals(barred{func() { got = append(got, "barrier") }})
		err := source.FlatMapMerge(2, paced("")).ForEach(func(_ context.Context, v string) error {
			got = append(got, v)
			return nil
		}).Run(t.Context())
		if diff := cmp.Diff([]string{"a0", "a1", "a2", "barrier", "b0", "b1", "b2"}, got); diff != "" || err != nil {
			t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
		}
	})
}

// A watermark comes when what comes of the items before it has, also while one behind it gives
// more than is taken.
func TestFlatMapMergeWatermark(t *testing.T) {
	bubble(t, "in a flow", func(t *testing.T) {
		source := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
			_ = out.Emit(1)
			_ = out.Watermark(time.Unix(7, 0))
			return out.Emit(1000)
		}))
		var got []string
		slow := func(int) { time.Sleep(ms) }
		if err := source.FlatMapMerge(2, counting).Then(marked(&got)).Tap(slow).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if at := slices.Index(got, "mark 7"); len(got) != 1002 || at < 1 || at > 300 {
			t.Errorf("the watermark is number %d of %d, want it early", at, len(got))
		}
	})
}
