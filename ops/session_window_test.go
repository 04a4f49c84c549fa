package ops_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/go-streamz/streamz/clock"
	"github.com/go-streamz/streamz/flow"
	"github.com/go-streamz/streamz/ops"
)

var _ = conforms(
	newSubject("session-window", 1, ints(5), referencePieces(1, epoch, epoch.Add(30*time.Minute)), sessions(func() {}), sessions, randomInts),
)

var _ = misused(
	newMisuse("session window without key", "session-window: function must not be nil", ops.NewSessionWindow[int, int](nil)),
	newMisuse("session window without gap", "session-window: gap must be positive, got 0s", ops.NewSessionWindow(same).WithGap(0)),
	newMisuse("session window of no duration", "session-window: MaxDuration must be positive, got 0s", ops.NewSessionWindow(same).WithMaxDuration(0)),
	newMisuse("session window of negative items", "session-window: MaxItems must not be negative, got -1", ops.NewSessionWindow(same).WithMaxItems(-1)),
	newMisuse("session window without sessions", "session-window: MaxSessions must be at least 1, got 0", ops.NewSessionWindow(same).WithMaxSessions(0)),
	newMisuse("session window with two clocks", "session-window: clock must be given once at most, got 2", ops.NewSessionWindow(same, nil, nil)),
)

var _ = chained(func(n int, before func()) link {
	p := sessions(before).WithMaxItems(n).WithGap(time.Duration(n+1) * ms)
	return link{fmt.Sprint("sessions of ", n), flattened(p), referenceMap(same), false}
})

// sessions has one key, and one item in a session.
func sessions(before func()) *ops.SessionWindow[int, string] {
	return ops.NewSessionWindow(func(int) string {
		before()
		return ""
	}).WithMaxItems(1)
}

// tens has a key for each ten numbers.
func tens(n int) int { return n / 10 }

