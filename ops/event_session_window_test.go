package ops_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("event-session-window", 1, ints(5), referenceMap(sessionOf), eventSession(func() {}), eventSession, randomInts),
)

var _ = misused(
	newMisuse("event session window without key", "event-session-window: function must not be nil", ops.NewEventSessionWindow[int, int](nil, second, 1)),
	newMisuse("event session window without time", "event-session-window: function must not be nil", ops.NewEventSessionWindow(same, nil, 1)),
	newMisuse("event session window without gap", "event-session-window: gap must be positive, got 0s", ops.NewEventSessionWindow(same, second, 0)),
	newMisuse("event session window of negative lateness", "event-session-window: lateness must not be negative, got -1ns", ops.NewEventSessionWindow(same, second, 1).WithLateness(-1)),
	newMisuse("event session window of negative items", "event-session-window: MaxItems must not be negative, got -1", ops.NewEventSessionWindow(same, second, 1).WithMaxItems(-1)),
	newMisuse("event session window without sessions", "event-session-window: MaxSessions must be at least 1, got 0", ops.NewEventSessionWindow(same, second, 1).WithMaxSessions(0)),
	newMisuse("event session window without late function", "event-session-window: late function must not be nil", ops.NewEventSessionWindow(same, second, 1).WithLate(nil)),
)

// eventSession has one item in a session.
func eventSession(before func()) *ops.EventSessionWindow[int, string] {
	at := func(n int) time.Time {
		before()
		return second(n)
	}
	return ops.NewEventSessionWindow(oneKey, at, 10*time.Second).WithMaxItems(1)
}

func sessionOf(n int) ops.Window[int] {
	return ops.Window[int]{Start: second(n), End: second(n + 10), Items: []int{n}}
}

// even and odd numbers have sessions of their own.
func parity(n int) int { return n & 1 }

func TestEventSessionWindow(t *testing.T) {
	p := ops.NewEventSessionWindow(oneKey, second, 10*time.Second)
	keyed := ops.NewEventSessionWindow(parity, second, 10*time.Second)
	late := p.WithLateness(20 * time.Second)
	checkEvents(t, []eventCase{
		{"at the end in the order of their End", p, "1 30 5 14", "1-24[1 5 14]  30-40[30]"},
		{"a watermark completes those that end up to it", p, "1 5 w14 14 w24", "w14  1-24[1 5 14]  w24"},
		{"an item at the End begins another one", p, "1 11 w11", "1-11[1]  w11  11-21[11]"},
		{"an item in front", p, "20 15 w30", "15-30[20 15]  w30"},
		{"an item between two makes one of them", p, "1 19 10 w29", "1-29[1 19 10]  w29"},
		{"and the items of the earlier come first", p, "19 1 10 w29", "1-29[1 19 10]  w29"},
		{"an item that touches both stays alone", p, "1 21 11 w31", "1-11[1]  11-21[11]  21-31[21]  w31"},
		{"keys have sessions of their own", keyed, "1 2 9 4 w19", "2-14[2 4]  1-19[1 9]  w19"},
		{"of the same End the one that began first comes first", keyed, "8 1 3 11 w30", "8-18[8]  1-21[1 3 11]  w30"},
		{"too late is dropped", p, "w20 10 11 w21", "w20  11-21[11]  w21"},
		{"too late alone, but not in a session", p, "10 w19 5 w20", "w19  5-20[10 5]  w20"},
		{"late, but not too late: the session comes again", late, "1 w11 2 w12 3 w40 4", "1-11[1]  w11  1-12[1 2]  w12  1-13[1 2 3]  w40"},
		{"late, and not over any more", late, "1 w11 5 w15", "1-11[1]  w11  1-15[1 5]  w15"},
		{"late for one that was not there", late, "w20 5 w33 4", "w20  5-15[5]  w33  4-15[5 4]"},
		{"late, and makes one of two", late, "1 19 w29 10 w48 11 w49 12", "1-11[1]  19-29[19]  w29  1-29[1 19 10]  w48  1-29[1 19 10 11]  w49"},
		{"late, and makes one that waits of one that was given and one that waits", late, "1 19 w15 10 w29", "1-11[1]  w15  1-29[1 19 10]  w29"},
		{"kept no longer than the lateness", late, "1 w11 w31 2", "1-11[1]  w11  w31  2-12[2]"},
		{"a maximum of items", p.WithMaxItems(2), "1 2 3 w13", "1-12[1 2]  3-13[3]  w13"},
		{"a maximum of items of two", p.WithMaxItems(3), "1 2 21 20 11 w40", "1-31[1 2 21 20 11]  w40"},
		{"a maximum of sessions: the one that is over first is given", keyed.WithMaxSessions(1), "1 2 w30", "1-11[1]  2-12[2]  w30"},
		{"a maximum of sessions, after one became longer", keyed.WithMaxSessions(2), "1 2 9 32 w50", "2-12[2]  1-19[1 9]  32-42[32]  w50"},
		{"a maximum of sessions: those kept for late items go first", late.WithMaxSessions(1), "1 w11 20 5 w40", "1-11[1]  w11  20-30[20]  5-15[5]  w40"},
		{"a flush", p, "1 30 f 2", "1-11[1]  30-40[30]  f  2-12[2]"},
		{"a barrier waits for the sessions that there are", keyed, "1 b 2 9 w12 20 w21", "2-12[2]  w12  1-19[1 9]  b  w21  20-30[20]"},
		{"a barrier that has nothing to wait for", p, "b 1 w11 b", "b  1-11[1]  w11  b"},
		{"a barrier does not wait for sessions kept for late items", late, "1 w11 b 2", "1-11[1]  w11  b  1-12[1 2]"},
		{"a barrier waits for a session that waits again", late, "1 w11 5 b w15", "1-11[1]  w11  1-15[1 5]  b  w15"},
		{"a barrier and sessions that become one", p, "19 b 1 10 w21 w30", "w21  1-29[1 19 10]  b  w30"},
		{"a barrier waits for what became of the older one of two", keyed, "17 b 1 9 2 w12 w27", "2-12[2]  w12  1-27[1 17 9]  b  w27"},
		{"a barrier and a session that goes on", p, "1 b 5 w14 10 w24", "w14  1-20[1 5 10]  b  w24"},
	})
}

