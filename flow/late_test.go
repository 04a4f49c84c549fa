package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// sec is the time of a number of seconds.
func sec(n int) time.Time { return time.Unix(int64(n), 0) }

var tens = ops.NewEventTumblingWindow(sec, 10*time.Second)

func windowText(f flow.Flow[flow.Window[int]]) flow.Flow[string] {
	return f.Map(func(w flow.Window[int]) string { return fmt.Sprintf("%d%v", w.Start.Unix(), w.Items) })
}

func lateText(f flow.Flow[int]) flow.Flow[string] {
	return f.Map(func(n int) string { return fmt.Sprint("late ", n) })
}

// outOfOrder has items of which 3 and 4 are too late for windows of ten seconds.
func outOfOrder() flow.Flow[int] { return flow.Of(1, 2, 12, 3, 13, 4, 25).EventTime(sec, 0) }

func TestSplitLate(t *testing.T) {
	oneKey := func(int) string { return "" }
	for name, w := range map[string]ops.EventWindow[int]{
		"tumbling": tens,
		"sliding":  ops.NewEventSlidingWindow(sec, 10*time.Second, 10*time.Second),
		"session":  ops.NewEventSessionWindow(oneKey, sec, 8*time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			opt, r := audited(t)
			got, err := flow.SplitLate(outOfOrder(), w, windowText, lateText).Collect(t.Context(), opt)
			want := []string{"0[1 2]", "late 3", "late 4", "10[12 13]", "20[25]"}
			if name == "session" {
				want = []string{"1[1 2]", "late 3", "late 4", "12[12 13]", "25[25]"}
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
			}
			wantNames := []string{"items", "event-time", w.Name(), "split-late", "split-late/windows/mapper", "split-late/windows/mapper#2", "split-late/late/mapper", "split-late/late/mapper#2", "collect"}
			if diff := cmp.Diff(wantNames, stageNames(r)); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
			if s := stageReport(t, r, w.Name()); s.In != 7 || s.Passed != 7 || s.Out != 5 || s.Dropped != 0 || r.Goroutines.Started != 0 {
				t.Errorf("books %+v, %d goroutines", s, r.Goroutines.Started)
			}
		})
	}
}

// TestSplitLate_apart has a queue in one of the pieces, and ends in each.
func TestSplitLate_apart(t *testing.T) {
	queued := func(f flow.Flow[int]) flow.Flow[string] { return lateText(f.Async(2)) }
	none := func(f flow.Flow[int]) flow.Flow[string] { return lateText(f.Take(0)) }
	first := func(f flow.Flow[flow.Window[int]]) flow.Flow[string] { return windowText(f.Take(1)) }
	for name, c := range map[string]struct {
		f    flow.Flow[string]
		want string
	}{
		"a queue":       {flow.SplitLate(outOfOrder(), tens, windowText, queued), "0[1 2] 10[12 13] 20[25] late 3 late 4"},
		"no late items": {flow.SplitLate(outOfOrder(), tens, windowText, none), "0[1 2] 10[12 13] 20[25]"},
		"one window":    {flow.SplitLate(outOfOrder(), tens, first, lateText), "0[1 2] late 3 late 4"},
		"one and none":  {flow.SplitLate(outOfOrder(), tens, first, none), "0[1 2]"},
		"an early end":  {flow.SplitLate(outOfOrder(), tens, windowText, lateText).Take(2), "0[1 2] late 3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := c.f.Collect(t.Context(), audit(t))
				if name == "a queue" {
					got = slices.Sorted(slices.Values(got))
				}
				if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" || err != nil {
					t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

// TestSplitLate_policy: a policy is that of the windows and of the stages in the pieces.
func TestSplitLate_policy(t *testing.T) {
	at := func(n int) time.Time {
		if n == 2 {
			panic(errPlanted)
		}
		return sec(n)
	}
	fails := func(f flow.Flow[int]) flow.Flow[string] {
		return f.TryMap(func(n int) (string, error) {
			if n == 3 {
				return "", errPlanted
			}
			return fmt.Sprint("late ", n), nil
		})
	}
	opt, r := audited(t)
	got, err := flow.SplitLate(outOfOrder(), ops.NewEventTumblingWindow(at, 10*time.Second), windowText, fails).
		Named("split").OnError(flow.Skip()).Collect(t.Context(), opt, quiet)
	if diff := cmp.Diff([]string{"0[1]", "late 4", "10[12 13]", "20[25]"}, got); diff != "" || err != nil {
		t.Errorf("error %v, mismatch (-want +got):\n%s", err, diff)
	}
	for _, name := range []string{"event-tumbling-window", "split/late/try-mapper"} {
		if s := stageReport(t, r, name); s.Failed != 1 {
			t.Errorf("%s: %d failed, want 1", name, s.Failed)
		}
	}
}

func TestSplitLate_cancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stops := func(f flow.Flow[int]) flow.Flow[string] {
		return f.Map(func(n int) string { cancel(errPlanted); return "" })
	}
	_, err := flow.SplitLate(outOfOrder(), tens, windowText, stops).Collect(ctx, audit(t))
	if !errors.Is(err, errPlanted) {
		t.Errorf("error %v, want %v", err, errPlanted)
	}
}

// aroundWindow has a Process of its own, past which the windows inside must not be fused.
type aroundWindow struct {
	*ops.EventTumblingWindow[int]
}

func (aroundWindow) Process(context.Context, <-chan int) <-chan flow.Window[int] { return nil }

func TestSplitLate_misuse(t *testing.T) {
	all := flow.Of(1)
	none := func(context.Context, int) error { return nil }
	for want, f := range map[string]flow.Flow[string]{
		"window must not be nil":                  flow.SplitLate(all, nil, windowText, lateText),
		"function of the windows must not be nil": flow.SplitLate(all, tens, nil, lateText),
		"function of late items must not be nil":  flow.SplitLate(all, tens, windowText, nil),
		"late function must not be set":           flow.SplitLate(all, tens.WithLate(none), windowText, lateText),
		"size must be positive":                   flow.SplitLate(all, ops.NewEventTumblingWindow(sec, 0), windowText, lateText),
		"must be a processor of package ops":      flow.SplitLate(all, aroundWindow{tens}, windowText, lateText),
		"parameter must be used":                  flow.SplitLate(all, tens, windowText, func(flow.Flow[int]) flow.Flow[string] { return flow.Of("") }),
	} {
		t.Run(want, func(t *testing.T) {
			err := f.Run(t.Context())
			if _, ok := errors.AsType[*flow.ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
				t.Errorf("Run() = %v, want a ConfigError that says %q", err, want)
			}
		})
	}
}