func TestSessionWindow(t *testing.T) {
	one, many := ops.NewSessionWindow(oneKey).WithGap(20*ms), ops.NewSessionWindow(tens).WithGap(20*ms)
	checkCases(t, []windowCase{
		{
			"three bursts", one,
			script[int]{{0, []int{1, 2}}, {5 * ms, []int{3}}, {30 * ms, []int{4, 5}}, {40 * ms, []int{6}}, {5 * ms, nil}},
			spans{
				{25 * ms, span{0, 25 * ms, []int{1, 2, 3}}}, {55 * ms, span{35 * ms, 55 * ms, []int{4, 5}}},
				{80 * ms, span{75 * ms, 95 * ms, []int{6}}},
			},
		},
		{
			"items within the gap are one session", ops.NewSessionWindow(oneKey).WithGap(200 * ms),
			script[int]{{0, []int{1}}, {199 * ms, []int{2}}, {199 * ms, []int{3}}, {300 * ms, nil}},
			spans{{598 * ms, span{0, 598 * ms, []int{1, 2, 3}}}},
		},
		{
			"an item at the End begins a new session", one,
			script[int]{{0, []int{1}}, {20 * ms, []int{2}}, {20 * ms, nil}},
			spans{{20 * ms, span{0, 20 * ms, []int{1}}}, {40 * ms, span{20 * ms, 40 * ms, []int{2}}}},
		},
		{"no item, no session", one, script[int]{{200 * ms, nil}}, nil},
		{
			"keys have sessions of their own", many,
			script[int]{{0, []int{10}}, {5 * ms, []int{20}}, {10 * ms, []int{11}}, {50 * ms, nil}},
			spans{{25 * ms, span{5 * ms, 25 * ms, []int{20}}}, {35 * ms, span{0, 35 * ms, []int{10, 11}}}},
		},
		{
			"of the same End the one that began first comes first, then the one that was opened first", many,
			script[int]{{0, []int{10}}, {5 * ms, []int{30, 20}}, {5 * ms, []int{21, 31, 11}}, {50 * ms, nil}},
			spans{{30 * ms, span{0, 30 * ms, []int{10, 11}}}, {30 * ms, span{5 * ms, 30 * ms, []int{30, 31}}}, {30 * ms, span{5 * ms, 30 * ms, []int{20, 21}}}},
		},
		{
			"at the end of the input in the order of the planned End", many,
			script[int]{{0, []int{10}}, {5 * ms, []int{20}}, {5 * ms, []int{11}}, {1 * ms, nil}},
			spans{{11 * ms, span{5 * ms, 25 * ms, []int{20}}}, {11 * ms, span{0, 30 * ms, []int{10, 11}}}},
		},
		{
			"a maximum of items", one.WithMaxItems(2),
			script[int]{{0, ints(3)}, {5 * ms, []int{4, 5}}, {50 * ms, nil}},
			spans{{0, span{0, 20 * ms, []int{1, 2}}}, {5 * ms, span{0, 25 * ms, []int{3, 4}}}, {25 * ms, span{5 * ms, 25 * ms, []int{5}}}},
		},
		{
			"a maximum duration", many.WithMaxDuration(30 * ms),
			script[int]{{0, []int{10}}, {15 * ms, []int{11, 20}}, {14 * ms, []int{12, 21}}, {1 * ms, []int{13}}, {50 * ms, nil}},
			spans{
				{30 * ms, span{0, 30 * ms, []int{10, 11, 12}}}, {45 * ms, span{15 * ms, 45 * ms, []int{20, 21}}}, {50 * ms, span{30 * ms, 50 * ms, []int{13}}},
			},
		},
		{
			"a maximum duration is over before the gap of one that began later", many.WithGap(30 * ms).WithMaxDuration(40 * ms),
			script[int]{{0, []int{10}}, {15 * ms, []int{20}}, {5 * ms, []int{11}}, {50 * ms, nil}},
			spans{{40 * ms, span{0, 40 * ms, []int{10, 11}}}, {45 * ms, span{15 * ms, 45 * ms, []int{20}}}},
		},
		{
			"a maximum duration below the gap", one.WithMaxDuration(10 * ms),
			script[int]{{0, []int{1}}, {9 * ms, []int{2}}, {1 * ms, []int{3}}, {50 * ms, nil}},
			spans{{10 * ms, span{0, 10 * ms, []int{1, 2}}}, {20 * ms, span{10 * ms, 20 * ms, []int{3}}}},
		},
		{
			"the session that was idle longest makes room", many.WithMaxSessions(2),
			script[int]{{0, []int{10}}, {1 * ms, []int{20}}, {1 * ms, []int{11}}, {1 * ms, []int{30}}, {50 * ms, nil}},
			spans{{3 * ms, span{1 * ms, 21 * ms, []int{20}}}, {22 * ms, span{0, 22 * ms, []int{10, 11}}}, {23 * ms, span{3 * ms, 23 * ms, []int{30}}}},
		},
		{
			"what is due makes room first", many.WithMaxSessions(1),
			script[int]{{0, []int{10}}, {20 * ms, []int{20}}, {20 * ms, nil}},
			spans{{20 * ms, span{0, 20 * ms, []int{10}}}, {40 * ms, span{20 * ms, 40 * ms, []int{20}}}},
		},
	})
}

// sessionConfig is how a random SessionWindow is configured; 0 is no limit.
type sessionConfig struct {
	Gap, Longest    time.Duration
	Items, Sessions int
}

func (c sessionConfig) build() *ops.SessionWindow[int, int] {
	p := ops.NewSessionWindow(squares).WithGap(c.Gap).WithMaxItems(c.Items)
	if c.Longest > 0 {
		p = p.WithMaxDuration(c.Longest)
	}
	if c.Sessions > 0 {
		p = p.WithMaxSessions(c.Sessions)
	}
	return p
}

// squares has four keys, in no simple order.
func squares(n int) int { return n * n % 7 }

// openSession is one of the model.
type openSession struct {
	key, no     int
	start, last time.Duration
	items       []int
}

func (c sessionConfig) due(s *openSession) time.Duration {
	if c.Longest > 0 {
		return min(s.last+c.Gap, s.start+c.Longest)
	}
	return s.last + c.Gap
}

