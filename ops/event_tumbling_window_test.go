package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("event-tumbling-window", 1, ints(5), referenceMap(tumbled), eventTumbling(func() {}), eventTumbling, randomInts),
)

var _ = misused(
	newMisuse("event tumbling window without time", "event-tumbling-window: function must not be nil", ops.NewEventTumblingWindow[int](nil, 1)),
	newMisuse("event tumbling window of no size", "event-tumbling-window: size must be positive, got 0s", ops.NewEventTumblingWindow(second, 0)),
	newMisuse("event tumbling window of negative lateness", "event-tumbling-window: lateness must not be negative, got -1ns", ops.NewEventTumblingWindow(second, 1).WithLateness(-1)),
	newMisuse("event tumbling window of negative items", "event-tumbling-window: MaxItems must not be negative, got -1", ops.NewEventTumblingWindow(second, 1).WithMaxItems(-1)),
	newMisuse("event tumbling window without windows", "event-tumbling-window: MaxWindows must be at least 1, got 0", ops.NewEventTumblingWindow(second, 1).WithMaxWindows(0)),
	newMisuse("event tumbling window without late function", "event-tumbling-window: late function must not be nil", ops.NewEventTumblingWindow(second, 1).WithLate(nil)),
)

var _ = chained(func(n int, before func()) link {
	return link{fmt.Sprint("event windows of ", n), flattened(eventTumbling(before).WithLateness(time.Hour)), referenceMap(same), false}
})

// eventTumbling has one item in a window.
func eventTumbling(before func()) *ops.EventTumblingWindow[int] {
	at := func(n int) time.Time {
		before()
		return second(n)
	}
	return ops.NewEventTumblingWindow(at, 10*time.Second).WithMaxItems(1)
}

func tumbled(n int) ops.Window[int] {
	start := second(n - n%10)
	return ops.Window[int]{Start: start, End: start.Add(10 * time.Second), Items: []int{n}}
}

func TestEventTumblingWindow(t *testing.T) {
	p := ops.NewEventTumblingWindow(second, 10*time.Second)
	late := p.WithLateness(5 * time.Second)
	checkEvents(t, []eventCase{
		{"without watermarks all come at the end, in order", p, "31 1 12 2", "0-10[1 2]  10-20[12]  30-40[31]"},
		{"a watermark completes those that end up to it", p, "1 12 9 w10 13 w25", "0-10[1 9]  w10  10-20[12 13]  w25"},
		{"the End is not in a window", p, "9 10 w9 w10", "w9  0-10[9]  w10  10-20[10]"},
		{"before the epoch", p, "-1 0 w0", "-10-0[-1]  w0  0-10[0]"},
		{"no item, no window", p, "w10 w20", "w10  w20"},
		{"too late is dropped", p, "1 w10 2 12", "0-10[1]  w10  10-20[12]"},
		{"too late without a window", p, "w10 2 12", "w10  10-20[12]"},
		{"a watermark that falls is passed on, and says nothing", p, "1 w10 w5 2", "0-10[1]  w10  w5"},
		{"an idle watermark is one", p, "1 i10 2", "0-10[1]  i10"},
		{"late, but not too late: the window comes again", late, "1 w10 2 w14 3 w15 4", "0-10[1]  w10  0-10[1 2]  w14  0-10[1 2 3]  w15"},
		{"late for a window that was not there", late, "w12 2 3", "w12  0-10[2]  0-10[2 3]"},
		{"late between others", late.WithLateness(50 * time.Second), "1 21 w30 11 w31 12 2", "0-10[1]  20-30[21]  w30  10-20[11]  w31  10-20[11 12]  0-10[1 2]"},
		{"an offset", p.WithOffset(3 * time.Second), "1 3 12 w13", "-7-3[1]  3-13[3 12]  w13"},
		{"a maximum of items", p.WithMaxItems(2), "1 2 3 w10", "0-10[1 2]  0-10[3]  w10"},
		{"a maximum of items of a window that was given", late.WithMaxItems(2), "1 w10 2 3 4", "0-10[1]  w10  0-10[1 2]  0-10[3]  0-10[3 4]"},
		{"a maximum of windows", p.WithMaxWindows(2), "1 11 2 21 3 w30", "0-10[1 2]  10-20[11]  0-10[3]  20-30[21]  w30"},
		{"a maximum of windows: those kept for late items go first", late.WithMaxWindows(2), "1 w10 11 21 2 w30", "0-10[1]  w10  10-20[11]  0-10[2]  20-30[21]  w30"},
		{"a flush", p, "1 11 f 2 w10", "0-10[1]  10-20[11]  f  0-10[2]  w10"},
		{"a flush leaves what is kept for late items", late, "1 w10 11 f 2 12", "0-10[1]  w10  10-20[11]  f  0-10[1 2]  10-20[12]"},
		{"a barrier waits for the windows that there are", p, "1 11 b 2 w10 21 w20", "0-10[1 2]  w10  10-20[11]  b  w20  20-30[21]"},
		{"a barrier that has nothing to wait for", p, "b 1 w10 b 11", "b  0-10[1]  w10  b  10-20[11]"},
		{"a barrier does not wait for windows kept for late items", late, "1 w10 b 2", "0-10[1]  w10  b  0-10[1 2]"},
		{"a barrier and a maximum of items", p.WithMaxItems(2), "1 b 2 3", "0-10[1 2]  b  0-10[3]"},
		{"a barrier and a maximum of windows", p.WithMaxWindows(1), "1 b 11", "0-10[1]  b  10-20[11]"},
		{"two barriers", p, "11 b 1 b w10 w20", "0-10[1]  w10  10-20[11]  b  b  w20"},
	})
}

