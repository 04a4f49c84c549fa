package ops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("event-sliding-window", 1, ints(5), referenceMap(tumbled), eventSliding(func() {}), eventSliding, randomInts),
)

var _ = misused(
	newMisuse("event sliding window without time", "event-sliding-window: function must not be nil", ops.NewEventSlidingWindow[int](nil, 1, 1)),
	newMisuse("event sliding window of no size", "event-sliding-window: size must be positive, got 0s", ops.NewEventSlidingWindow(second, 0, 1)),
	newMisuse("event sliding window without slide", "event-sliding-window: slide must be positive, got 0s", ops.NewEventSlidingWindow(second, 1, 0)),
	newMisuse("event sliding window of negative lateness", "event-sliding-window: lateness must not be negative, got -1ns", ops.NewEventSlidingWindow(second, 1, 1).WithLateness(-1)),
	newMisuse("event sliding window of negative items", "event-sliding-window: MaxItems must not be negative, got -1", ops.NewEventSlidingWindow(second, 1, 1).WithMaxItems(-1)),
	newMisuse("event sliding window without windows", "event-sliding-window: MaxWindows must be at least 1, got 0", ops.NewEventSlidingWindow(second, 1, 1).WithMaxWindows(0)),
	newMisuse("event sliding window without late function", "event-sliding-window: late function must not be nil", ops.NewEventSlidingWindow(second, 1, 1).WithLate(nil)),
	newMisuse("event sliding window that overlaps too much", "event-sliding-window: slide must leave an item in no more windows than are kept, got 1ns", ops.NewEventSlidingWindow(second, 3, 1).WithMaxWindows(2)),
)

// eventSliding has one item in a window, and windows that do not overlap.
func eventSliding(before func()) *ops.EventSlidingWindow[int] {
	at := func(n int) time.Time {
		before()
		return second(n)
	}
	return ops.NewEventSlidingWindow(at, 10*time.Second, 10*time.Second).WithMaxItems(1)
}

func TestEventSlidingWindow(t *testing.T) {
	p := ops.NewEventSlidingWindow(second, 10*time.Second, 5*time.Second)
	late := p.WithLateness(5 * time.Second)
	checkEvents(t, []eventCase{
		{"an item is in all its windows, also in those before the first item", p, "7 3 12", "-5-5[3]  0-10[7 3]  5-15[7 12]  10-20[12]"},
		{"a watermark completes those that end up to it", p, "7 3 w5 4 w10 8 w15", "-5-5[3]  w5  0-10[7 3 4]  w10  5-15[7 8]  w15"},
		{"too late for some of its windows", p, "w7 4 w10", "w7  0-10[4]  w10"},
		{"too late for all", p, "w10 4 5", "w10  5-15[5]"},
		{"late for some and too late for none", late, "4 w7 3 w10 2 w15 1", "-5-5[4]  w7  -5-5[4 3]  0-10[4 3]  w10  0-10[4 3 2]  w15"},
		{"in a gap", ops.NewEventSlidingWindow(second, 3*time.Second, 5*time.Second), "1 3 4 5 w20 3", "0-3[1]  5-8[5]  w20"},
		{"a slide that is no part of the size", ops.NewEventSlidingWindow(second, 7*time.Second, 3*time.Second), "6 8 w30", "0-7[6]  3-10[6 8]  6-13[6 8]  w30"},
		{"a maximum of items", p.WithMaxItems(2), "6 7 1 8 w10", "0-10[6 7]  5-15[6 7]  0-10[1 8]  -5-5[1]  w10  5-15[8]"},
		{"a maximum of windows", p.WithMaxWindows(2), "6 11 12", "0-10[6]  5-15[6 11 12]  10-20[11 12]"},
		{"a flush", p, "6 f 7", "0-10[6]  5-15[6]  f  0-10[7]  5-15[7]"},
		{"a barrier waits for all windows of the items before it", p, "6 b 7 w10 8 w15", "0-10[6 7]  w10  5-15[6 7 8]  b  w15"},
	})
}

func TestEventSlidingWindowBooks(t *testing.T) {
	p := ops.NewEventSlidingWindow(second, 3*time.Second, 5*time.Second)
	_, books := tell(t, p, "1 3 4 5 w20 6")
	wantCounts(t, flow.StageReport{In: 5, Passed: 2, Out: 2, Dropped: 3}, books)

	bubble(t, "an item is held until the last of its windows was given", func(t *testing.T) {
		p := ops.NewEventSlidingWindow(second, 10*time.Second, 5*time.Second)
		_, row := cutOff(t, p.WithMaxWindows(2), 6, 11)
		wantCounts(t, flow.StageReport{In: 2, Out: 1, Held: 2}, row)
	})
}

func TestEventSlidingWindowModel(t *testing.T) {
	trials(t, 500, func(t *testing.T, r *rand.Rand) {
		c := eventConfig{
			Size: 1 + r.IntN(20), Slide: []int{1, 2, 5, 10}[r.IntN(4)], Lateness: r.IntN(3) * r.IntN(20), Items: r.IntN(5),
		}
		p := ops.NewEventSlidingWindow(second, time.Duration(c.Size)*time.Second, time.Duration(c.Slide)*time.Second).
			WithLateness(time.Duration(c.Lateness) * time.Second).WithMaxItems(c.Items)
		if r.IntN(2) == 0 {
			c.Windows = (c.Size-1)/c.Slide + 1 + r.IntN(4)
			p = p.WithMaxWindows(c.Windows)
		}
		script := randomWords(r, "f")
		got, _ := tell(t, p, script)
		if diff := cmp.Diff(referenceGrid(c, script), got); diff != "" {
			t.Errorf("%+v of %s: mismatch (-want +got):\n%s", c, script, diff)
		}
	})
}