// referenceSessions is the SessionWindow over a script. It looks at all open sessions for every
// item, those that have been idle longest first.
func referenceSessions(c sessionConfig, in script[int]) (out spans) {
	var now time.Duration
	var open []*openSession
	opened := 0
	emit := func(s *openSession, at time.Duration) {
		open = slices.DeleteFunc(open, func(o *openSession) bool { return o == s })
		out = append(out, stamped[span]{at, span{s.start, c.due(s), s.items}})
	}
	closeUntil := func(until, latest time.Duration) {
		ripe := slices.DeleteFunc(slices.Clone(open), func(s *openSession) bool { return c.due(s) > until })
		slices.SortFunc(ripe, func(a, b *openSession) int {
			return cmp.Or(cmp.Compare(c.due(a), c.due(b)), cmp.Compare(a.start, b.start), cmp.Compare(a.no, b.no))
		})
		for _, s := range ripe {
			emit(s, min(c.due(s), latest))
		}
	}
	take := func(v int) {
		i := slices.IndexFunc(open, func(s *openSession) bool { return s.key == squares(v) })
		if i < 0 {
			if c.Sessions > 0 && len(open) == c.Sessions {
				emit(open[0], now)
			}
			i = len(open)
			open = append(open, &openSession{key: squares(v), no: opened, start: now, last: now})
			opened++
		}
		s := open[i]
		if s.last < now {
			s.last = now
			open = append(slices.Delete(open, i, i+1), s)
		}
		if s.items = append(s.items, v); len(s.items) == c.Items {
			emit(s, now)
		}
	}
	for _, step := range in {
		now += step.After
		closeUntil(now, now)
		for _, v := range step.Items {
			take(v)
		}
	}
	closeUntil(math.MaxInt64, now)
	return out
}

func TestSessionWindowModel(t *testing.T) {
	trials(t, 80, func(t *testing.T, r *rand.Rand) {
		c := sessionConfig{Gap: time.Duration(1+r.IntN(30)) * ms, Items: r.IntN(8), Sessions: r.IntN(5)}
		if r.IntN(2) == 0 {
			c.Longest = time.Duration(1+r.IntN(50)) * ms
		}
		in := randomScript(r)
		if checkWindows(t, referenceSessions(c, in), in, c.build()); t.Failed() {
			t.Errorf("with %+v", c)
		}
	})
}

func TestSessionWindowRegressions(t *testing.T) {
	bubble(t, "session-send-on-closed", func(t *testing.T) {
		for range 100 { // the gap ends together with the input
			in := make(chan int)
			out := ops.NewSessionWindow(oneKey).WithGap(10*ms).Process(t.Context(), in)
			go func() {
				defer close(in)
				in <- 1
				time.Sleep(10 * ms)
			}()
			if got := collect(out); len(got) != 1 {
				t.Fatalf("%d windows, want 1", len(got))
			}
			time.Sleep(20 * ms)
		}
	})
	bubble(t, "an item that comes in time keeps its session open, and an old timer closes no other", func(t *testing.T) {
		in := script[int]{{0, []int{1}}, {9 * ms, []int{2}}, {10 * ms, []int{3}}, {9 * ms, []int{4}}, {30 * ms, nil}}
		want := spans{{19 * ms, span{0, 19 * ms, []int{1, 2}}}, {38 * ms, span{19 * ms, 38 * ms, []int{3, 4}}}}
		checkWindows(t, want, in, ops.NewSessionWindow(oneKey).WithGap(10*ms))
	})
	bubble(t, "cancel while a session waits for a reader", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_ = ops.NewSessionWindow(oneKey).WithGap(ms).Process(ctx, filled(1, 2))
		time.Sleep(2 * ms)
		cancel() // the bubble sees what is left
	})
}

// A key that is not equal to itself has no session that could go on.
func TestSessionWindowOfNaN(t *testing.T) {
	bubble(t, "each item is a session, and none is left behind", func(t *testing.T) {
		key := func(int) float64 { return math.NaN() }
		in := script[int]{{0, ints(3)}, {10 * ms, nil}}
		want := spans{
			{0, span{0, 5 * ms, []int{1}}}, {5 * ms, span{0, 5 * ms, []int{2}}}, {5 * ms, span{0, 5 * ms, []int{3}}},
		}
		checkWindows(t, want, in, ops.NewSessionWindow(key).WithGap(5*ms).WithMaxSessions(2))
	})
}