func TestEventTumblingWindowBooks(t *testing.T) {
	p := ops.NewEventTumblingWindow(second, 10*time.Second).WithLateness(5 * time.Second)
	_, books := tell(t, p, "1 2 w10 3 11 w15 4 5")
	wantCounts(t, flow.StageReport{In: 6, Passed: 4, Out: 3, Dropped: 2}, books)
}

// eventConfig is how random windows are configured; 0 is no limit.
type eventConfig struct {
	Size, Slide, Lateness int
	Items, Windows        int
}

// gridModel is a window of the model.
type gridModel struct {
	start int
	items []int
	given bool
}

// referenceGrid is what comes of windows over words: for each item it looks at all windows there
// can be. Barriers are left out.
func referenceGrid(c eventConfig, script string) (out []string) {
	now, windows := math.MinInt, map[int]*gridModel{}
	give := func(w *gridModel) { out = append(out, fmt.Sprintf("%d-%d%v", w.start, w.start+c.Size, w.items)) }
	starts := func() (all []int) {
		for start := range windows {
			all = append(all, start)
		}
		slices.Sort(all)
		return all
	}
	take := func(n int) {
		var own []int
		for start := -1000; start <= 1000; start += c.Slide {
			if start <= n && n < start+c.Size && (now == math.MinInt || start+c.Size+c.Lateness > now) {
				own = append(own, start)
			}
		}
		missing := func() (n int) {
			for _, start := range own {
				if windows[start] == nil {
					n++
				}
			}
			return n
		}
		for c.Windows > 0 && len(windows)+missing() > c.Windows {
			first := windows[starts()[0]]
			delete(windows, first.start)
			if !first.given {
				give(first)
			}
		}
		for _, start := range own {
			if windows[start] == nil {
				windows[start] = &gridModel{start: start, given: start+c.Size <= now}
			}
			windows[start].items = append(windows[start].items, n)
		}
		for _, start := range own {
			w := windows[start]
			full := c.Items > 0 && len(w.items) >= c.Items
			if full {
				delete(windows, start)
			}
			if full || w.given {
				give(w)
			}
		}
	}
	close := func(all bool) {
		for _, start := range starts() {
			w := windows[start]
			if !w.given && (all || start+c.Size <= now) {
				w.given = true
				give(w)
				if all {
					delete(windows, start)
				}
			}
			if start+c.Size+c.Lateness <= now {
				delete(windows, start)
			}
		}
	}
	play(script, &out, &now, take, close)
	return out
}

func TestEventTumblingWindowModel(t *testing.T) {
	trials(t, 500, func(t *testing.T, r *rand.Rand) {
		size := []int{1, 2, 5, 10, 20}[r.IntN(5)]
		c := eventConfig{Size: size, Slide: size, Lateness: r.IntN(3) * r.IntN(20), Items: r.IntN(5), Windows: r.IntN(4)}
		p := ops.NewEventTumblingWindow(second, time.Duration(size)*time.Second).
			WithLateness(time.Duration(c.Lateness) * time.Second).WithMaxItems(c.Items)
		if c.Windows > 0 {
			p = p.WithMaxWindows(c.Windows)
		}
		script := randomWords(r, "f")
		got, _ := tell(t, p, script)
		if diff := cmp.Diff(referenceGrid(c, script), got); diff != "" {
			t.Errorf("%+v of %s: mismatch (-want +got):\n%s", c, script, diff)
		}
	})
}