func TestEventSessionWindowBooks(t *testing.T) {
	p := ops.NewEventSessionWindow(oneKey, second, 10*time.Second).WithLateness(5 * time.Second)
	_, books := tell(t, p, "1 2 w12 3 40 w18 2 30")
	wantCounts(t, flow.StageReport{In: 6, Passed: 5, Out: 4, Dropped: 1}, books)
}

// A key that is not equal to itself has no session that could go on.
func TestEventSessionWindowOfNaN(t *testing.T) {
	key := func(int) float64 { return math.NaN() }
	checkEvents(t, []eventCase{
		{"each item is a session", ops.NewEventSessionWindow(key, second, 10*time.Second).WithMaxSessions(2), "1 2 3 w13", "1-11[1]  2-12[2]  3-13[3]  w13"},
	})
}

// sessionModel is a session of the model, which finds out all anew from its items.
type sessionModel struct {
	items      []int
	given      bool
	no         int
	start, end int
}

// referenceEventSessions is what comes of sessions over words: an item joins all sessions of its
// key that its own would overlap.
func referenceEventSessions(key func(int) int, gap int, c eventConfig, script string) (out []string) {
	now, no := math.MinInt, 0
	var kept []*sessionModel
	give := func(s *sessionModel) { out = append(out, fmt.Sprintf("%d-%d%v", s.start, s.end, s.items)) }
	drop := func(gone *sessionModel) {
		kept = slices.DeleteFunc(kept, func(s *sessionModel) bool { return s == gone })
	}
	sorted := func() []*sessionModel {
		return slices.SortedFunc(slices.Values(kept), func(a, b *sessionModel) int {
			return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start), cmp.Compare(a.no, b.no))
		})
	}
	take := func(n int) {
		own := &sessionModel{start: n, end: n + gap, no: math.MaxInt}
		var parts []*sessionModel
		for _, s := range kept {
			if key(s.items[0]) == key(n) && s.start < n+gap && n < s.end {
				parts = append(parts, s)
			}
		}
		slices.SortFunc(parts, func(a, b *sessionModel) int { return cmp.Compare(a.start, b.start) })
		for _, s := range parts {
			own.start, own.end = min(own.start, s.start), max(own.end, s.end)
			own.items = append(own.items, s.items...)
			if !s.given {
				own.no = min(own.no, s.no)
			}
		}
		if now != math.MinInt && own.end+c.Lateness <= now {
			return
		}
		if c.Windows > 0 && len(parts) == 0 && len(kept) == c.Windows {
			first := slices.MinFunc(sorted(), func(a, b *sessionModel) int {
				due := func(s *sessionModel) int {
					if s.given {
						return s.end + c.Lateness
					}
					return s.end
				}
				return cmp.Compare(due(a), due(b))
			})
			drop(first)
			if !first.given {
				give(first)
			}
		}
		for _, s := range parts {
			drop(s)
		}
		own.given = own.end <= now
		if own.no == math.MaxInt && !own.given {
			own.no = no
			no++
		}
		own.items = append(own.items, n)
		kept = append(kept, own)
		full := c.Items > 0 && len(own.items) >= c.Items
		if full {
			drop(own)
		}
		if full || own.given {
			give(own)
		}
	}
	close := func(all bool) {
		for _, s := range sorted() {
			if !s.given && (all || s.end <= now) {
				s.given = true
				give(s)
				if all {
					drop(s)
				}
			}
			if s.end+c.Lateness <= now {
				drop(s)
			}
		}
	}
	play(script, &out, &now, take, close)
	return out
}

func TestEventSessionWindowModel(t *testing.T) {
	trials(t, 1000, func(t *testing.T, r *rand.Rand) {
		c := eventConfig{Lateness: r.IntN(3) * r.IntN(20), Items: r.IntN(5)}
		gap, keys := 1+r.IntN(12), 1+r.IntN(3)
		key := func(n int) int { return n % keys }
		p := ops.NewEventSessionWindow(key, second, time.Duration(gap)*time.Second).
			WithLateness(time.Duration(c.Lateness) * time.Second).WithMaxItems(c.Items)
		if c.Lateness == 0 && r.IntN(2) == 0 { // else several may be due at once, and any of these goes
			c.Windows = 1 + r.IntN(4)
			p = p.WithMaxSessions(c.Windows)
		}
		script := randomWords(r, "f")
		got, _ := tell(t, p, script)
		if diff := gocmp.Diff(referenceEventSessions(key, gap, c, script), got); diff != "" {
			t.Errorf("gap %d, %d keys, %+v of %s: mismatch (-want +got):\n%s", gap, keys, c, script, diff)
		}
	})
}
