package ops_test

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

// played is a flow of the words of a script; +5 lets five milliseconds pass.
func played(script string) flow.Flow[int] {
	return flow.FromFunc(func(_ context.Context, emit func(string) error) error {
		for word := range strings.FieldsSeq(script) {
			if word[0] == '+' {
				n, _ := strconv.Atoi(word)
				time.Sleep(time.Duration(n) * ms)
			} else if err := emit(word); err != nil {
				return err
			}
		}
		return nil
	}).Then(scripted{})
}

// timed gives what comes of a flow, each with the milliseconds since the start.
func timed(t *testing.T, f flow.Flow[int]) string {
	t.Helper()
	begin := time.Now()
	var words []string
	add := func(word string) { words = append(words, fmt.Sprint(word, "@", time.Since(begin).Milliseconds())) }
	var r flow.Report
	err := f.Then(&overhearing[int]{strconv.Itoa, add}).Run(t.Context(), flow.WithReport(&r))
	if err != nil || !r.Balanced() {
		t.Errorf("error %v\n%v", err, r)
	}
	return strings.Join(words, " ")
}

// A stream that is idle does not hold back the watermark where it comes together with another,
// and does again when it is idle no more.
func TestIdleStreamsComeTogether(t *testing.T) {
	sum := func(p flow.Pair[int, int]) int { return p.A + p.B }
	type shape = func(a, b flow.Flow[int]) flow.Flow[int]
	for name, tt := range map[string]struct {
		shape
		end string
	}{
		"Merge":          {func(a, b flow.Flow[int]) flow.Flow[int] { return flow.Merge(a, b) }, "e@60"},
		"MergePriority":  {func(a, b flow.Flow[int]) flow.Flow[int] { return flow.MergePriority(a, b) }, "e@60"},
		"MergeSorted":    {func(a, b flow.Flow[int]) flow.Flow[int] { return flow.MergeSorted(cmp.Compare, a, b) }, "e@60"},
		"Zip":            {func(a, b flow.Flow[int]) flow.Flow[int] { return a.Zip(b).Map(sum) }, "e@50"},
		"ZipLongest":     {func(a, b flow.Flow[int]) flow.Flow[int] { return a.ZipLongest(b).Map(sum) }, "e@60"},
		"ZipLatest":      {func(a, b flow.Flow[int]) flow.Flow[int] { return a.ZipLatest(b).Map(sum) }, "e@50"},
		"WithLatestFrom": {func(a, b flow.Flow[int]) flow.Flow[int] { return a.WithLatestFrom(b).Map(sum) }, "e@60"},
	} {
		bubble(t, name, func(t *testing.T) {
			got := timed(t, tt.shape(played("w5 +20 w8 +20 w9 +20"), played("+10 i3 +15 w8 +20 w12 +5")))
			if diff := gocmp.Diff("w5@10 w8@20 w9@45 "+tt.end, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Ways that a stream was split into are idle together.
func TestIdleStreamsAreSplit(t *testing.T) {
	same := func(f flow.Flow[int]) flow.Flow[int] { return f }
	queued := func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1) }
	shapes := map[string]func(f flow.Flow[int]) flow.Flow[int]{
		"Branch, fused": func(f flow.Flow[int]) flow.Flow[int] { return f.Branch(same, same) },
		"Branch":        func(f flow.Flow[int]) flow.Flow[int] { return f.Branch(queued, same) },
		"Branch in another": func(f flow.Flow[int]) flow.Flow[int] {
			return f.Branch(same, func(f flow.Flow[int]) flow.Flow[int] { return f.Branch(same, queued) })
		},
		"Partition":         func(f flow.Flow[int]) flow.Flow[int] { return f.Partition(even, same, same) },
		"Balance":           func(f flow.Flow[int]) flow.Flow[int] { return f.Balance(same, same) },
		"ParallelUnordered": func(f flow.Flow[int]) flow.Flow[int] { return f.ParallelUnordered(3, same) },
		"GroupBy":           func(f flow.Flow[int]) flow.Flow[int] { return f.GroupBy(parity, same) },
		"ParallelKeyed":     func(f flow.Flow[int]) flow.Flow[int] { return f.ParallelKeyed(2, oneKey, same) },
	}
	for name, shape := range shapes {
		bubble(t, name, func(t *testing.T) {
			got := timed(t, shape(played("w5 +10 i6 +10 w6 +10 w7 +10")))
			if diff := gocmp.Diff("w5@0 i6@10 w6@20 w7@30 e@40", got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// What a way has not come to yet is not late because another is ahead: the way is idle only for
// as long as the stream above was.
func TestIdleWayThatIsBehind(t *testing.T) {
	same := func(f flow.Flow[int]) flow.Flow[int] { return f }
	late := func(f flow.Flow[int]) flow.Flow[int] { return f.Delay(10 * ms) }
	for name, ways := range map[string][]func(flow.Flow[int]) flow.Flow[int]{
		"fused": {same, late}, "with queues": {func(f flow.Flow[int]) flow.Flow[int] { return f.Async(1) }, late},
	} {
		bubble(t, name, func(t *testing.T) {
			got := timed(t, played("1 i1 +5 w1 9 w9 +20").Branch(ways...))
			if diff := gocmp.Diff("1@0 9@5 1@10 w1@10 9@15 w9@15 e@25", got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// A way that is idle by an EventTime of its own is left out.
func TestIdleWayOfItsOwn(t *testing.T) {
	timeOf := func(f flow.Flow[int]) flow.Flow[int] {
		return f.Then(ops.NewEventTime(second, 0).WithIdleTimeout(10 * ms))
	}
	bubble(t, "Partition", func(t *testing.T) {
		got := timed(t, played("2 +9 4 +9 6 +2 3 +20").Partition(even, timeOf, timeOf))
		if diff := gocmp.Diff("2@0 4@9 w4@10 6@18 w6@18 3@20 i6@30 e@40", got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}

// Windows behind a Merge do not wait for a flow in which nothing happens.
func TestIdleTimeoutAndWindows(t *testing.T) {
	timeOf := ops.NewEventTime(second, 0)
	for _, tt := range []struct {
		name string
		time *ops.EventTime[int]
		want string
	}{
		{"without a timeout", timeOf, "0-10[1 2] at 50ms"},
		{"with one", timeOf.WithIdleTimeout(20 * ms), "0-10[1 2] at 20ms"},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			begin := time.Now()
			var got string
			quiet := played("1 +50").Then(tt.time)
			busy := played("+1 2 +9 11 +10 12 +10 13").Then(timeOf)
			err := flow.Merge(quiet, busy).EventTumblingWindow(second, 10*time.Second).Take(1).
				ForEach(func(_ context.Context, w ops.Window[int]) error {
					got = fmt.Sprint(showWindow(w), " at ", time.Since(begin))
					return nil
				}).Run(t.Context())
			if got != tt.want || err != nil {
				t.Errorf("got %s, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

// A source that sends its own watermarks says itself that it is idle.
func TestEmitterIdle(t *testing.T) {
	bubble(t, "in a Merge", func(t *testing.T) {
		src := flow.FromSignals(signals(func(out flow.Emitter[int]) error {
			_ = out.Watermark(second(1))
			time.Sleep(10 * ms)
			_ = out.Idle(second(2))
			time.Sleep(10 * ms)
			_ = out.Watermark(second(7))
			time.Sleep(10 * ms)
			return nil
		}))
		got := timed(t, flow.Merge(src, played("w5 +40")))
		if diff := gocmp.Diff("w1@0 w5@10 e@40", got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
}