func TestSessionWindowOfNaNKeepsNothing(t *testing.T) {
	const items, limit = 100_000, 8 << 20
	var before, after runtime.MemStats
	src := flow.FromFunc(func(_ context.Context, emit func(int) error) error {
		runtime.GC()
		runtime.ReadMemStats(&before)
		for n := range items {
			if err := emit(n); err != nil {
				return err
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return nil
	})
	key := func(int) float64 { return math.NaN() }
	if err := src.Then(ops.NewSessionWindow(key).WithMaxSessions(1)).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if got := int64(after.HeapAlloc) - int64(before.HeapAlloc); got > limit {
		t.Errorf("%d closed sessions keep %d bytes, want at most %d", items, got, limit)
	}
}

// What a closed session makes the stages below do under a policy is their doing.
func TestSessionWindowPolicy(t *testing.T) {
	key := func(n int) int {
		if n == 3 {
			panic(errBoom)
		}
		return n
	}
	bubble(t, "an item without a key", func(t *testing.T) {
		var r flow.Report
		got, err := flow.Of(ints(4)...).SessionWindow(key, ms).OnError(flow.Skip()).Collect(t.Context(), flow.WithReport(&r), flow.WithLogger(discard))
		if s := r.Stages[1]; len(got) != 3 || err != nil || !r.Balanced() || s.Failed != 1 {
			t.Errorf("Collect() = %v, %v\n%v", got, err, r)
		}
	})
	bubble(t, "a panic below, after a barrier", func(t *testing.T) {
		src := marks{script[int]{{0, []int{1, 2}}}, func(string) {}}
		var r flow.Report
		_, err := flow.FromSignals(src).Then(sessions(func() {})).OnError(flow.Skip()).
			Batch(5, 0).Map(func([]ops.Window[int]) int { panic(errBoom) }).Collect(t.Context(), flow.WithReport(&r))
		if s := r.Stages[1]; err == nil || !r.Balanced() || s.Failed != 0 {
			t.Errorf("Collect() = %v\n%v", err, r)
		}
	})
}

func TestSessionWindowStats(t *testing.T) {
	bubble(t, "of the value, not of its copies", func(t *testing.T) {
		p := ops.NewSessionWindow(same).WithMaxSessions(2)
		q := p.WithName("other")
		collect(p.Process(t.Context(), feed(ints(5)...)))
		collect(p.Process(t.Context(), feed(ints(2)...)))
		want := []ops.SessionStats{{Sessions: 7, Evicted: 3}, {}, {}}
		got := []ops.SessionStats{p.Stats(), q.Stats(), new(ops.SessionWindow[int, int]).Stats()}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
	})
	bubble(t, "what nobody took is not counted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := ops.NewSessionWindow(same).WithMaxSessions(1)
		_ = p.Process(ctx, filled(1, 2))
		settle()
		cancel()
		settle()
		if got := p.Stats(); got != (ops.SessionStats{}) {
			t.Errorf("Stats() = %+v, want none", got)
		}
	})
}

// The gap is measured by the monotonic clock where there is one, so a Window lasts as long as
// its session did.
func TestSessionWindowTimes(t *testing.T) {
	bubble(t, "without a monotonic reading", func(t *testing.T) {
		w := collect(ops.NewSessionWindow(oneKey).Process(t.Context(), feed(1)))[0]
		now := time.Now()
		if want := now.Round(0); w.Start != want || w.End != want.Add(30*time.Minute) {
			t.Errorf("the window is %v to %v, want half an hour from %v", w.Start, w.End, want)
		}
	})
	bubble(t, "no timer while nothing is held", func(t *testing.T) {
		fake := clock.NewFake()
		in := make(chan int)
		out := ops.NewSessionWindow(oneKey, fake).WithGap(10*ms).Process(t.Context(), in)
		in <- 1
		settle()
		fake.Advance(10 * ms)
		wantNext(t, out)
		settle()
		if got := fake.Waiters(); got != 0 {
			t.Errorf("%d timers are armed while nothing is held", got)
		}
		close(in)
		collect(out)
	})
}
